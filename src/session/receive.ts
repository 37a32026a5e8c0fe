import { FtError, toFailure } from "../error.ts";
import { chunkExtent, type Extent, FIRST_CHUNK_BYTES } from "../protocol/chunk.ts";
import { DIGEST_BYTES, parseDigest } from "../protocol/digest.ts";
import { FILE_BYTES, HELD_DIGESTS } from "../protocol/limits.ts";
import type { Entry, Message, MessageOf } from "../protocol/message.ts";
import type { Destination, Partial, Receipt, StageRequest } from "../storage/store.ts";
import { type Channel, peerFailure } from "./channel.ts";
import { ChunkWriter } from "./chunk_writer.ts";
import { waitsForReady } from "./send.ts";
import { inToldName } from "./told_name.ts";
import { sendFailure, type Transfer } from "./transfer.ts";

/** Milliseconds between two ACKs. */
const ACK_MS = 100;

/** What is received into what, and who hears of it. */
export interface IncomingOptions {
  readonly channel: Channel;
  readonly id: number;
  readonly store: Destination;
  /** Hears how many bytes are held from earlier, before any come. */
  readonly onReady?: (held: number) => void;
  /** Hears how many bytes are verified. */
  readonly onVerified?: (bytes: number) => void;
  /** Looks whether what has come is there already, before it gets its place. */
  readonly find?: (size: number, digest: string) => Promise<Receipt | undefined>;
  /** Hears that what was held was of another version, and how many bytes of it still matched. */
  readonly onChanged?: (held: number, kept: number) => void;
}

/** One file on its way in. */
export class Incoming implements Transfer {
  readonly #options: IncomingOptions;
  readonly #outcome = Promise.withResolvers<Receipt>();
  #entry: Entry | undefined;
  /** The name the sender is told where what it is called here is not its business. */
  #toldName: string | undefined;
  #keptName: string | undefined;
  #staging: Promise<Partial | Receipt> | undefined;
  #partial: Partial | undefined;
  #writer: ChunkWriter | undefined;
  /** Ends when the sender has taken what it is told before it sends; undefined from then on. */
  #beginning: Promise<void> | undefined;
  #received = 0;
  #ackedAt = 0;
  /** Whether the sender is to hear what is verified, and whether it is being told. */
  #isAckDue = false;
  #isAcking = false;
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
  begin(entry: Entry, request: StageRequest): Promise<void> {
    this.#beginning = this.#begin(entry, request).finally(() => this.#beginning = undefined);
    return this.#beginning;
  }

  async #begin(entry: Entry, request: StageRequest): Promise<void> {
    this.#entry = entry;
    if (request.blind) this.#toldName = entry.name;
    this.#keptName = request.name;
    try {
      this.#staging = this.#options.store.stage(request);
      const staged = await this.#staging;
      if ("outcome" in staged) return await this.finish(staged);
      if (this.#settled) return;
      this.#partial = staged;
      this.#writer = new ChunkWriter({
        channel: this.#options.channel,
        partial: staged,
        size: entry.size,
        name: entry.name,
        onVerified: (bytes) => this.#tell(bytes),
        onFailure: (failure) => this.fail(failure),
      });
      this.#options.onReady?.(this.#writer.held);
      if (waitsForReady(entry)) await this.#sayReady(this.#writer);
      else this.#isReady = true;
    } catch (thrown) {
      await this.fail(toFailure(thrown));
    }
  }

  async #sayReady({ digests: held }: ChunkWriter): Promise<void> {
    const { channel, id } = this.#options;
    for (let first = 0; first < held.end; first++) {
      if (!held.has(first)) continue;
      let end = first + 1;
      while (held.has(end) && end - first < HELD_DIGESTS) end++;
      const digests = new Uint8Array((end - first) * DIGEST_BYTES);
      for (let index = first; index < end; index++) {
        digests.set(held.get(index) ?? [], (index - first) * DIGEST_BYTES);
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

  handle(message: Message, side?: Channel): void | Promise<void> {
    switch (message.kind) {
      case "data":
      case "chunk":
        if (this.#committing && side === undefined) break;
        // By a side connection that the sender gave up there may still come what came by another.
        return this.#settled || this.#committing ? undefined : this.#take(message, side);
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

  #take(
    message: MessageOf<"data"> | MessageOf<"chunk">,
    side: Channel | undefined,
  ): void | Promise<void> {
    if (this.#writer === undefined || !this.#isReady) {
      throw new FtError("protocol", "Bytes came before READY was said.");
    }
    const writer = this.#writer;
    const held = writer.take(message, side);
    this.#received += message.bytes.length;
    if (side === undefined || message.kind === "data") return held;
    // Who does not listen to the answers is read no further.
    return writer.idle.then(() => this.#answer(side, message.chunk, writer));
  }

  /** Says by a side connection that a chunk which came there need not come again. */
  async #answer(side: Channel, chunk: number, writer: ChunkWriter): Promise<void> {
    if (this.#settled) return;
    // It was dropped for one that may never be whole. What is sent by an ended one is sent again.
    if (!writer.isVerified(chunk)) return await side.end(new FtError("lost"));
    const { id } = this.#options;
    await side.send({ kind: "ack", id, verified: writer.verified, chunk }).catch(() => {});
  }

  /**
   * Says how many bytes are verified: here at once, to the sender now and then, and always once it
   * may be waiting for that with the last chunk.
   */
  #tell(verified: number): void {
    this.#options.onVerified?.(verified);
    const now = performance.now();
    const size = this.#entry?.size ?? 0;
    const isDue = size > FIRST_CHUNK_BYTES && size - verified <= FIRST_CHUNK_BYTES;
    if (!isDue && now - this.#ackedAt < ACK_MS) return;
    this.#ackedAt = now;
    this.#isAckDue = true;
    if (!this.#isAcking) this.#acknowledge().catch(() => {});
  }

  /** One ACK after the other: whoever takes none has one waiting, however much it sends. */
  async #acknowledge(): Promise<void> {
    const { channel, id } = this.#options;
    this.#isAcking = true;
    while (this.#isAckDue) {
      this.#isAckDue = false;
      await channel.send({ kind: "ack", id, verified: this.#writer?.verified ?? 0 });
    }
    this.#isAcking = false;
  }

  async #commit(message: MessageOf<"commit">): Promise<void> {
    this.#committing = true;
    try {
      await this.#writer?.idle;
      if (this.#settled) return;
      await this.finish(await this.#publish(message));
    } catch (thrown) {
      this.#committing = false;
      await this.fail(toFailure(thrown));
    }
  }

  async #publish({ digest }: MessageOf<"commit">): Promise<Receipt> {
    const { size } = parseDigest(digest);
    const partial = this.#partial;
    const writer = this.#writer;
    if (partial === undefined || writer === undefined) {
      throw new FtError("protocol", "COMMIT came too early.");
    }
    if (await writer.digest(size) !== digest) {
      await partial.discard();
      throw new FtError("digest", `'${this.#entry?.name}' is not what was sent.`, {
        hint: "Run the same again: it starts afresh.",
      });
    }
    const { held, resent } = writer;
    if (resent > 0) this.#options.onChanged?.(held, held - resent);
    const there = await this.#options.find?.(size, digest);
    if (there === undefined) return await partial.publish(size, digest);
    await partial.discard();
    return there;
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
    const told = inToldName(failure, this.#keptName, this.#toldName);
    await sendFailure(this.#options.channel, this.#options.id, told);
    this.#outcome.reject(failure);
  }

  /** The sender is gone, or called it off. What is complete still gets its place. */
  async end(failure: FtError): Promise<void> {
    // What has come may have been wrong: that says more than that the sender is gone.
    await this.#writer?.idle;
    if (this.#committing) await this.#outcome.promise.catch(() => {});
    if (this.#settled) return;
    this.#settled = true;
    await this.#release();
    const over = () => this.#outcome.reject(failure);
    if (this.#beginning === undefined) return over();
    // Until then it stays open: else whoever begins anew and takes nothing has ever more waiting.
    this.#beginning.then(over);
  }

  async #release(): Promise<void> {
    try {
      const staged = await this.#staging;
      // What has come is still verified: it need not come again.
      await this.#writer?.idle;
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
