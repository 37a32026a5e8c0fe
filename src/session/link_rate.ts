/** Bytes in a millisecond from which on a link is as fast as a compressor: 100 MB/s. */
const FAST = 100_000;
/** Milliseconds without a fast moment after which it is slow: less may be a pause of the receiver. */
const SLOW_MS = 200;
/** What is judged at once: one short write tells nothing, since it waits for its neighbours. */
const LEAST_BYTES = 512 * 1024;
/** How much of what was seen before still counts. */
const KEPT = 0.5;

/** What is said of bytes that a link took. */
export interface Taken {
  readonly isCompressed: boolean;
  /** How many share the machine, and mostly the link. */
  readonly bodies: number;
}

/** How fast a link takes what is sent, all that makes a sender wait included. */
export class LinkRate {
  #bytes = 0;
  #milliseconds = 0;
  #newBytes = 0;
  #newMilliseconds = 0;
  #slowFor = 0;

  /** Bytes in a millisecond. */
  get rate(): number {
    return this.#bytes / this.#milliseconds;
  }

  /** Whether it has been slow for some time, without a fast moment. */
  get isSlow(): boolean {
    return this.#slowFor >= SLOW_MS;
  }

  /** It took so many bytes, which made their sender wait for so long. */
  took(bytes: number, milliseconds: number, { isCompressed, bodies }: Taken): void {
    // Buffers take what is compressed at once where they are emptied faster than it is made: that
    // says nothing of how fast the rest would go.
    if (isCompressed && bytes / milliseconds > this.rate) return;
    this.#newBytes += bytes;
    this.#newMilliseconds += milliseconds;
    if (this.#newBytes < LEAST_BYTES) return;
    const isSlow = this.#newBytes / this.#newMilliseconds * bodies < FAST;
    this.#slowFor = isSlow ? this.#slowFor + this.#newMilliseconds : 0;
    this.#bytes = this.#bytes * KEPT + this.#newBytes;
    this.#milliseconds = this.#milliseconds * KEPT + this.#newMilliseconds;
    this.#newBytes = this.#newMilliseconds = 0;
  }
}
