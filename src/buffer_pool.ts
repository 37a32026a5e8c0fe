/**
 * Where the bytes begin in a buffer. The system's allocator begins a large one 16 bytes past a page,
 * where the copying instruction of AMD's Zen 3, which the kernel uses, takes four times as long: 64
 * bytes past a page it does not.
 */
const MARGIN = 48;
/** Buffers that are kept: what is dropped instead waits long for the collector. */
const SPARE = 64;

/** Buffers of one length, used again and again: the system clears all new memory first. */
export class BufferPool {
  readonly #length: number;
  readonly #spare: ArrayBuffer[] = [];

  /** @param length bytes of each. */
  constructor(length: number) {
    this.#length = length;
  }

  /** Whether the next one was used before. */
  get hasSpare(): boolean {
    return this.#spare.length > 0;
  }

  /** One of them, with whatever was in it. */
  take(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#spare.pop() ?? new ArrayBuffer(this.#length + MARGIN), MARGIN);
  }

  /** Takes back one of its own that nobody uses any more. */
  giveBack(buffer: ArrayBuffer): void {
    if (this.#spare.length < SPARE) this.#spare.push(buffer);
  }
}
