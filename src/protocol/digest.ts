/**
 * The digest of a file: SHA-256 over its one chunk, or over the list of its chunks' SHA-256. The
 * string form carries the size, so that no file has the digest of another's list.
 *
 * @module
 */
import { FtError } from "../error.ts";
import { FILE_BYTES } from "./limits.ts";

/** Bytes of a SHA-256. */
export const DIGEST_BYTES = 32;

/** Hashing of one run of bytes after another. */
export interface Hasher {
  update(bytes: Uint8Array): unknown;
  digest(): Uint8Array<ArrayBuffer>;
}

/**
 * SHA-256 of bytes that come in several runs. Only chunks of more than one piece need it, so that
 * its module (30 ms to load) stays out of the start of commands that move small files.
 */
export async function createHasher(): Promise<Hasher> {
  const { createHash } = await import("node:crypto");
  const hash = createHash("sha256");
  return { update: (bytes) => hash.update(bytes), digest: () => new Uint8Array(hash.digest()) };
}

/** SHA-256 in hexadecimal without waiting, for many small runs of bytes; loaded like the hasher. */
export async function loadSha256(): Promise<(bytes: Uint8Array) => string> {
  const { createHash } = await import("node:crypto");
  return (bytes) => createHash("sha256").update(bytes).digest("hex");
}

/** SHA-256 of `bytes`. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

/** The digest string `ft1:SIZE:HEX` of a file. */
export function formatDigest(size: number, root: Uint8Array): string {
  return `ft1:${size}:${root.toHex()}`;
}

const DIGEST = /^ft1:(0|[1-9][0-9]{0,15}):([0-9a-f]{64})$/;

/** Whether `text` is a digest string. */
export function isDigest(text: string): boolean {
  const match = DIGEST.exec(text);
  return match !== null && Number(match[1]) <= FILE_BYTES;
}

/** The size and the root in a digest string. Throws `protocol` on anything else. */
export function parseDigest(text: string): { size: number; root: Uint8Array } {
  if (!isDigest(text)) throw new FtError("protocol", "A digest string is malformed.");
  const [, size = "", root = ""] = text.split(":");
  return { size: Number(size), root: Uint8Array.fromHex(root) };
}

/** The digests of a file's chunks by index, kept in one array that grows: 32 bytes a chunk. */
export class ChunkDigests {
  #bytes = new Uint8Array(DIGEST_BYTES * 16);
  #present = new Uint8Array(16);
  #count = 0;
  #end = 0;

  /** How many chunks are present. */
  get count(): number {
    return this.#count;
  }

  /** One more than the highest index that was ever set. */
  get end(): number {
    return this.#end;
  }

  /** Whether the digest of chunk `index` is present. */
  has(index: number): boolean {
    return this.#present[index] === 1;
  }

  /** The digest of chunk `index`, as a view, or undefined. */
  get(index: number): Uint8Array<ArrayBuffer> | undefined {
    if (!this.has(index)) return undefined;
    return this.#bytes.subarray(index * DIGEST_BYTES, (index + 1) * DIGEST_BYTES);
  }

  /** Sets the digest of chunk `index`. */
  set(index: number, digest: Uint8Array): void {
    if (index >= this.#present.length) {
      const room = Math.max(index + 1, this.#present.length * 2);
      const present = new Uint8Array(room);
      present.set(this.#present);
      const bytes = new Uint8Array(room * DIGEST_BYTES);
      bytes.set(this.#bytes);
      this.#present = present;
      this.#bytes = bytes;
    }
    this.#bytes.set(digest, index * DIGEST_BYTES);
    if (this.#present[index] === 0) this.#count++;
    this.#present[index] = 1;
    this.#end = Math.max(this.#end, index + 1);
  }

  /** Forgets chunk `index`. */
  delete(index: number): void {
    if (!this.has(index)) return;
    this.#present[index] = 0;
    this.#count--;
  }

  /** The indexes that are present, in order. */
  *indexes(): Generator<number> {
    for (let index = 0; index < this.#end; index++) {
      if (this.#present[index] === 1) yield index;
    }
  }

  /** The digests of the first `chunks` chunks, one after the other: a copy. */
  list(chunks: number): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, chunks * DIGEST_BYTES);
  }

  /**
   * The digest string of the file of `size` bytes that has the first `chunks` of these chunks, all
   * of which must be present.
   */
  async file(size: number, chunks: number): Promise<string> {
    for (let index = 0; index < chunks; index++) {
      if (!this.has(index)) throw new RangeError(`chunk ${index} is missing`);
    }
    if (chunks === 1) return formatDigest(size, this.#bytes.subarray(0, DIGEST_BYTES));
    return formatDigest(size, await sha256(this.#bytes.subarray(0, chunks * DIGEST_BYTES)));
  }
}
