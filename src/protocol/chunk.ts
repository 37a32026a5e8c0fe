/**
 * The chunk schedule: how a file is cut. The size of a chunk depends on its index alone, never on
 * the file's size, so that a stream of unknown length is cut the same way as a file. Chunks grow so
 * that the list of their digests stays short: 4096 chunks of 1 MiB, then 4096 of 2 MiB, and so on
 * up to 64 MiB.
 *
 * @module
 */

const MiB = 1024 * 1024;
/** Bytes of the chunks of the first step. */
export const FIRST_CHUNK_BYTES: number = MiB;
/** Chunks of one size before the size doubles. */
export const STEP_CHUNKS = 4096;
/** How often the size doubles: the largest chunk has 64 MiB. */
export const DOUBLINGS = 6;

/** Where a chunk lies in its file: both in bytes. */
export interface Extent {
  readonly offset: number;
  readonly size: number;
}

/** Offset at which the chunks of one step begin: 4096 chunks of each smaller size lie before. */
function stepOffset(step: number): number {
  return STEP_CHUNKS * FIRST_CHUNK_BYTES * (2 ** step - 1);
}

/** The extent of chunk `index` in a file that does not end before the chunk does. */
export function fullChunk(index: number): Extent {
  const step = Math.min(Math.floor(index / STEP_CHUNKS), DOUBLINGS);
  const size = FIRST_CHUNK_BYTES * 2 ** step;
  return { offset: stepOffset(step) + (index - step * STEP_CHUNKS) * size, size };
}

/** The extent of chunk `index` in a file of `fileSize` bytes; size 0 when the file ends before. */
export function chunkExtent(index: number, fileSize: number): Extent {
  const { offset, size } = fullChunk(index);
  return { offset, size: Math.max(0, Math.min(size, fileSize - offset)) };
}

/** The index of the chunk that holds byte `offset`. */
export function chunkAt(offset: number): number {
  let step = 0;
  while (step < DOUBLINGS && offset >= stepOffset(step + 1)) step++;
  return step * STEP_CHUNKS +
    Math.floor((offset - stepOffset(step)) / (FIRST_CHUNK_BYTES * 2 ** step));
}

/** How many chunks a file of `fileSize` bytes has; an empty file has none. */
export function chunkCount(fileSize: number): number {
  return fileSize === 0 ? 0 : chunkAt(fileSize - 1) + 1;
}
