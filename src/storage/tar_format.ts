/**
 * Tar archives, as far as it takes to know where one ends: at two blocks of zeros.
 *
 * @module
 */
import type { Format } from "./format_walk.ts";

const BLOCK_BYTES = 512;
/** Most bytes of an extended header that are looked at. */
const EXTENDED_BYTES = 1024 * 1024;
/** Links, devices, folders, pipes: nothing follows their header, whatever size it says. */
const BARE = "123456";

/** The parts of a tar archive. */
export function* tarFormat(): Format {
  /** What an extended header says of the size of the next entry. */
  let extended: number | undefined;
  for (let zeros = 0; zeros < 2;) {
    const header: Uint8Array = yield { read: BLOCK_BYTES };
    if (header.every((byte) => byte === 0)) {
      zeros++;
      continue;
    }
    zeros = 0;
    const type = String.fromCharCode(header[156] ?? 0);
    const size = number(header.subarray(124, 136));
    if (!isHeader(header) || size === undefined) return undefined;
    if (type === "x") {
      if (size > EXTENDED_BYTES) return undefined;
      extended = sizeIn(yield { read: padded(size) }) ?? extended;
      continue;
    }
    // GNU's old way to tell the holes of a file: a list that goes on in blocks of its own.
    for (let more = type === "S" && header[482] === 1; more;) {
      const list: Uint8Array = yield { read: BLOCK_BYTES };
      more = list[504] === 1;
    }
    if (!BARE.includes(type)) {
      yield { skip: padded("gLK".includes(type) ? size : extended ?? size) };
    }
    if (!"gLK".includes(type)) extended = undefined;
  }
  return true;
}

function padded(size: number): number {
  return Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES;
}

/** A number as headers have it: in octal digits, or from 8 GiB on in binary. */
function number(field: Uint8Array): number | undefined {
  if (((field[0] ?? 0) & 0x80) !== 0) {
    const value = field.subarray(1).reduce((sum, byte) => sum * 256 + byte, 0);
    return Number.isSafeInteger(value) ? value : undefined;
  }
  const [, digits = ""] = /^ *([0-7]*)[ \0]*$/.exec(latin(field)) ?? [, "?"];
  return digits === "?" ? undefined : Number.parseInt(digits || "0", 8);
}

/** Whether a block has the checksum of a header. */
function isHeader(block: Uint8Array): boolean {
  const sum = block.reduce((sum, byte, at) => sum + (at >= 148 && at < 156 ? 32 : byte), 0);
  return number(block.subarray(148, 156)) === sum;
}

/** The size among the records of an extended header: lines of length, key and value. */
function sizeIn(records: Uint8Array): number | undefined {
  const [, digits] = /(?:^|\n)\d+ size=(\d+)\n/.exec(latin(records)) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

function latin(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}
