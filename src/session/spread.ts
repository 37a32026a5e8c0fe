import { type Clock, SYSTEM_CLOCK } from "../clock.ts";
import { FtError, toFailure } from "../error.ts";
import { chunkCount } from "../protocol/chunk.ts";
import type { ChunkDigests } from "../protocol/digest.ts";
import type { Source } from "../storage/store.ts";
import type { Channel } from "./channel.ts";
import { ahead } from "./ahead.ts";
import { ChunkReader } from "./chunk_reader.ts";
import type { Body, Packed } from "./compression.ts";
import type { Sides, SideUser } from "./sides.ts";

/**
 * Chunks that a side connection has under way at once: enough that it does not stand still for a
 * round trip, and few enough that a slow one does not hold up the end.
 */
const UNANSWERED = 2;
/** A chunk that takes so many times as long as usual, and a second, is not waited for at the end. */
const MOST_TIMES = 3;
const MOST_MS = 1_000;
/** Milliseconds that are usual as long as little has been seen. */
const USUAL_MS = 10_000;

/** What is sent by which connections. */
export interface SpreadOptions {
  /** The main connection. */
  readonly channel: Channel;
  readonly id: number;
  readonly source: Source;
  /** For errors. */
  readonly name: string;
  /** The digests of what need not be sent, to which those of what is sent are added. */
  readonly digests: ChunkDigests;
  readonly sides: Sides | undefined;
  /** Waits until a piece may be sent, and counts it; false when nobody wants it any more. */
  readonly admit: (piece: Piece) => Promise<boolean>;
  /** Tests move one of their own. */
  readonly clock?: Clock;
  /** Has what one connection carries compressed, where that pays. */
  readonly body: (work: (body: Body) => Promise<void>) => Promise<void>;
}

/** What carries a piece of a chunk. */
export interface Piece {
  readonly message: Packed;
  /** Bytes of the file. */
  readonly size: number;
}

/**
 * The chunks of one file, dealt out to the main connection and to the side connections, each of
 * which takes the next one when it has sent one. What a side connection did not bring to the
 * receiver is dealt out again.
 */
export class Spread implements SideUser {
  readonly #options: SpreadOptions;
  readonly #clock: Clock;
  readonly #fresh: Iterator<number, undefined>;
  readonly #again: number[] = [];
  /** What was sent by each side connection and is not answered yet, and when that began. */
  readonly #unanswered = new Map<Channel, Map<number, number>>();
  /** Milliseconds that chunks took to be answered, of which the last ones count. */
  #usual = USUAL_MS;
  /** Reading that is under way: nobody may close what is read from before it ends. */
  readonly #reading = new Set<Promise<unknown>>();
  #changed = Promise.withResolvers<void>();
  /** When the piece that the main connection was given last is on its way. */
  #sent = Promise.withResolvers<void>();
  #failure: FtError | undefined;
  #isOver = false;

  /** All chunks from `first` on that have no digest yet. */
  constructor(options: SpreadOptions, first: number) {
    this.#options = options;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    this.#fresh = this.#missing(first);
  }

  *#missing(first: number): Generator<number, undefined> {
    const { source: { size }, digests } = this.#options;
    const count = size === undefined ? Infinity : chunkCount(size);
    for (let chunk = first; chunk < count; chunk++) if (!digests.has(chunk)) yield chunk;
    return undefined;
  }

  /** Sends them; resolves early when nobody wants them any more. */
  async send(): Promise<void> {
    const { sides, source } = this.#options;
    try {
      // The chunks of a stream come in order.
      const isAlone = sides === undefined || source.size === undefined;
      await (isAlone ? this.#sendMain() : sides.use(this, () => this.#sendMain()));
    } finally {
      this.stop();
      await Promise.allSettled(this.#reading);
    }
  }

  /** Nothing more is wanted. */
  stop(): void {
    this.#isOver = true;
    this.#sent.resolve();
    this.#wake();
  }

  join(side: Channel): void {
    this.#unanswered.set(side, new Map());
    this.#options.body((body) => this.#carry(side, body)).catch((thrown) => {
      this.#failure ??= toFailure(thrown);
      this.#wake();
    });
  }

  leave(side: Channel): void {
    const lost = this.#unanswered.get(side);
    this.#unanswered.delete(side);
    this.#again.push(...lost?.keys() ?? []);
    this.#wake();
  }

  /** The receiver has verified a chunk that came by a side connection. */
  answer(side: Channel, chunk: number): void {
    const sent = this.#unanswered.get(side);
    const began = sent?.get(chunk);
    sent?.delete(chunk);
    if (began !== undefined) this.#usual = Math.max(this.#usual / 2, this.#clock.now() - began);
    this.#wake();
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  /**
   * The next chunk to send, by a side connection where one is given; undefined when that has gone,
   * or when all have been sent and, where that was over side connections, answered.
   *
   * @throws FtError when one could not be read.
   */
  async #next(side?: Channel): Promise<number | undefined> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure;
      const unanswered = side && this.#unanswered.get(side);
      if (this.#isOver || (side !== undefined && unanswered === undefined)) return undefined;
      const isFull = (unanswered?.size ?? 0) >= UNANSWERED;
      const chunk = isFull ? undefined : this.#again.shift() ?? this.#fresh.next().value;
      if (chunk !== undefined) {
        // In the same turn: who looks next would take it for answered.
        unanswered?.set(chunk, this.#clock.now());
        return chunk;
      }
      if ([...this.#unanswered.values()].every(({ size }) => size === 0)) return undefined;
      if (side === undefined) await this.#waitAtMost();
      else await this.#changed.promise;
    }
  }

  /**
   * Waits for what changes at the end, when all is sent. A side connection that holds up all the
   * others is given up, and what it had under way is dealt out again.
   */
  async #waitAtMost(): Promise<void> {
    const all = [...this.#unanswered].flatMap(([side, sent]) =>
      [...sent.values()].map((began) => ({ side, began }))
    );
    const slowest = all.reduce((a, b) => b.began < a.began ? b : a);
    const most = MOST_TIMES * this.#usual + MOST_MS;
    const left = slowest.began + most - this.#clock.now();
    if (left <= 0) {
      this.leave(slowest.side);
      void slowest.side.end(new FtError("lost", "It took too long."));
      return;
    }
    const { promise } = this.#changed;
    const cancel = this.#clock.after(left, () => this.#wake());
    await promise;
    cancel();
  }

  async #sendMain(): Promise<void> {
    const { channel, source } = this.#options;
    await this.#options.body(async (body) => {
      for await (const piece of ahead(this.#mainPieces(body))) {
        try {
          // What is read ahead may wait for answers that nobody needs then.
          if (!await this.#deliver(piece, channel, body)) return this.stop();
          this.#sent.resolve();
        } catch (thrown) {
          this.stop();
          throw thrown;
        }
        source.claim?.renew();
      }
    });
  }

  async *#mainPieces(body: Body): AsyncGenerator<Piece> {
    for (;;) {
      const chunk = await this.#next();
      if (chunk === undefined) return;
      let isEmpty = true;
      for await (const piece of this.#pieces(chunk, this.#options.channel, body)) {
        isEmpty = false;
        this.#sent = Promise.withResolvers();
        yield piece;
      }
      if (isEmpty) return;
      // What is read ahead of its turn another connection could have sent by then.
      if (this.#unanswered.size > 0 && !this.#isOver) await this.#sent.promise;
    }
  }

  /** The pieces of a chunk, in room of the connection that they go out by. */
  async *#pieces(chunk: number, channel: Channel, body: Body): AsyncGenerator<Piece> {
    const { id, source, name, digests } = this.#options;
    const reader = new ChunkReader(source, name, (size) => channel.allocate(size));
    for await (const { bytes, digest } of reader.pieces(chunk)) {
      if (digest !== undefined) digests.set(chunk, digest);
      const message = await body.packed(
        digest === undefined
          ? { kind: "data", id, chunk, bytes }
          : { kind: "chunk", id, chunk, bytes, digest },
      );
      if (message.bytes !== bytes) channel.giveBack(bytes);
      yield { message, size: bytes.length };
    }
  }

  /** Sends chunk after chunk by a side connection, for as long as there are any. */
  async #carry(side: Channel, body: Body): Promise<void> {
    for (;;) {
      const chunk = await this.#next(side);
      if (chunk === undefined) return;
      const pieces = this.#pieces(chunk, side, body);
      for (;;) {
        const piece = await this.#read(pieces);
        if (piece === undefined || !this.#unanswered.has(side)) break;
        try {
          if (!await this.#deliver(piece, side, body)) return;
        } catch {
          return this.leave(side);
        }
      }
    }
  }

  async #read(pieces: AsyncGenerator<Piece>): Promise<Piece | undefined> {
    if (this.#isOver) return undefined;
    const reading = pieces.next();
    this.#reading.add(reading);
    try {
      const { done, value } = await reading;
      return done ? undefined : value;
    } finally {
      this.#reading.delete(reading);
    }
  }

  /** Sends a piece; false when nobody wants it any more. */
  async #deliver(piece: Piece, channel: Channel, body: Body): Promise<boolean> {
    let isWanted = false;
    await body.sent(piece.message, async () => {
      isWanted = await this.#options.admit(piece);
      if (isWanted) await channel.send(piece.message);
    });
    return isWanted;
  }
}
