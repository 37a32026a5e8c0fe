/**
 * Compressed streams. Whether gzip's has its end shows only when it is unpacked; and what fed a
 * compressor may have been cut off where the compressor was not, as in `tar | gzip`.
 *
 * @module
 */
import type { EndMark } from "./format_walk.ts";

/** Bytes that are unpacked at a time. */
const UNPACKED_BYTES = 128 * 1024;

/** The part of a stream of node:zlib that is needed. */
interface Unpacker {
  write(bytes: Uint8Array, written: () => void): unknown;
  end(): unknown;
  destroy(): unknown;
  on(event: "data", hear: (bytes: Uint8Array) => void): unknown;
  on(event: "end" | "close", hear: () => void): unknown;
  on(event: "error", hear: (error: Error) => void): unknown;
}

/** Unpacks what passes, for the mark of what is inside. */
export class PackedMark implements EndMark {
  readonly #kind: "gzip" | "zstd";
  /** The mark of the compressed stream itself, where it can be told without unpacking. */
  readonly #outer: EndMark | undefined;
  readonly #inner: EndMark;
  #unpacker: Unpacker | undefined;
  #failure: Error | undefined;
  readonly #over = Promise.withResolvers<void>();
  #passing: void | Promise<void> = undefined;

  constructor(kind: "gzip" | "zstd", inner: EndMark, outer?: EndMark) {
    this.#kind = kind;
    this.#inner = inner;
    this.#outer = outer;
  }

  async pass(bytes: Uint8Array): Promise<void> {
    await this.#outer?.pass(bytes);
    this.#unpacker ??= await this.#open();
    if (this.#failure !== undefined) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#unpacker.write(bytes, () => resolve());
    await Promise.race([promise, this.#over.promise]);
    await this.#passing;
  }

  async isWhole(): Promise<boolean | undefined> {
    this.#unpacker?.end();
    await this.#over.promise;
    await this.#passing;
    const outer = await this.#outer?.isWhole();
    if (outer === false || this.#failure?.message === "unexpected end of file") return false;
    // What cannot be unpacked here is not known to be cut off.
    return this.#failure === undefined ? await this.#inner.isWhole() : outer;
  }

  async #open(): Promise<Unpacker> {
    const { createGunzip, createZstdDecompress } = await import("node:zlib");
    const options = { chunkSize: UNPACKED_BYTES };
    const unpacker: Unpacker = this.#kind === "gzip"
      ? createGunzip(options)
      : createZstdDecompress(options);
    unpacker.on("data", (bytes) => {
      const before = this.#passing;
      this.#passing = before === undefined
        ? this.#inner.pass(bytes)
        : before.then(() => this.#inner.pass(bytes));
    });
    unpacker.on("error", (error) => {
      this.#failure = error;
      unpacker.destroy();
      this.#over.resolve();
    });
    unpacker.on("end", () => this.#over.resolve());
    return unpacker;
  }
}
