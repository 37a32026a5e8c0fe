/**
 * The ends of formats that say how long their parts are.
 *
 * @module
 */

/** Watches the bytes of a stream go by, for the mark that its format ends with. */
export interface EndMark {
  pass(bytes: Uint8Array): void | Promise<void>;
  /** Whether the stream may end here; undefined where that cannot be told. */
  isWhole(): boolean | undefined | Promise<boolean | undefined>;
}

/** What comes next in a format: bytes that have to be looked at, or bytes that are passed over. */
export type Part = {
  readonly read: number;
  /** Whether the stream may end before it. */
  readonly last?: boolean;
} | { readonly skip: number };

/**
 * Steps through a format from its first byte on; gets what it asked to read. It returns true when
 * all is there, whatever follows, and undefined where it finds no sense in what it reads.
 */
export type Format = Generator<Part, true | undefined, Uint8Array>;

/** Follows a format through a stream. */
export class FormatWalk implements EndMark {
  readonly #format: Format;
  #part: Part | undefined;
  #verdict: true | undefined;
  #read = new Uint8Array();
  #filled = 0;

  constructor(format: Format) {
    this.#format = format;
    this.#step(this.#read);
  }

  pass(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length && this.#part !== undefined;) {
      const size = "read" in this.#part ? this.#part.read : this.#part.skip;
      const count = Math.min(bytes.length - at, size - this.#filled);
      if ("read" in this.#part) this.#read.set(bytes.subarray(at, at + count), this.#filled);
      this.#filled += count;
      at += count;
      if (this.#filled === size) this.#step(this.#read);
    }
  }

  isWhole(): boolean | undefined {
    if (this.#part === undefined) return this.#verdict;
    return "read" in this.#part && this.#part.last === true && this.#filled === 0;
  }

  /** Goes on to the next part that has any bytes. */
  #step(read: Uint8Array): void {
    for (;;) {
      const { done, value } = this.#format.next(read);
      if (done) {
        this.#part = undefined;
        this.#verdict = value;
        return;
      }
      if ("skip" in value && value.skip === 0) continue;
      this.#part = value;
      this.#filled = 0;
      if ("read" in value) this.#read = new Uint8Array(value.read);
      return;
    }
  }
}
