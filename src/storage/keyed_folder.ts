import { readFailure } from "./failure.ts";
import { damaged, readState, removeState, replaceState } from "./state_file.ts";

/** Bytes of a file that are read at most: a chain of certificates is the longest kind of value. */
const MOST_BYTES = 256 * 1024;
/** What is written beside a file before it gets its place: its name, a dot and a UUID. */
const UNFINISHED = /\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** A folder of small files, each named by a key of any characters. */
export class KeyedFolder<T> {
  readonly #path: string;
  readonly #parse: (text: string) => T | undefined;

  /**
   * @param path made when something is first kept.
   * @param parse what a file says, or undefined (or any error) where that is nothing.
   */
  constructor(path: string, parse: (text: string) => T | undefined) {
    this.#path = path;
    this.#parse = parse;
  }

  /**
   * What is kept under a key; undefined when nothing is.
   *
   * @throws FtError `io` when the file is damaged.
   */
  get(key: string): T | undefined {
    const path = this.#file(key);
    const text = readState(path, MOST_BYTES);
    if (text === undefined) return undefined;
    const value = this.#read(text);
    if (value === undefined) {
      throw damaged(path, "Remove it; the server then counts as one that was never met.");
    }
    return value;
  }

  /** Keeps text under a key, in place of what was there. */
  keep(key: string, text: string): void {
    replaceState(this.#file(key), text, true);
  }

  /** Forgets what is kept under a key; returns whether there was something. */
  forget(key: string): boolean {
    return removeState(this.#file(key));
  }

  /** The keys under which something is kept, in order. */
  keys(): string[] {
    const keys: string[] = [];
    try {
      for (const { name } of Deno.readDirSync(this.#path)) {
        if (UNFINISHED.test(name)) continue;
        const key = decode(name);
        if (key !== undefined) keys.push(key);
      }
    } catch (thrown) {
      if (thrown instanceof Deno.errors.NotFound) return [];
      throw readFailure(thrown, `read '${this.#path}'`);
    }
    return keys.sort();
  }

  #read(text: string): T | undefined {
    try {
      return this.#parse(text);
    } catch {
      return undefined; // Its error does not know the file; ours does.
    }
  }

  #file(key: string): string {
    return `${this.#path}/${encodeURIComponent(key)}`;
  }
}

/** The key of a file name; undefined for a file that we did not make. */
function decode(name: string): string | undefined {
  try {
    const key = decodeURIComponent(name);
    return encodeURIComponent(key) === name ? key : undefined;
  } catch {
    return undefined;
  }
}
