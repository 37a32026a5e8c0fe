/**
 * Runs of zeros that need not be written: a file reads as zeros where nothing was ever written, and
 * many file systems keep no block for it.
 *
 * @module
 */

/** Bytes that are zeros together or written together; file systems' own blocks are smaller. */
const BLOCK_BYTES = 64 * 1024;

/** A part of some bytes. */
export interface Run {
  readonly start: number;
  readonly end: number;
}

/**
 * The parts of `bytes` that are not zeros, in order; undefined where all of it is to be written.
 * To look costs next to nothing for what does not begin with zeros.
 */
export function dataRuns(bytes: Uint8Array): readonly Run[] | undefined {
  const runs: Run[] = [];
  let start = 0;
  let isHole = false;
  for (let at = 0; at + BLOCK_BYTES <= bytes.length; at += BLOCK_BYTES) {
    if (isZero(bytes, at) === isHole) continue;
    if (!isHole && at > start) runs.push({ start, end: at });
    isHole = !isHole;
    start = at;
  }
  // What is left over is no block: it is written, whatever it is.
  const end = bytes.length - bytes.length % BLOCK_BYTES;
  if (!isHole) runs.push({ start, end: bytes.length });
  else if (end < bytes.length) runs.push({ start: end, end: bytes.length });
  return runs.length === 1 && runs[0]?.end === bytes.length && runs[0].start === 0
    ? undefined
    : runs;
}

/** Whether the block that begins there is nothing but zeros. */
function isZero(bytes: Uint8Array, start: number): boolean {
  const end = start + BLOCK_BYTES;
  if (bytes[start] !== 0 || bytes[end - 1] !== 0) return false;
  // Four at a time, from where the machine can read four at a time.
  const first = start + (4 - (bytes.byteOffset + start) % 4) % 4;
  for (let at = start; at < first; at++) if (bytes[at] !== 0) return false;
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset + first, (end - first) >>> 2);
  for (let at = 0; at < words.length; at++) if (words[at] !== 0) return false;
  for (let at = first + words.length * 4; at < end; at++) if (bytes[at] !== 0) return false;
  return true;
}
