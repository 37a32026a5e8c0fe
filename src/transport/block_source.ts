import { BufferPool } from "../buffer_pool.ts";
import { lost, type Socket } from "./socket.ts";

/** Bytes asked of the socket at a time, where nothing larger awaits them. */
const BLOCK_BYTES = 128 * 1024;
/** TLS gives one record of 16 KiB at a time; they are passed on together, up to this much. */
const FULL_BYTES = 64 * 1024;
/** A block with less room than this left is followed by another; for less no other room is used. */
const LEAST_BYTES = 32 * 1024;
/** What is read after a place is filled: the next header, and little of what follows it. */
const PEEK_BYTES = 1024;
/** Shared by all connections: many of them need little more than a few. */
const BLOCKS = new BufferPool(BLOCK_BYTES);

/** Where bytes are awaited. */
interface Place {
  /** What comes before the first of them, in bytes. */
  readonly position: number;
  readonly room: Uint8Array<ArrayBuffer>;
}

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
  /** Bytes that have come. */
  #position = 0;
  #place: Place | undefined;
  /** Whether the last piece filled its place: then what follows says where the next one is. */
  #isPlaced = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  async pull(controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>): Promise<void> {
    const room = this.#begun === undefined ? this.#room : undefined;
    try {
      const piece = room === undefined ? await this.#takeBlock() : await this.#fillRoom(room);
      if (piece.length > 0) controller.enqueue(piece);
      if (this.#hasEnded) controller.close();
    } catch (thrown) {
      controller.error(lost(thrown));
    }
  }

  /** A piece of a block. */
  async #takeBlock(): Promise<Uint8Array<ArrayBuffer>> {
    const isLow = this.#block.length < LEAST_BYTES || BLOCKS.hasSpare;
    if (this.#begun === undefined && isLow) this.#next();
    const filled = await this.#fill();
    const piece = this.#block.subarray(0, filled);
    this.#block = this.#block.subarray(filled);
    if (filled > 0) this.#lent.set(piece.buffer, (this.#lent.get(piece.buffer) ?? 0) + 1);
    return piece;
  }

  /**
   * Says where what follows the first `position` bytes is awaited: it is read right into there, in
   * one piece, as far as it has not been read by now.
   */
  place(position: number, room: Uint8Array<ArrayBuffer>): void {
    this.#place = { position, room };
  }

  /** Where the next byte is awaited, if anywhere. */
  get #room(): Uint8Array<ArrayBuffer> | undefined {
    if (this.#place === undefined) return undefined;
    const { position, room } = this.#place;
    const left = room.subarray(Math.max(0, this.#position - position));
    return this.#position >= position && left.length >= LEAST_BYTES ? left : undefined;
  }

  /**
   * Fills it, or what of it comes before the end, without a turn of the event loop for each record:
   * who awaits all of it can do nothing with less.
   */
  async #fillRoom(room: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
    let filled = 0;
    while (filled < room.length && !this.#hasEnded) {
      const count = await this.#read(room.subarray(filled));
      if (count === null) this.#hasEnded = true;
      else filled += count;
    }
    this.#place = undefined;
    this.#position += filled;
    this.#isPlaced = true;
    return room.subarray(0, filled);
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
      const end = this.#isPlaced ? PEEK_BYTES : this.#block.length;
      const begun = this.#begun ??= this.#read(this.#block.subarray(filled, end));
      const count = filled === 0 ? await begun : await Promise.race([begun, nextTurn()]);
      if (count === undefined) return filled;
      this.#begun = undefined;
      if (count === null) {
        this.#hasEnded = true;
        return filled;
      }
      filled += count;
      this.#position += count;
      const isEnough = filled >= FULL_BYTES || filled === this.#block.length;
      if (isEnough || this.#isPlaced || this.#room !== undefined) {
        this.#isPlaced = false;
        return filled;
      }
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
