import assert from "node:assert/strict";
import fc from "fast-check";
import {
  chunkAt,
  chunkCount,
  chunkExtent,
  DOUBLINGS,
  FIRST_CHUNK_BYTES,
  fullChunk,
  STEP_CHUNKS,
} from "./chunk.ts";
import { FILE_BYTES } from "./limits.ts";

const seed = Date.now() & 0x7fffffff;
const MiB = 1024 * 1024;
const GiB = 1024 * MiB;
const LAST = 282_687;

const offset = fc.oneof(
  fc.nat({ max: 4 * MiB }),
  fc.integer({ min: 0, max: FILE_BYTES - 1 }),
  // Around the beginnings of chunks, where the mistakes would be.
  fc.tuple(fc.nat({ max: LAST }), fc.integer({ min: -1, max: 1 })).map(([index, shift]) =>
    Math.max(0, fullChunk(index).offset + shift)
  ),
);

Deno.test("fullChunk() at every change of size", () => {
  const table = [
    [0, 0, MiB],
    [1, MiB, MiB],
    [4095, 4 * GiB - MiB, MiB],
    [4096, 4 * GiB, 2 * MiB],
    [4097, 4 * GiB + 2 * MiB, 2 * MiB],
    [8191, 12 * GiB - 2 * MiB, 2 * MiB],
    [8192, 12 * GiB, 4 * MiB],
    [12_288, 28 * GiB, 8 * MiB],
    [16_384, 60 * GiB, 16 * MiB],
    [20_480, 124 * GiB, 32 * MiB],
    [24_575, 252 * GiB - 32 * MiB, 32 * MiB],
    [24_576, 252 * GiB, 64 * MiB],
    [28_672, 508 * GiB, 64 * MiB],
    [LAST, FILE_BYTES - 64 * MiB, 64 * MiB],
  ] as const;
  for (const [index, offset, size] of table) {
    assert.deepEqual(fullChunk(index), { offset, size }, `chunk ${index}`);
  }
});

Deno.test("fullChunk() leaves no gap and no overlap up to the largest file", () => {
  let end = 0;
  for (let index = 0; index <= LAST; index++) {
    const { offset, size } = fullChunk(index);
    if (offset !== end) assert.equal(offset, end, `chunk ${index}`);
    end = offset + size;
  }
  assert.equal(end, FILE_BYTES);
});

Deno.test("chunkExtent() and chunkCount() around the end of a chunk", () => {
  const table = [
    [0, 0, 0],
    [1, 1, 1],
    [MiB - 1, 1, MiB - 1],
    [MiB, 1, MiB],
    [MiB + 1, 2, 1],
    [2 * MiB - 1, 2, MiB - 1],
    [2 * MiB, 2, MiB],
    [4 * GiB, 4096, MiB],
    [4 * GiB + 1, 4097, 1],
    [4 * GiB + 2 * MiB, 4097, 2 * MiB],
    [FILE_BYTES - 1, LAST + 1, 64 * MiB - 1],
    [FILE_BYTES, LAST + 1, 64 * MiB],
  ] as const;
  for (const [fileSize, count, last] of table) {
    assert.equal(chunkCount(fileSize), count, `${fileSize} bytes`);
    assert.equal(chunkExtent(Math.max(0, count - 1), fileSize).size, last, `${fileSize} bytes`);
    assert.equal(chunkExtent(count, fileSize).size, 0, `${fileSize} bytes`);
  }
});

Deno.test(`chunkAt() is the inverse of fullChunk() up to 16 TiB (seed ${seed})`, () => {
  fc.assert(
    fc.property(offset, (at) => {
      const { offset, size } = fullChunk(chunkAt(at));
      assert.ok(offset <= at && at < offset + size);
    }),
    { seed, numRuns: 2_000 },
  );
  fc.assert(
    fc.property(fc.nat({ max: LAST }), (index) => {
      const { offset, size } = fullChunk(index);
      assert.equal(chunkAt(offset), index);
      assert.equal(chunkAt(offset + size - 1), index);
    }),
    { seed, numRuns: 2_000 },
  );
});

Deno.test(`chunkExtent() covers a file of any size exactly at its end (seed ${seed})`, () => {
  fc.assert(
    fc.property(offset.map((at) => at + 1), (fileSize) => {
      const last = chunkCount(fileSize) - 1;
      const { offset, size } = chunkExtent(last, fileSize);
      assert.ok(size > 0);
      assert.equal(offset + size, fileSize);
      assert.deepEqual(chunkExtent(last + 1, fileSize).size, 0);
      if (last > 0) assert.deepEqual(chunkExtent(last - 1, fileSize), fullChunk(last - 1));
    }),
    { seed, numRuns: 2_000 },
  );
});

Deno.test("fullChunk() of the largest index on the wire lies past the largest file", () => {
  assert.ok(fullChunk(2 ** 32 - 1).offset > FILE_BYTES);
});

Deno.test("the list of digests of the largest file stays below 9 MiB", () => {
  assert.equal(chunkCount(FILE_BYTES), LAST + 1);
  assert.ok(chunkCount(FILE_BYTES) * 32 < 9 * MiB);
  assert.equal(FIRST_CHUNK_BYTES * 2 ** DOUBLINGS, 64 * MiB);
  assert.equal(STEP_CHUNKS * FIRST_CHUNK_BYTES, 4 * GiB);
});
