import { FtError, toFailure } from "../error.ts";
import { chunkCount, chunkExtent, FIRST_CHUNK_BYTES } from "../protocol/chunk.ts";
import { ChunkDigests, DIGEST_BYTES, parseDigest } from "../protocol/digest.ts";
import type { Entry, Message, MessageOf } from "../protocol/message.ts";
import type { Receipt, Source } from "../storage/store.ts";
import { type Channel, peerFailure } from "./channel.ts";
import { ChunkReader } from "./chunk_reader.ts";
import type { Compression } from "./compression.ts";
import type { Sides } from "./sides.ts";
import { type Piece, Spread } from "./spread.ts";
import { sendFailure, type Transfer } from "./transfer.ts";
import type { Turn } from "./turn.ts";
import { endClaim, Withheld, WITHHELD_CHUNK } from "./withheld.ts";

/** What is sent where, and who hears of it. */
export interface OutgoingOptions {
  readonly channel: Channel;
  readonly id: number;
  /** What the other side is told of the file. */
  readonly entry: Omit<Entry, "kind" | "id" | "size" | "mtime" | "source" | "exec">;
  readonly source: Source;
  /** Bodies of one connection travel one after the other. */
  readonly turn: Turn;
  /** Further connections that its chunks may travel on, in any order. */
  readonly sides?: Sides | undefined;
  /** Waits until so many bytes may be sent. */
  readonly pace?: (bytes: number) => void | Promise<void>;
  readonly compression: Compression;
  /** Hears how many bytes the receiver holds from earlier, before any are sent. */
  readonly onReady?: (held: number) => void;
  /** Hears how many bytes the receiver has verified. */
  readonly onVerified?: (bytes: number) => void;
  /** Hears that what was held is of another version, and how many bytes of it still match. */
  readonly onChanged?: (held: number, kept: number) => void;
}

/**
 * Whether a receiver says READY before the bytes of a file come, because it may hold some of them.
 * A small file comes at once, unless its digest was told, since the receiver may have it already, or
 * its downloads count, since the receiver must want it before they do.
 */
export function waitsForReady(entry: Pick<Entry, "size" | "digest" | "downloads">): boolean {
  return entry.digest !== undefined || entry.downloads !== undefined ||
    entry.size === undefined || entry.size > FIRST_CHUNK_BYTES;
}

/** One file on its way out. */
export class Outgoing implements Transfer {
  readonly #options: OutgoingOptions;
  readonly #reader: ChunkReader;
  readonly #digests = new ChunkDigests();
  readonly #ready = Promise.withResolvers<MessageOf<"ready"> | undefined>();
  readonly #outcome = Promise.withResolvers<Receipt>();
  /** Holds a chunk back until the download is counted. */
  readonly #withheld: Withheld | undefined;
  #awaitsReady: boolean;
  #digest: string | undefined;
  #isRead = true;
  #settled = false;
  #sent = 0;
  /** What is being sent now. */
  #spread: Spread | undefined;

  constructor(options: OutgoingOptions) {
    this.#options = options;
    const { channel } = options;
    const allocate = (size: number) => channel.allocate(size);
    this.#reader = new ChunkReader(options.source, options.entry.name, allocate);
    const { size, claim } = options.source;
    this.#withheld = claim === undefined || claim.isCounted
      ? undefined
      : new Withheld(claim, size ?? 0);
    this.#awaitsReady = waitsForReady({
      ...options.entry,
      ...(size === undefined ? {} : { size }),
    });
    // Both are heard in run(); a failure before that is not an unhandled one.
    this.#ready.promise.catch(() => {});
    this.#outcome.promise.catch(() => {});
  }

  /** Bytes that were sent, whether or not they have arrived. */
  get sent(): number {
    return this.#sent;
  }

  /**
   * The digest of the source, once all of it was read. Where the receiver held a part that was not
   * read again, the digest is in part the receiver's word, and no knowledge of ours.
   */
  get digest(): string | undefined {
    return this.#isRead ? this.#digest : undefined;
  }

  /** The digests of all chunks, 32 bytes each, where {@linkcode digest} is known. */
  get chunks(): Uint8Array<ArrayBuffer> {
    return this.#digests.list(this.#digests.count);
  }

  handle(message: Message, side?: Channel): void {
    // Words that crossed the end on their way.
    if (this.#settled) return;
    if (side !== undefined) return this.#hear(message, side);
    switch (message.kind) {
      case "held":
        if (!this.#awaitsReady || message.first < this.#digests.end) break;
        return this.#hold(message);
      case "ready":
        if (!this.#awaitsReady) break;
        this.#awaitsReady = false;
        return this.#ready.resolve(message);
      case "ack":
        if (message.verified > (this.#options.source.size ?? this.#sent)) break;
        this.#withheld?.hear(message.verified);
        return this.#options.onVerified?.(message.verified);
      case "done":
        return this.#done(message);
      case "error":
        // What is remembered of the file may be what is wrong: next time it is hashed again.
        if (message.code === "digest") this.#options.source.chunks?.forget();
        return this.end(peerFailure(message));
    }
    throw new FtError("protocol", `A receiver does not say '${message.kind}' now.`);
  }

  /** What comes by a side connection is the answer to a chunk that was sent there. */
  #hear(message: Message, side: Channel): void {
    if (message.kind !== "ack" || message.chunk === undefined) {
      throw new FtError("protocol", "A side connection answers chunks.");
    }
    this.#options.source.claim?.renew();
    this.#spread?.answer(side, message.chunk);
  }

  #done(message: MessageOf<"done">): void {
    const receipt = receiptOf(message);
    const isStored = receipt.outcome === "new" || receipt.outcome === "replaced";
    if (isStored && this.#digest === undefined) {
      throw new FtError("protocol", "A receiver was done before all was sent.");
    }
    const { claim } = this.#options.source;
    // In the same turn: what the receiver asks for next may be the same again.
    if (receipt.outcome === "skipped") claim?.release();
    else claim?.done();
    this.#settle(() => this.#outcome.resolve(receipt));
  }

  end(failure: FtError): void {
    if (!this.#settled) endClaim(this.#options.source.claim, failure);
    this.#settle(() => this.#outcome.reject(failure));
  }

  #settle(settle: () => void): void {
    if (this.#settled) return;
    this.#settled = true;
    settle();
    this.#ready.resolve(undefined);
    this.#spread?.stop();
    this.#options.source.stop?.();
  }

  #hold({ first, digests }: MessageOf<"held">): void {
    // What lies past the end is of a longer version: it is of no use now.
    const count = chunkCount(this.#options.source.size ?? 0);
    const end = Math.min(first + digests.length / DIGEST_BYTES, count);
    for (let index = first; index < end; index++) {
      const at = (index - first) * DIGEST_BYTES;
      this.#digests.set(index, digests.subarray(at, at + DIGEST_BYTES));
    }
  }

  /** Sends the file and resolves with what the receiver says of it. */
  async run(): Promise<Receipt> {
    const { channel, id, entry, source } = this.#options;
    const { size, mtime, version, exec } = source;
    try {
      await channel.send({
        kind: "entry",
        id,
        ...entry,
        ...(size === undefined ? {} : { size }),
        ...(mtime === undefined ? {} : { mtime }),
        ...(version === undefined ? {} : { source: version }),
        ...(exec ? { exec } : {}),
      });
      const ready = this.#awaitsReady ? await this.#ready.promise : undefined;
      this.#options.onReady?.(this.#heldBytes());
      this.#withheld?.hear(this.#heldBytes());
      await this.#sendAll(ready).catch((thrown) => {
        // What became of it meanwhile says more than that the source was read no further.
        if (!this.#settled) throw thrown;
      });
      return this.#checked(await this.#outcome.promise);
    } catch (thrown) {
      const failure = toFailure(thrown);
      if (!this.#settled) await sendFailure(channel, id, failure);
      this.end(failure);
      throw failure;
    }
  }

  async #sendAll(ready: MessageOf<"ready"> | undefined): Promise<void> {
    const { turn } = this.#options;
    await turn.take(() => this.#body(ready));
    if (this.#withheld === undefined) return;
    // Others may send while this waits for its receiver.
    await this.#withheld.earn(this.#outcome.promise);
    await turn.take(() => this.#rest());
  }

  /** The receipt, if it is of this file. */
  #checked(receipt: Receipt): Receipt {
    const { entry, source } = this.#options;
    const digest = this.#digest ?? entry.digest;
    const isOther = digest === undefined
      ? receipt.size !== (source.size ?? receipt.size)
      : receipt.digest !== digest;
    if (receipt.outcome === "skipped" || !isOther) return receipt;
    throw new FtError("digest", `'${entry.name}' was stored with another digest.`);
  }

  /** Sends what the receiver lacks, until all is sent or it is settled. */
  async #body(ready: MessageOf<"ready"> | undefined): Promise<void> {
    if (this.#settled) return;
    const { source } = this.#options;
    const isCurrent = ready?.source !== undefined && ready.source === source.version;
    if (isCurrent) this.#isRead = this.#digests.count === 0;
    else if (this.#digests.count > 0) await this.#compare();
    if (this.#withheld === undefined) await this.#rest();
    else await this.#send(WITHHELD_CHUNK + 1);
  }

  /** Sends the chunks that are missing from `first` on, until it is settled. */
  async #send(first: number): Promise<void> {
    const { channel, compression, id, source, sides, entry } = this.#options;
    this.#spread = new Spread({
      channel,
      id,
      source,
      name: entry.name,
      digests: this.#digests,
      sides,
      admit: (piece) => this.#admit(piece),
      body: (work) => compression.body(entry.secret !== undefined, work),
    }, first);
    await this.#spread.send();
  }

  /** Waits until a piece may be sent, and counts it; false when it is settled. */
  async #admit({ message, size }: Piece): Promise<boolean> {
    if (this.#settled) return false;
    await this.#options.pace?.(message.bytes.length);
    if (this.#settled) return false;
    this.#sent += size;
    return true;
  }

  /** Sends all that is missing yet, and says that it was all. */
  async #rest(first = 0): Promise<void> {
    await this.#send(first);
    if (this.#settled) return;
    const { channel, id, source } = this.#options;
    this.#reader.check();
    const size = source.size ?? this.#sent;
    this.#digest = await this.#digests.file(size, chunkCount(size));
    await channel.send({ kind: "commit", id, digest: this.#digest });
  }

  #heldBytes(): number {
    const { size } = this.#options.source;
    let held = 0;
    for (const index of this.#digests.indexes()) held += chunkExtent(index, size ?? 0).size;
    return held;
  }

  /** Drops from what is held all that this version of the source does not have. */
  async #compare(): Promise<void> {
    let held = 0;
    let kept = 0;
    for (const index of [...this.#digests.indexes()]) {
      if (this.#settled) return;
      let size = 0;
      let digest: Uint8Array | undefined;
      for await (const piece of this.#reader.pieces(index)) {
        size += piece.bytes.length;
        digest = piece.digest;
      }
      held += size;
      this.#options.source.claim?.renew();
      const same = digest !== undefined && equal(digest, this.#digests.get(index));
      if (same) kept += size;
      else this.#digests.delete(index);
    }
    if (kept < held) this.#options.onChanged?.(held, kept);
  }
}

function receiptOf({ name, digest, outcome }: MessageOf<"done">): Receipt {
  const size = outcome === "skipped" ? 0 : parseDigest(digest).size;
  return { name, digest, outcome, size };
}

function equal(a: Uint8Array, b: Uint8Array | undefined): boolean {
  return b !== undefined && a.length === b.length && a.every((byte, at) => byte === b[at]);
}
