/**
 * What a question on the terminal offers for the text typed so far. Nothing here draws.
 *
 * @module
 */

import type { RemoteItem } from "./prompt.ts";
import { expandHome } from "./prompt.ts";

/** Finds what fits a typed text. Indexes count the matches of the last {@linkcode find}. */
export interface Finder {
  /** How many matches the last find had. */
  readonly count: number;
  /** The match that Enter takes when no arrow key chose one; undefined: the text as typed. */
  readonly first: number | undefined;
  /** The answer that the text is as it stands, whatever is highlighted. */
  readonly exact: string | undefined;
  /** Looks for what fits `text`. */
  find(text: string): void;
  /** What to show for a match, unescaped. */
  label(index: number): string;
  /** What Tab makes of the text, with the highlighted match if there is one. */
  complete(index: number | undefined): string | undefined;
  /** What choosing a match means: an answer, or a text to go on with. */
  pick(index: number): { readonly answer: string } | { readonly text: string };
}

/** Finds entries of a room by a part of their name, or by the start of their number. */
export class RemoteFinder implements Finder {
  readonly #items: readonly RemoteItem[];
  readonly #folded: readonly string[];
  #matches: readonly number[] = [];
  first: number | undefined;
  exact: string | undefined;

  constructor(items: readonly RemoteItem[]) {
    this.#items = items;
    this.#folded = items.map(({ name }) => name.toLowerCase());
    this.find("");
  }

  get count(): number {
    return this.#matches.length;
  }

  find(text: string): void {
    const name = text.normalize();
    const part = name.toLowerCase();
    const digits = /^[0-9]+$/.test(text);
    const matches: number[] = [];
    let exactName: number | undefined;
    let exactNumber: number | undefined;
    for (const [i, folded] of this.#folded.entries()) {
      const item = this.#items[i];
      const number = digits ? String(item?.number) : "";
      if (!folded.includes(part) && !number.startsWith(text)) continue;
      if (item?.name === name) exactName = matches.length;
      else if (digits && number === text) exactNumber = matches.length;
      matches.push(i);
    }
    this.#matches = matches;
    this.exact = exactName !== undefined ? name : exactNumber !== undefined ? text : undefined;
    this.first = exactName ?? exactNumber ?? (matches.length > 0 ? 0 : undefined);
  }

  label(index: number): string {
    const item = this.#item(index);
    return item ? `${item.number}. ${item.name}${item.detail && `  ${item.detail}`}` : "";
  }

  complete(index: number | undefined): string | undefined {
    return typeable(this.#item(index ?? this.first)?.name);
  }

  pick(index: number): { answer: string } {
    return { answer: this.#item(index)?.name ?? "" };
  }

  #item(index: number | undefined): RemoteItem | undefined {
    return index === undefined ? undefined : this.#items[this.#matches[index] ?? -1];
  }
}

/** Finds local files by the start of their path. */
export class PathFinder implements Finder {
  readonly #home: string | undefined;
  #folder: string | undefined;
  #entries: readonly Deno.DirEntry[] = [];
  #matches: readonly Deno.DirEntry[] = [];
  /** The typed text up to its last separator. */
  #stem = "";
  #text = "";
  /** A typed path need not be there yet, so nothing is taken that no arrow key chose. */
  readonly first = undefined;

  /** @param home The home folder that `~/` means. */
  constructor(home: string | undefined) {
    this.#home = home;
    this.find("");
  }

  get count(): number {
    return this.#matches.length;
  }

  get exact(): string {
    return this.#text;
  }

  find(text: string): void {
    const slash = Deno.build.os === "windows"
      ? Math.max(text.lastIndexOf("/"), text.lastIndexOf("\\"))
      : text.lastIndexOf("/");
    this.#text = text;
    this.#stem = text.slice(0, slash + 1);
    const start = text.slice(slash + 1);
    this.#list(expandHome(this.#stem, this.#home) || ".");
    this.#matches = this.#entries.filter(({ name }) =>
      name.startsWith(start) && (start !== "" || !name.startsWith("."))
    );
  }

  label(index: number): string {
    const entry = this.#matches[index];
    return entry ? entry.name + this.#mark(entry) : "";
  }

  complete(index: number | undefined): string | undefined {
    const chosen = index === undefined ? this.#matches : this.#matches.slice(index, index + 1);
    const names = chosen.map(({ name }) => name).filter((name) => typeable(name));
    const shared = this.#stem + names.reduce(sharedStart, names[0] ?? "");
    const [only] = chosen;
    if (only && chosen.length === 1 && names.length === 1) return shared + this.#mark(only);
    return shared.length > this.#text.length ? shared : undefined;
  }

  pick(index: number): { answer: string } | { text: string } {
    const entry = this.#matches[index];
    const path = this.#stem + (entry?.name ?? "");
    const mark = entry && this.#mark(entry);
    return mark && typeable(path) ? { text: path + mark } : { answer: path };
  }

  #list(folder: string): void {
    if (folder === this.#folder) return;
    this.#folder = folder;
    try {
      this.#entries = Array.from(Deno.readDirSync(folder))
        .sort((a, b) => a.name < b.name ? -1 : 1);
    } catch {
      this.#entries = []; // A folder that cannot be read offers nothing; the answer tells why.
    }
  }

  #mark(entry: Deno.DirEntry): string {
    if (!entry.isSymlink) return entry.isDirectory ? "/" : "";
    try {
      return Deno.statSync(`${this.#folder}/${entry.name}`).isDirectory ? "/" : "";
    } catch {
      return "";
    }
  }
}

/** The text if it can stand in a line that is edited: a line end in it would end the line. */
function typeable(text: string | undefined): string | undefined {
  return text === undefined || /\p{Cc}/u.test(text) ? undefined : text;
}

/** The longest start of both, in whole characters. */
function sharedStart(a: string, b: string): string {
  let length = 0;
  for (const char of a) {
    if (!b.startsWith(char, length)) break;
    length += char.length;
  }
  return a.slice(0, length);
}
