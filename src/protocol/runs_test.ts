import assert from "node:assert/strict";
import fc from "fast-check";
import { seed } from "../../tests/random.ts";
import { decodeRuns, encodeRuns } from "./runs.ts";

Deno.test(`decodeRuns() is the inverse of encodeRuns() (seed ${seed})`, () => {
  const indexes = fc.uniqueArray(fc.nat({ max: 60 })).map((list) => list.sort((a, b) => a - b));
  fc.assert(
    fc.property(indexes, fc.integer({ min: 1, max: 5 }), (indexes, max) => {
      const lists = encodeRuns(indexes, max);
      for (const runs of lists) assert.ok(runs.length <= 2 * max);
      assert.deepEqual(lists.flatMap((runs) => decodeRuns(runs, 61)), indexes);
    }),
    { seed },
  );
});

Deno.test("encodeRuns() joins neighbours", () => {
  assert.deepEqual(encodeRuns([0, 1, 2, 5, 7, 8], 10), [[0, 3, 5, 1, 7, 2]]);
});

Deno.test("decodeRuns() refuses what shrinks, is empty, half or past the end", () => {
  for (const runs of [[5, 1, 4, 1], [5, 2, 6, 1], [1, 0], [1], [9, 2], [10, 1]]) {
    assert.equal(decodeRuns(runs, 10), undefined, String(runs));
  }
  assert.deepEqual(decodeRuns([8, 2], 10), [8, 9]);
});
