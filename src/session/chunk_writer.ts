import { FtError, toFailure } from "../error.ts";
import { chunkCount, chunkExtent, fullChunk } from "../protocol/chunk.ts";
import { ChunkDigests, createHasher, DIGEST_BYTES, type Hasher } from "../protocol/digest.ts";
import { FILE_BYTES } from "../protocol/limits.ts";
import type { MessageOf } from "../protocol/message.ts";
import type { Partial } from "../storage/store.ts";
import type { Channel } from "./channel.ts";
import { digestChunk } from "./chunk_digest.ts";

/** Pieces from this length on are worked on while the next ones come. */
const PIPELINED_BYTES = 256 * 1024;
/** Journaled in place of the digest of a chunk that is being written over: no chunk has it. */
const NO_DIGEST: Uint8Array<ArrayBuffer> = new Uint8Array(DIGEST_BYTES);

/** A piece of a chunk as it comes. */
type PieceMessage = MessageOf<"data"> | MessageOf<"chunk">;

/** Where chunks are written to, and who hears of it. */
export interface ChunkWriterOptions {
  readonly channel: Channel;
  readonly partial: Partial;
  /** Bytes of the file, where they are known. */
  readonly size: number | undefined;
  /** For errors. */
  readonly name: string;
  /** Hears how many bytes are verified. */
  readonly onVerified: (bytes: number) => void;
  /** Hears, once, why no more can be taken. */
  readonly onFailure: (failure: FtError) => void;
}

interface OpenChunk {
  readonly index: number;
  filled: number;
  hasher: Hasher | undefined;
  /** Whether it had begun by another connection, whose bytes have to be written first. */
  readonly isAnew: boolean;
  /** Whether it is not wanted: it has come, or comes, by another connection. */
  isDropped: boolean;
}

/** Where a piece belongs. */
interface PlacedPiece {
  readonly chunk: OpenChunk;
  /** Offset in the file. */
  readonly at: number;
  /** Whether it is the first of its chunk. */
  readonly isFirst: boolean;
}

/** Writes a file's chunks as they come, verifies and journals them. */
export class ChunkWriter {
  readonly #options: ChunkWriterOptions;
  /** The digests of all chunks that are held or verified. */
  readonly digests: ChunkDigests = new ChunkDigests();
  /** Bytes held from earlier. */
  readonly held: number;
  /** Chunks held from earlier: the sender may have another version of them. */
  readonly #old = new Set<number>();
  /** Chunks that have come and are not verified yet, with their sizes. */
  readonly #underWay = new Map<number, number>();
  /** Chunks that have begun, wherever, and are not verified yet. */
  readonly #begun = new Set<number>();
  /** The chunk that comes by each connection. */
  readonly #open = new Map<Channel, OpenChunk>();
  /** Whether any came by a side connection: then one that was lost there may come again. */
  #isSpread = false;
  /** Ends when all that has come is verified, or could not be. */
  #taking: Promise<void> = Promise.resolve();
  #verified = 0;
  #resent = 0;

  constructor(options: ChunkWriterOptions) {
    this.#options = options;
    const { partial, size } = options;
    // A stream of unknown length starts afresh: nothing tells whether it is the same one.
    for (const { index, digest } of size === undefined ? [] : partial.held) {
      const extent = chunkExtent(index, size ?? 0);
      if (extent.size === 0 || equal(digest, NO_DIGEST)) continue;
      this.digests.set(index, digest);
      this.#old.add(index);
      this.#verified += extent.size;
    }
    this.held = this.#verified;
    partial.attend?.(() => this.#taking);
  }

  /** Bytes that are verified, those held from earlier included. */
  get verified(): number {
    return this.#verified;
  }

  /** Whether a chunk has come and is what was sent. */
  isVerified(index: number): boolean {
    return this.digests.has(index) && !this.#old.has(index);
  }

  /** Bytes that were held and that the sender sent anew. */
  get resent(): number {
    return this.#resent;
  }

  /** Resolves when nothing that has come is worked on any more. */
  get idle(): Promise<void> {
    return this.#taking;
  }

  /**
   * Takes a piece, which came by `side` if not by the main connection; returns what the sender has
   * to wait for, if anything.
   *
   * @throws FtError `protocol` when it is not the turn of this piece.
   */
  take(message: PieceMessage, side?: Channel): void | Promise<void> {
    const { chunk: index, bytes } = message;
    const channel = side ?? this.#options.channel;
    const chunk = this.#place(message, channel);
    const piece = {
      chunk,
      at: fullChunk(index).offset + chunk.filled,
      isFirst: chunk.filled === 0,
    };
    chunk.filled += bytes.length;
    if (message.kind === "chunk") {
      this.#open.delete(channel);
      if (!chunk.isDropped) this.#underWay.set(index, chunk.filled);
    }
    if (chunk.isDropped) return channel.pipeline(this.#taking, bytes);
    this.#taking = this.#store(piece, message, this.#taking).catch((thrown) => {
      this.#options.onFailure(toFailure(thrown));
    });
    const first = channel.pipeline(this.#taking, bytes);
    return bytes.length < PIPELINED_BYTES ? this.#taking : first;
  }

  /**
   * The digest of a file of `size` bytes, all of whose chunks have come.
   *
   * @throws FtError `protocol` when some have not.
   */
  async digest(size: number): Promise<string> {
    const count = chunkCount(size);
    let isWhole = this.#begun.size === 0 && size === (this.#options.size ?? this.#verified);
    for (let index = 0; index < count && isWhole; index++) isWhole = this.digests.has(index);
    if (!isWhole) throw new FtError("protocol", "COMMIT came too early.");
    return await this.digests.file(size, count);
  }

  /** Writes and hashes a piece, each while the other is under way; then, in turn, verifies it. */
  async #store(
    { chunk, at, isFirst }: PlacedPiece,
    message: PieceMessage,
    before: Promise<void>,
  ): Promise<void> {
    const { chunk: index, bytes } = message;
    const { partial } = this.#options;
    if (chunk.isAnew) await before;
    // Its journaled digest would vouch for what is written now, if we ended before it is verified.
    if (this.#old.has(index) && isFirst) await partial.keep(index, NO_DIGEST);
    const isWhole = message.kind === "chunk" && isFirst;
    const written = partial.write(at, bytes);
    const hashed = isWhole ? digestChunk(bytes) : undefined;
    await Promise.all([written, hashed]);
    await before;
    if (!isWhole) {
      chunk.hasher ??= await createHasher();
      chunk.hasher.update(bytes);
    }
    if (message.kind === "data") return;
    const digest = await hashed ?? chunk.hasher?.digest() ?? new Uint8Array();
    await this.#verify(index, chunk.filled, digest, message.digest);
  }

  /** The chunk that a message goes on with. */
  #place({ kind, chunk: index, bytes }: PieceMessage, channel: Channel): OpenChunk {
    const { size } = this.#options;
    const extent = size === undefined ? fullChunk(index) : chunkExtent(index, size);
    const open = this.#open.get(channel);
    const end = (open?.filled ?? 0) + bytes.length;
    const isLast = kind === "chunk";
    const fits = (open === undefined || open.index === index) && end <= extent.size &&
      extent.offset + end <= FILE_BYTES &&
      (size === undefined || isLast === (end === extent.size));
    // Without a known size only the last chunk may be short, so they come in order, by one way.
    const isMain = channel === this.#options.channel;
    const inOrder = size !== undefined || isMain && this.#isNext(index, extent.offset);
    // What is refused leaves no trace: it may have come by a connection that ends alone.
    if (!fits || !inOrder) throw misplaced();
    this.#isSpread ||= !isMain;
    const chunk = open ?? this.#begin(index, channel);
    if (chunk.isDropped && !this.#isSpread) throw misplaced();
    return chunk;
  }

  /**
   * Begins a chunk. What came of it in part by another side connection is taken for lost there; what
   * comes by the main one never is.
   */
  #begin(index: number, channel: Channel): OpenChunk {
    const main = this.#options.channel;
    for (const [other, chunk] of this.#open) {
      if (other.ending.aborted) this.#open.delete(other);
      else if (chunk.index === index && other !== main) chunk.isDropped = true;
    }
    const isAnew = this.#begun.has(index);
    const isMain = this.#open.get(main)?.index === index;
    const isDropped = isMain || this.#underWay.has(index) || this.isVerified(index);
    if (!isDropped) this.#begun.add(index);
    const chunk = { index, filled: 0, hasher: undefined, isAnew, isDropped };
    this.#open.set(channel, chunk);
    return chunk;
  }

  /** Whether all chunks before one have come, and are as long as they can be. */
  #isNext(index: number, offset: number): boolean {
    let bytes = this.#verified;
    for (const size of this.#underWay.values()) bytes += size;
    return index === this.digests.count + this.#underWay.size && (index === 0 || bytes === offset);
  }

  async #verify(
    index: number,
    size: number,
    digest: Uint8Array,
    claimed: Uint8Array,
  ): Promise<void> {
    const { partial, name, onVerified } = this.#options;
    if (!equal(claimed, digest)) {
      throw new FtError(
        "digest",
        `Bytes of '${name}' changed on the way, or on the disk they came from.`,
        {
          hint: "Run the same again: only what is missing travels.",
        },
      );
    }
    if (!this.digests.has(index)) this.#verified += size;
    if (this.#old.delete(index)) this.#resent += size;
    this.#underWay.delete(index);
    this.#begun.delete(index);
    this.digests.set(index, digest);
    await partial.keep(index, digest);
    onVerified(this.#verified);
  }
}

function misplaced(): FtError {
  return new FtError("protocol", "A piece of a file is out of place.");
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
