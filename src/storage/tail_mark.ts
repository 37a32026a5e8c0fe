/**
 * Formats that end with a part of a known look.
 *
 * @module
 */
import type { EndMark } from "./format_walk.ts";

/** Keeps the last bytes of a stream, and looks at them when it ends. */
export class TailMark implements EndMark {
  readonly #size: number;
  readonly #isEnd: (tail: Uint8Array) => boolean;
  #tail = new Uint8Array();

  constructor(size: number, isEnd: (tail: Uint8Array) => boolean) {
    this.#size = size;
    this.#isEnd = isEnd;
  }

  pass(bytes: Uint8Array): void {
    const kept = this.#tail.subarray(Math.max(0, this.#tail.length + bytes.length - this.#size));
    const fresh = bytes.subarray(Math.max(0, bytes.length - this.#size));
    const tail = new Uint8Array(kept.length + fresh.length);
    tail.set(kept);
    tail.set(fresh, kept.length);
    this.#tail = tail;
  }

  isWhole(): boolean {
    return this.#isEnd(this.#tail);
  }
}

/** Bytes of the end of a zip archive without its comment. */
const ZIP_END_BYTES = 22;
const ZIP_END = [0x50, 0x4b, 0x05, 0x06];

/** The end of a zip archive: a record that says how long the comment after it is. */
export function zipMark(): EndMark {
  return new TailMark(ZIP_END_BYTES + 0xffff, (tail) => {
    for (let at = tail.length - ZIP_END_BYTES; at >= 0; at--) {
      if (!ZIP_END.every((byte, index) => tail[at + index] === byte)) continue;
      const comment = (tail[at + 20] ?? 0) + (tail[at + 21] ?? 0) * 256;
      if (at + ZIP_END_BYTES + comment === tail.length) return true;
    }
    return false;
  });
}

/** Bytes after an xz stream that may be zeros, in fours; more are not looked through. */
const XZ_TAIL_BYTES = 64 * 1024;

/** The end of an xz stream: its two letters, before padding of zeros. */
export function xzMark(): EndMark {
  return new TailMark(XZ_TAIL_BYTES, (tail) => {
    let end = tail.length;
    while (end >= 4 && tail.subarray(end - 4, end).every((byte) => byte === 0)) end -= 4;
    return tail[end - 2] === 0x59 && tail[end - 1] === 0x5a;
  });
}
