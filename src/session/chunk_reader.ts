import { chunkExtent } from "../protocol/chunk.ts";
import { ChunkDigests, createHasher, DIGEST_BYTES } from "../protocol/digest.ts";
import { FILE_BYTES, PIECE_BYTES } from "../protocol/limits.ts";
import { FtError } from "../error.ts";
import type { Source } from "../storage/store.ts";
import { digestChunk } from "./chunk_digest.ts";

/** One piece of a chunk as it was read. */
export interface Piece {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The digest of the whole chunk, with its last piece. */
  readonly digest: Uint8Array<ArrayBuffer> | undefined;
}

function changed(name: string): FtError {
  return new FtError("changed", `'${name}' changed while it was read.`, {
    hint: "Run the same again once it is no longer written to.",
  });
}

/** Room for so many bytes. */
type Allocate = (size: number) => Uint8Array<ArrayBuffer>;

/** Reads a source chunk by chunk. */
export class ChunkReader {
  readonly #source: Source;
  readonly #name: string;
  readonly #allocate: Allocate;

  /** `name` is for errors; `allocate` makes room for what is read. */
  constructor(source: Source, name: string, allocate: Allocate = (size) => new Uint8Array(size)) {
    this.#source = source;
    this.#name = name;
    this.#allocate = allocate;
  }

  /**
   * The pieces of chunk `index` with its digest at the last; none when the source ends before it.
   *
   * @throws FtError `changed` when the source has become shorter than it was.
   */
  async *pieces(index: number): AsyncGenerator<Piece> {
    const known = this.#source.size !== undefined;
    const { offset, size } = chunkExtent(index, this.#source.size ?? FILE_BYTES);
    const noted = this.#noted(index);
    if (size <= PIECE_BYTES) {
      const bytes = await this.#read(offset, size, known);
      if (bytes.length > 0) yield { bytes, digest: noted ?? await digestChunk(bytes) };
      return;
    }
    const hasher = noted === undefined ? await createHasher() : undefined;
    let bytes = await this.#read(offset, PIECE_BYTES, known);
    for (let at = bytes.length; bytes.length > 0;) {
      hasher?.update(bytes);
      const next = await this.#read(offset + at, Math.min(PIECE_BYTES, size - at), known);
      at += next.length;
      yield { bytes, digest: next.length === 0 ? noted ?? hasher?.digest() : undefined };
      bytes = next;
    }
  }

  /** The digest of chunk `index` where it is known from an earlier reading: none is made again. */
  #noted(index: number): Uint8Array<ArrayBuffer> | undefined {
    const at = index * DIGEST_BYTES;
    const digest = this.#source.chunks?.digests.slice(at, at + DIGEST_BYTES);
    return digest?.length === DIGEST_BYTES ? new Uint8Array(digest) : undefined;
  }

  /** The digest of chunk `index`, or undefined when the source ends before it. */
  async digest(index: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    let digest: Uint8Array<ArrayBuffer> | undefined;
    for await (const piece of this.pieces(index)) digest = piece.digest;
    return digest;
  }

  async #read(offset: number, size: number, known: boolean): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = this.#allocate(size);
    if (size === 0) return bytes;
    const count = await this.#source.read(offset, bytes);
    if (known && count < size) throw changed(this.#name);
    return bytes.subarray(0, count);
  }

  /** Throws `changed` unless the source is still what it was when it was opened. */
  check(): void {
    if (!this.#source.isUnchanged()) throw changed(this.#name);
  }
}

/**
 * The digest string of a source, by reading all of it. `signal` ends it early, `onRead` hears the
 * number of bytes read so far after each chunk.
 */
export async function digestSource(
  source: Source,
  name: string,
  options: { signal?: AbortSignal | undefined; onRead?: (bytes: number) => void } = {},
): Promise<string> {
  const reader = new ChunkReader(source, name);
  const digests = new ChunkDigests();
  let size = 0;
  for (let index = 0;; index++) {
    options.signal?.throwIfAborted();
    let digest: Uint8Array<ArrayBuffer> | undefined;
    for await (const piece of reader.pieces(index)) {
      size += piece.bytes.length;
      digest = piece.digest;
    }
    if (digest === undefined) break;
    digests.set(index, digest);
    options.onRead?.(size);
  }
  reader.check();
  return await digests.file(size, digests.count);
}
