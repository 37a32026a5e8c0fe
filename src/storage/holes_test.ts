import { deepEqual, equal } from "node:assert/strict";
import { bytesOf } from "../../tests/fixtures/staged.ts";
import { Random, seed } from "../../tests/random.ts";
import { dataRuns } from "./holes.ts";

const BLOCK = 64 * 1024;

/** Bytes of which blocks are data or zeros: "x0x" and `rest` more bytes of data. */
function bytesLike(blocks: string, rest = 0): Uint8Array {
  const bytes = bytesOf(blocks.length * BLOCK + rest, 1);
  [...blocks].forEach((block, index) => {
    if (block === "0") bytes.fill(0, index * BLOCK, (index + 1) * BLOCK);
  });
  return bytes;
}

/** Runs of blocks. */
function runs(...pairs: readonly [number, number][]): { start: number; end: number }[] {
  return pairs.map(([start, end]) => ({ start: start * BLOCK, end: end * BLOCK }));
}

Deno.test("dataRuns() finds whole blocks of zeros, wherever they are", () => {
  deepEqual(dataRuns(bytesLike("0")), []);
  deepEqual(dataRuns(bytesLike("000")), []);
  deepEqual(dataRuns(bytesLike("0x")), runs([1, 2]));
  deepEqual(dataRuns(bytesLike("x0")), runs([0, 1]));
  deepEqual(dataRuns(bytesLike("x00xx0x")), runs([0, 1], [3, 5], [6, 7]));
});

Deno.test("dataRuns() has nothing to say of what is all to be written", () => {
  for (const bytes of [bytesLike("x"), bytesLike("xxx", 5), bytesLike("", 5), new Uint8Array()]) {
    equal(dataRuns(bytes), undefined);
  }
  equal(dataRuns(new Uint8Array(BLOCK - 1)), undefined, "less than a block");
});

Deno.test("dataRuns() takes what is left after the last block for data", () => {
  deepEqual(dataRuns(bytesLike("x0", 3)), [
    { start: 0, end: BLOCK },
    { start: 2 * BLOCK, end: 2 * BLOCK + 3 },
  ]);
  deepEqual(dataRuns(bytesLike("0x", 3)), [{ start: BLOCK, end: 2 * BLOCK + 3 }]);
  deepEqual(dataRuns(new Uint8Array(BLOCK + 1)), [{ start: BLOCK, end: BLOCK + 1 }]);
});

Deno.test("dataRuns() sees a single byte, wherever the bytes lie in memory", () => {
  const random = new Random(seed);
  const memory = new Uint8Array(2 * BLOCK + 16);
  for (let round = 0; round < 500; round++) {
    const from = random.between(0, 15);
    const bytes = memory.subarray(from, from + 2 * BLOCK);
    const at = [0, 1, 2, 3, BLOCK - 4, BLOCK - 2, BLOCK - 1][round] ?? random.between(0, BLOCK - 1);
    bytes[at] = 1;
    deepEqual(dataRuns(bytes), runs([0, 1]), `${at} from ${from} with seed ${seed}`);
    bytes[at] = 0;
  }
  memory.fill(7, 0, 5).fill(7, 5 + 2 * BLOCK);
  deepEqual(dataRuns(memory.subarray(5, 5 + 2 * BLOCK)), [], "what lies around it does not count");
});
