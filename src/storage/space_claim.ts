import type { Space } from "./space.ts";
import type { Receipt, StageRequest } from "./store.ts";

/** Milliseconds without a byte after which an offered size is no longer kept free. */
const LAPSE_MS = 60_000;

/** What one transfer takes of the space, from its beginning to its end. */
export class SpaceClaim {
  readonly request: StageRequest;
  readonly path: string;
  readonly #space: Space;
  /** Bytes it will have, as far as that is known. */
  #size: number;
  #staged: number;
  #toCome = 0;
  /** Bytes that the claim it is within still keeps for it. */
  #kept: number;
  #movedAt = -Infinity;

  constructor(space: Space, request: StageRequest, path: string, staged: number) {
    this.#space = space;
    this.request = request;
    this.path = path;
    this.#size = request.size ?? 0;
    this.#staged = staged;
    this.#kept = request.within === undefined ? 0 : this.#size;
  }

  /** Bytes on the disk. */
  get staged(): number {
    return this.#staged;
  }

  /** Bytes that are still to come, where it is known how many. */
  get toCome(): number {
    return this.#toCome;
  }

  /** Whether what is to come is kept free for it. */
  isReserved(now: number): boolean {
    return now - this.#movedAt < LAPSE_MS;
  }

  /** What it counts as. */
  counted(now: number): number {
    return this.isReserved(now) ? this.#sizeWith(0) : this.#staged;
  }

  /** What it counts as, reserved, once it has bytes up to `end`. */
  #sizeWith(end: number): number {
    return Math.max(this.#staged, this.#size, end);
  }

  /** Bytes that the store has to have room for once it has bytes up to `end`. */
  growth(end: number, now: number): number {
    const kept = Math.min(this.#kept, this.request.within?.counted(now) ?? 0);
    return Math.max(0, this.#sizeWith(end) - this.counted(now) - kept);
  }

  /**
   * Asks for the space of what is to come, `held` bytes of which are here.
   *
   * @throws FtError `limit` or `disk_full`.
   */
  async reserve(held: number): Promise<void> {
    await this.#space.prepare();
    this.#toCome = Math.max(0, this.#size - held);
    await this.#space.grow(this, 0, 0);
  }

  /** Asks for the space of `bytes` that end at `end`, before they are written. Throws the same. */
  grow(end: number, bytes: number): void | Promise<void> {
    return this.#space.grow(this, end, bytes);
  }

  /** @internal Takes what is kept for it from the claim it is within, which something moves in. */
  takeOver(now: number): void {
    const { within } = this.request;
    if (within === undefined) return;
    // What was promised to the whole is promised to this part of it.
    if (within.#give(this.#kept, now) && this.#kept > 0) this.#movedAt = now;
    this.#kept = 0;
  }

  /** Keeps so much less, and that for longer. False once nothing is kept: it stays so. */
  #give(bytes: number, now: number): boolean {
    if (!this.isReserved(now)) return false;
    const isAll = bytes <= this.#size;
    this.#size = Math.max(0, this.#size - bytes);
    this.#toCome = Math.max(0, this.#toCome - bytes);
    this.#movedAt = now;
    return isAll;
  }

  /** @internal */
  take(end: number, bytes: number, now: number): void {
    this.#staged = Math.max(this.#staged, end);
    this.#toCome = Math.max(0, this.#toCome - bytes);
    this.#movedAt = now;
  }

  /** It has ended: with a receipt, with something that is kept, or with nothing. */
  end(receipt: Receipt | undefined, isKept: boolean): void {
    // Nothing is within it any more.
    this.#movedAt = -Infinity;
    this.#space.release(this, receipt, isKept);
  }
}
