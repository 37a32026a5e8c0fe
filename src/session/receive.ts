import { FtError, toFailure } from "../error.ts";
import { chunkCount, chunkExtent, type Extent, fullChunk } from "../protocol/chunk.ts";
import {
  ChunkDigests,
  createHasher,
  DIGEST_BYTES,
  type Hasher,
  parseDigest,
} from "../protocol/digest.ts";
import { FILE_BYTES, HELD_DIGESTS } from "../protocol/limits.ts";
import type { Entry, Message, MessageOf } from "../protocol/message.ts";
import type { Partial, Receipt, StageRequest, Store } from "../storage/store.ts";
import { type Channel, peerFailure } from "./channel.ts";
import { digestChunk } from "./chunk_digest.ts";
import { waitsForReady } from "./send.ts";
import { sendFailure, type Transfer } from "./transfer.ts";

/** Milliseconds between two ACKs. */
const ACK_MS = 100;
/** Journaled in place of the digest of a chunk that is being written over: no chunk has it. */
const NO_DIGEST: Uint8Array<ArrayBuffer> = new Uint8Array(DIGEST_BYTES);

/** What is received into what, and who hears of it. */
export interface IncomingOptions {
  readonly channel: Channel;
  readonly id: number;
  readonly store: Store;
  /** Hears how many bytes are held from earlier, before any come. */
  readonly onReady?: (held: number) => void;
  /** Hears how many bytes are verified. */
  readonly onVerified?: (bytes: number) => void;
  /** Hears that what was held was of another version, and how many bytes of it still matched. */
  readonly onChanged?: (held: number, kept: number) => void;
}

interface OpenChunk {
  readonly index: number;
  filled: number;
  hasher: Hasher | undefined;
}

/** One file on its way in. */
export class Incoming implements Transfer {
  readonly #options: IncomingOptions;
  readonly #outcome = Promise.withResolvers<Receipt>();
  readonly #digests = new ChunkDigests();
  /** Chunks held from earlier: the sender may have another version of them. */
  readonly #old = new Set<number>();
  #entry: Entry | undefined;
  /** The name the sender is told where what it is called here is not its business. */
  #toldName: string | undefined;
  #staging: Promise<Partial | Receipt> | undefined;
  #partial: Partial | undefined;
  #chunk: OpenChunk | undefined;
  #verified = 0;
  #received = 0;
  /** Bytes held from earlier, and how many of them the sender sent anew. */
  #held = 0;
  #resent = 0;
  #ackedAt = 0;
  /** Whether the sender may send. */
  #isReady = false;
  #committing = false;
  #settled = false;

  constructor(options: IncomingOptions) {
    this.#options = options;
    this.#outcome.promise.catch(() => {});
  }

  /** Resolves once the file is in its place; rejects with an FtError when it will not be. */
  get outcome(): Promise<Receipt> {
    return this.#outcome.promise;
  }

  /** Bytes that came over the connection. */
  get received(): number {
    return this.#received;
  }

  /** Whether it is decided what becomes of it. */
  get settled(): boolean {
    return this.#settled;
  }

  /**
   * Opens the place where the file of `entry` goes to, and tells the sender what is held of it.
   * Never rejects. Where the sender waits for READY nothing else on the connection need wait for
   * this: while both sides wait to be read, neither would read.
   */
  async begin(entry: Entry, request: StageRequest): Promise<void> {
    this.#entry = entry;
    if (request.blind) this.#toldName = entry.name;
    try {
      this.#staging = this.#options.store.stage(request);
      const staged = await this.#staging;
      if ("outcome" in staged) return await this.finish(staged);
      if (this.#settled) return;
      this.#partial = staged;
      // A stream of unknown length starts afresh: nothing tells whether it is the same one.
      for (const { index, digest } of entry.size === undefined ? [] : staged.held) {
        const { size } = chunkExtent(index, entry.size ?? 0);
        if (size === 0 || equal(digest, NO_DIGEST)) continue;
        this.#digests.set(index, digest);
        this.#old.add(index);
        this.#verified += size;
      }
      this.#held = this.#verified;
      this.#options.onReady?.(this.#held);
      if (waitsForReady(entry)) await this.#sayReady();
      else this.#isReady = true;
    } catch (thrown) {
      await this.fail(toFailure(thrown));
    }
  }

  async #sayReady(): Promise<void> {
    const { channel, id } = this.#options;
    for (let first = 0; first < this.#digests.end; first++) {
      if (!this.#digests.has(first)) continue;
      let end = first + 1;
      while (this.#digests.has(end) && end - first < HELD_DIGESTS) end++;
      const digests = new Uint8Array((end - first) * DIGEST_BYTES);
      for (let index = first; index < end; index++) {
        digests.set(this.#digests.get(index) ?? [], (index - first) * DIGEST_BYTES);
      }
      await channel.send({ kind: "held", id, first, digests });
      first = end - 1;
    }
    const version = this.#partial?.version;
    this.#isReady = true;
    await channel.send({
      kind: "ready",
      id,
      ...(version === undefined ? {} : { source: version }),
    });
  }

  handle(message: Message): void | Promise<void> {
    switch (message.kind) {
      case "data":
      case "chunk":
        if (this.#committing) break;
        return this.#settled ? undefined : this.#take(message);
      case "commit":
        if (this.#committing) break;
        // What follows on the connection need not wait until this file is on the disk.
        if (!this.#settled) this.#commit(message);
        return undefined;
      case "error":
        return this.end(peerFailure(message));
    }
    throw new FtError("protocol", `A sender does not say '${message.kind}' now.`);
  }

  async #take(message: MessageOf<"data"> | MessageOf<"chunk">): Promise<void> {
    const { chunk: index, bytes } = message;
    const partial = this.#partial;
    if (partial === undefined || !this.#isReady) {
      throw new FtError("protocol", "Bytes came before READY was said.");
    }
    const chunk = this.#place(message);
    const { offset } = fullChunk(index);
    this.#received += bytes.length;
    try {
      // Its journaled digest would vouch for what is written now, if we ended before it is verified.
      if (this.#old.has(index) && chunk.filled === 0) await partial.keep(index, NO_DIGEST);
      const isWhole = message.kind === "chunk" && chunk.filled === 0;
      // Each on its way while the other is.
      const written = partial.write(offset + chunk.filled, bytes);
      const hashed = isWhole ? digestChunk(bytes) : undefined;
      await written;
      chunk.filled += bytes.length;
      if (!isWhole) {
        chunk.hasher ??= await createHasher();
        chunk.hasher.update(bytes);
      }
      if (message.kind === "data") return;
      this.#chunk = undefined;
      const digest = await hashed ?? chunk.hasher?.digest() ?? new Uint8Array();
      await this.#verify(index, chunk.filled, digest, message.digest);
    } catch (thrown) {
      this.fail(toFailure(thrown));
    }
  }

  /** The chunk that a message goes on with; throws `protocol` when it is not its turn or size. */
  #place({ kind, chunk: index, bytes }: MessageOf<"data"> | MessageOf<"chunk">): OpenChunk {
    const size = this.#entry?.size;
    const extent = size === undefined ? fullChunk(index) : chunkExtent(index, size);
    this.#chunk ??= { index, filled: 0, hasher: undefined };
    const end = this.#chunk.filled + bytes.length;
    const isLast = kind === "chunk";
    const fits = this.#chunk.index === index && end <= extent.size &&
      extent.offset + end <= FILE_BYTES &&
      (size === undefined || isLast === (end === extent.size));
    // Without a known size only the last chunk may be short, so they come in order.
    const inOrder = size !== undefined ||
      (index === this.#digests.count && (index === 0 || this.#verified === extent.offset));
    const isTwice = this.#digests.has(index) && !this.#old.has(index);
    if (!fits || !inOrder || isTwice) {
      throw new FtError("protocol", "A piece of a file is out of place.");
    }
    return this.#chunk;
  }

  async #verify(
    index: number,
    size: number,
    digest: Uint8Array,
    claimed: Uint8Array,
  ): Promise<void> {
    if (!equal(claimed, digest)) {
      throw new FtError("digest", `Bytes of '${this.#entry?.name}' changed on the way.`, {
        hint: "Run the same again: only what is missing travels.",
      });
    }
    if (!this.#digests.has(index)) this.#verified += size;
    if (this.#old.delete(index)) this.#resent += size;
    this.#digests.set(index, digest);
    await this.#partial?.keep(index, digest);
    this.#options.onVerified?.(this.#verified);
    const now = performance.now();
    if (now - this.#ackedAt < ACK_MS) return;
    this.#ackedAt = now;
    const { channel, id } = this.#options;
    channel.send({ kind: "ack", id, verified: this.#verified }).catch(() => {});
  }

  async #commit(message: MessageOf<"commit">): Promise<void> {
    this.#committing = true;
    try {
      await this.finish(await this.#publish(message));
    } catch (thrown) {
      this.#committing = false;
      await this.fail(toFailure(thrown));
    }
  }

  async #publish({ digest }: MessageOf<"commit">): Promise<Receipt> {
    const { size } = parseDigest(digest);
    const name = this.#entry?.name;
    const expected = this.#entry?.size ?? this.#verified;
    const count = chunkCount(size);
    const partial = this.#partial;
    for (let index = 0; index < count; index++) {
      if (!this.#digests.has(index)) throw new FtError("protocol", "COMMIT came too early.");
    }
    if (partial === undefined || this.#chunk !== undefined || size !== expected) {
      throw new FtError("protocol", "COMMIT came too early.");
    }
    if (await this.#digests.file(size, count) !== digest) {
      await partial.discard();
      throw new FtError("digest", `'${name}' is not what was sent.`, {
        hint: "Run the same again: it starts afresh.",
      });
    }
    if (this.#resent > 0) this.#options.onChanged?.(this.#held, this.#held - this.#resent);
    return await partial.publish(size, digest);
  }

  /** Ends it with a receipt: the file is in its place, or needs no bytes. */
  async finish(receipt: Receipt): Promise<void> {
    if (this.#settled) return;
    this.#settled = true;
    const { channel, id } = this.#options;
    const { digest, outcome } = receipt;
    const name = this.#toldName ?? receipt.name;
    await channel.send({ kind: "done", id, name, digest, outcome }).catch(() => {});
    this.#outcome.resolve(receipt);
  }

  /**
   * Gives up and tells the sender. What is verified stays for a later run. The sender hears of it
   * when nothing of the transfer is in use any more, since what it sends next may need the space.
   * The transfer stays open until then: that bounds what waits for a peer that does not listen.
   */
  async fail(failure: FtError): Promise<void> {
    if (this.#settled) return;
    this.#settled = true;
    await this.#release();
    await sendFailure(this.#options.channel, this.#options.id, failure);
    this.#outcome.reject(failure);
  }

  /** The sender is gone, or called it off. What is complete still gets its place. */
  async end(failure: FtError): Promise<void> {
    if (this.#settled || this.#committing) return;
    this.#settled = true;
    await this.#release();
    this.#outcome.reject(failure);
  }

  async #release(): Promise<void> {
    try {
      const staged = await this.#staging;
      if (staged !== undefined && !("outcome" in staged)) await staged.close();
    } catch {
      // What it would have kept is not kept; the reason for giving up stays the same.
    }
  }
}

/** Where the chunks of a file of `size` bytes lie. */
export function extentOf(size: number | undefined): (index: number) => Extent {
  return (index) => chunkExtent(index, size ?? FILE_BYTES);
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
