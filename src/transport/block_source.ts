import { BufferPool } from "../buffer_pool.ts";
import { lost, type Socket } from "./socket.ts";

/** Bytes asked of the socket at a time: large reads cost fewer turns of the event loop. */
const BLOCK_BYTES = 512 * 1024;
/** TLS gives one record of 16 KiB at a time; they are passed on together, up to this much. */
const FULL_BYTES = 256 * 1024;
/** A block with less room than this left is followed by another. */
const LEAST_BYTES = 64 * 1024;
/** Shared by all connections: many of them need little more than a few. */
const BLOCKS = new BufferPool(BLOCK_BYTES);

/** What arrives on a socket, in large blocks. Their room is used again when it is given back. */
export class BlockSource implements UnderlyingDefaultSource<Uint8Array<ArrayBuffer>> {
  readonly #socket: Socket;
  /** How many pieces of a block are with others. */
  readonly #lent = new WeakMap<ArrayBuffer, number>();
  /** What is left of the block that is being filled. */
  #block = BLOCKS.take();
  /** A read that was begun into it and has not ended. */
  #begun: Promise<number | null> | undefined;
  #hasEnded = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  async pull(controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>): Promise<void> {
    const isLow = this.#block.length < LEAST_BYTES || BLOCKS.hasSpare;
    if (this.#begun === undefined && isLow) this.#next();
    try {
      const filled = await this.#fill();
      const piece = this.#block.subarray(0, filled);
      this.#block = this.#block.subarray(filled);
      if (filled > 0) {
        this.#lent.set(piece.buffer, (this.#lent.get(piece.buffer) ?? 0) + 1);
        controller.enqueue(piece);
      }
      if (this.#hasEnded) controller.close();
    } catch (thrown) {
      controller.error(lost(thrown));
    }
  }

  /** Takes back a piece that nobody looks at any more. */
  giveBack({ buffer }: Uint8Array<ArrayBuffer>): void {
    const lent = this.#lent.get(buffer) ?? 0;
    if (lent === 0) return;
    this.#lent.set(buffer, lent - 1);
    if (lent === 1 && buffer !== this.#block.buffer) BLOCKS.giveBack(buffer);
  }

  /** Goes on with another block. */
  #next(): void {
    const { buffer } = this.#block;
    this.#block = BLOCKS.take();
    if ((this.#lent.get(buffer) ?? 0) === 0) BLOCKS.giveBack(buffer);
  }

  /** Bytes at the start of the block: what there is, and more while more is there at once. */
  async #fill(): Promise<number> {
    let filled = 0;
    for (;;) {
      const begun = this.#begun ??= this.#read(this.#block.subarray(filled));
      const count = filled === 0 ? await begun : await Promise.race([begun, nextTurn()]);
      if (count === undefined) return filled;
      this.#begun = undefined;
      if (count === null) {
        this.#hasEnded = true;
        return filled;
      }
      filled += count;
      if (filled >= FULL_BYTES || filled === this.#block.length) return filled;
    }
  }

  /**
   * Reads; an end without TLS's own farewell is an end, too. That somebody may have cut the
   * connection is nothing new: what is whole and what is not is told by the frames.
   */
  async #read(into: Uint8Array): Promise<number | null> {
    try {
      return await this.#socket.read(into);
    } catch (thrown) {
      if (thrown instanceof Deno.errors.UnexpectedEof) return null;
      throw thrown;
    }
  }
}

/** Resolves when the event loop has come round. */
function nextTurn(): Promise<undefined> {
  return new Promise((resolve) => setImmediate(() => resolve(undefined)));
}
