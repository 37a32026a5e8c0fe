/**
 * Randomness that can be had again: a seed gives the same numbers every time.
 *
 * @module
 */

/** The seed of this run; `FT_SEED` repeats another one. */
export const seed: number = Number(Deno.env.get("FT_SEED") ?? Date.now() & 0x7fffffff);

/** Random numbers and bytes from a seed. */
export class Random {
  #state: number;

  constructor(from: number) {
    this.#state = from | 0;
  }

  #next(): number {
    // Mulberry32.
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let word = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    word = (word + Math.imul(word ^ (word >>> 7), 61 | word)) ^ word;
    return (word ^ (word >>> 14)) >>> 0;
  }

  /** A whole number from `least` on, below `end`. */
  between(least: number, end: number): number {
    return least + Math.floor(this.#next() / 2 ** 32 * (end - least));
  }

  /** One of several. */
  pick<T>(from: readonly T[]): T {
    return from[this.between(0, from.length)] as T;
  }

  /** So many bytes of text, which shrink to about a third. */
  text(size: number): Uint8Array<ArrayBuffer> {
    const words = Array.from({ length: 500 }, () => this.#next().toString(36));
    const text: string[] = [];
    for (let length = 0; length <= size;) {
      const word = this.pick(words);
      text.push(word);
      length += word.length + 1;
    }
    return new TextEncoder().encode(text.join(" ")).slice(0, size);
  }

  /** So many bytes. */
  bytes(size: number): Uint8Array<ArrayBuffer> {
    const words = new Uint32Array(Math.ceil(size / 4));
    for (let index = 0; index < words.length; index++) words[index] = this.#next();
    return new Uint8Array(words.buffer, 0, size);
  }
}
