/**
 * Lists of remote files as they are shown.
 *
 * @module
 */
import type { Item } from "../mod.ts";
import type { RemoteItem } from "./prompt.ts";
import { displayWidth, escapeText, formatAge, formatBytes, formatTime } from "./text.ts";

/** Cells that names get at most in a column; longer ones push the rest of their line. */
const NAME_CELLS = 60;
/** Cells of a line beside its name and the digits of its number, as far as the age. */
const OTHER_CELLS = 26;

/** An order that a list can be asked for in. */
export type Sort = "age" | "name" | "size" | "who" | "downloads" | "expiry";

type Order = (a: Item, b: Item) => number;

/** What comes first of two of the same rank: the older one. */
const byAge: Order = (a, b) => a.time - b.time || (a.name < b.name ? -1 : 1);
const ORDERS: { readonly [S in Exclude<Sort, "age">]: Order } = {
  name: (a, b) => compare(a.name, b.name),
  size: (a, b) => b.size - a.size,
  who: (a, b) => compare(a.who ?? "", b.who ?? ""),
  downloads: (a, b) => compare(a.downloads ?? Infinity, b.downloads ?? Infinity),
  expiry: (a, b) => compare(a.expires ?? Infinity, b.expires ?? Infinity),
};

function compare<T extends string | number>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The order of a list; undefined for the one in which it comes. */
export function orderOf(sort: Sort): Order | undefined {
  if (sort === "age") return undefined;
  const order = ORDERS[sort];
  return (a, b) => order(a, b) || byAge(a, b);
}

function age({ time }: Item): string {
  return `${formatAge(Math.max(0, Date.now() - time))} ago`;
}

/** What else there is to say: who shared it, how often and until when it can be had, its note. */
function details({ who, downloads, expires, secret, note, files, missing }: Item): string {
  return [
    files === undefined ? [] : `${files} ${files === 1 ? "file" : "files"}`,
    missing === undefined ? [] : `incomplete, ${missing} missing`,
    who === undefined ? [] : `from ${who}`,
    downloads === undefined
      ? []
      : `${downloads} ${downloads === 1 ? "download" : "downloads"} left`,
    expires === undefined ? [] : `until ${formatTime(expires)}`,
    secret === undefined ? [] : `secret (${secret})`,
    // The note of what is secret is secret as well.
    note === undefined || secret !== undefined ? [] : note,
  ].flat().map((text) => `, ${text}`).join("");
}

/** The name; of a folder with a slash. */
function title({ name, files }: Item): string {
  if (files === undefined) return escapeText(name);
  return `${escapeText(name)}/`;
}

/** The entries of a list as a question offers them. */
export function remoteItems(items: readonly Item[]): RemoteItem[] {
  return items.map((item, at) => ({
    number: at + 1,
    name: item.name,
    detail: `${formatBytes(item.size)}, ${age(item)}${details(item)}`,
  }));
}

/**
 * A list in columns that comes page by page: number, name, size, age, and what else there is to say.
 * A column of an earlier page is no wider than its own names made it, and none is as wide as a name
 * with which its lines would not fit.
 */
export class ListText {
  readonly #columns: number;
  #count = 0;
  #cells = 0;

  /** @param columns the terminal's width, where there is one. */
  constructor(columns = Infinity) {
    this.#columns = columns;
  }

  /** The lines of the next page. */
  page(items: readonly Item[]): string {
    const names = items.map(title);
    const digits = String(this.#count + items.length).length;
    const most = Math.min(NAME_CELLS, this.#columns - OTHER_CELLS - digits);
    for (const name of names) {
      const cells = displayWidth(name);
      if (cells <= most) this.#cells = Math.max(this.#cells, cells);
    }
    return items.map((item, at) => {
      const name = names[at] ?? "";
      const number = String(++this.#count).padStart(digits);
      const gap = " ".repeat(Math.max(0, this.#cells - displayWidth(name)));
      const size = formatBytes(item.size).padStart(10);
      const more = escapeText(details(item));
      return `${number}. ${name}${gap}  ${size}  ${age(item)}${more}\n`;
    }).join("");
  }
}
