import { fullChunk } from "../protocol/chunk.ts";
import { ChunkDigests, createHasher, type Hasher } from "../protocol/digest.ts";
import type { Partial, Receipt } from "../storage/store.ts";
import type { Sink } from "../storage/stream_store.ts";

/** Writes what it is handed to a partial, and makes that a file at the end. */
export class FileSink implements Sink {
  /** What became of it, once it is closed. */
  receipt: Receipt | undefined;
  readonly #partial: Partial;
  readonly #digests = new ChunkDigests();
  #hasher: Hasher | undefined;
  #size = 0;

  constructor(partial: Partial) {
    this.#partial = partial;
  }

  async write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      const index = this.#digests.count;
      const { offset, size } = fullChunk(index);
      const piece = bytes.subarray(at, at + offset + size - this.#size);
      this.#hasher ??= await createHasher();
      this.#hasher.update(piece);
      await this.#partial.write(this.#size, piece);
      this.#size += piece.length;
      at += piece.length;
      if (this.#size === offset + size) await this.#endChunk(index);
    }
  }

  async close(): Promise<void> {
    if (this.#hasher !== undefined) await this.#endChunk(this.#digests.count);
    const digest = await this.#digests.file(this.#size, this.#digests.count);
    this.receipt = await this.#partial.publish(this.#size, digest);
  }

  async #endChunk(index: number): Promise<void> {
    const digest = this.#hasher?.digest() ?? new Uint8Array();
    this.#hasher = undefined;
    this.#digests.set(index, digest);
    await this.#partial.keep(index, digest);
  }
}
