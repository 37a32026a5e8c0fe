/**
 * Small files of a tree, many to a frame: for each its entry's index, its size, its SHA-256, then
 * its bytes.
 *
 * @module
 */
import { DIGEST_BYTES } from "./digest.ts";
import { PACKED_BYTES } from "./limits.ts";

/** Bytes before a file's own: u32 index, u32 size, digest. */
export const PACK_HEADER_BYTES: number = 4 + 4 + DIGEST_BYTES;

/** A small file, whole. */
export interface PackedFile {
  /** Which entry of the manifest it is. */
  readonly index: number;
  /** SHA-256 of its bytes. */
  readonly digest: Uint8Array<ArrayBuffer>;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Fills the payload of a PACK, file by file. */
export class PackBuilder {
  readonly #room: Uint8Array<ArrayBuffer>;
  #filled = 0;

  /** `room` is what the payload may have. */
  constructor(room: Uint8Array<ArrayBuffer>) {
    this.#room = room;
  }

  /** Where the bytes of the next file go; undefined when there is no room for so many. */
  next(size: number): Uint8Array<ArrayBuffer> | undefined {
    const start = this.#filled + PACK_HEADER_BYTES;
    return start + size > this.#room.length ? undefined : this.#room.subarray(start, start + size);
  }

  /** Takes the file whose bytes are where {@linkcode next} said. */
  add({ index, digest, bytes }: PackedFile): void {
    const view = new DataView(this.#room.buffer, this.#room.byteOffset + this.#filled);
    view.setUint32(0, index);
    view.setUint32(4, bytes.length);
    this.#room.set(digest, this.#filled + 8);
    this.#filled += PACK_HEADER_BYTES + bytes.length;
  }

  /** All that was added. */
  get payload(): Uint8Array<ArrayBuffer> {
    return this.#room.subarray(0, this.#filled);
  }
}

/** The files of a PACK's payload, as views of it; undefined when it is malformed. */
export function decodePack(payload: Uint8Array<ArrayBuffer>): PackedFile[] | undefined {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  const files: PackedFile[] = [];
  for (let at = 0; at < payload.length;) {
    const start = at + PACK_HEADER_BYTES;
    if (start > payload.length) return undefined;
    const size = view.getUint32(at + 4);
    if (size > PACKED_BYTES || start + size > payload.length) return undefined;
    files.push({
      index: view.getUint32(at),
      digest: payload.subarray(at + 8, start),
      bytes: payload.subarray(start, start + size),
    });
    at = start + size;
  }
  return files.length === 0 ? undefined : files;
}
