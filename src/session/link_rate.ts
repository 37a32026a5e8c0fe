/**
 * Bytes in a millisecond from which on a link is fast: 60 MB/s. A compressor that has a thread to
 * itself is faster, but the machine whose own loopback goes as slowly has other things to do.
 */
const FAST = 60_000;
/** Milliseconds without a fast moment after which it is slow: less may be a pause of the receiver. */
const SLOW_MS = 200;
/** What is judged at once: systems let a sender go on by a third of their buffers of 4 MiB. */
const MOMENT_BYTES = 4 * 1024 * 1024;
/** The same where the link is slow: one short write tells nothing, since it waits for its neighbours. */
const LEAST_BYTES = 512 * 1024;
/** How much of what was seen before still counts. */
const KEPT = 0.5;
/** Moments of compressed bytes that went without waiting until the link is looked at again. */
const MOST_EASY = 16;

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
  /** Compressed bytes without a wait, and how many moments of them are needed. */
  #easyBytes = 0;
  #easyMoments = 1;

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
    if (isCompressed) return this.#tookCompressed(bytes, bytes / milliseconds * bodies >= FAST);
    this.#newBytes += bytes;
    this.#newMilliseconds += milliseconds;
    const isLong = this.#newMilliseconds >= SLOW_MS && this.#newBytes >= LEAST_BYTES;
    if (this.#newBytes < MOMENT_BYTES && !isLong) return;
    const isSlow = this.#newBytes / this.#newMilliseconds * bodies < FAST;
    if (!isSlow) this.#easyMoments = 1;
    this.#slowFor = isSlow ? this.#slowFor + this.#newMilliseconds : 0;
    this.#bytes = this.#bytes * KEPT + this.#newBytes;
    this.#milliseconds = this.#milliseconds * KEPT + this.#newMilliseconds;
    this.#newBytes = this.#newMilliseconds = 0;
  }

  /**
   * Where the link takes what is compressed as fast as it is made, that says nothing of how fast the
   * rest would go: it is seen again as if it were new, each time after twice as much.
   */
  #tookCompressed(bytes: number, isEasy: boolean): void {
    this.#easyBytes = isEasy ? this.#easyBytes + bytes : 0;
    if (this.#easyBytes < MOMENT_BYTES * this.#easyMoments) return;
    this.#easyMoments = Math.min(this.#easyMoments * 2, MOST_EASY);
    this.#slowFor = this.#easyBytes = 0;
  }
}
