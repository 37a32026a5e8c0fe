import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { FtError } from "../error.ts";
import {
  ChunkDigests,
  createHasher,
  DIGEST_BYTES,
  formatDigest,
  isDigest,
  parseDigest,
  sha256,
} from "./digest.ts";
import { FILE_BYTES } from "./limits.ts";

const seed = Date.now() & 0x7fffffff;
const bytes = fc.uint8Array({ maxLength: 300 }).map((bytes) => new Uint8Array(bytes));
const root = fc.uint8Array({ minLength: DIGEST_BYTES, maxLength: DIGEST_BYTES });

function hashOf(...pieces: Uint8Array[]): string {
  const hash = createHash("sha256");
  for (const piece of pieces) hash.update(piece);
  return hash.digest("hex");
}

function digestOf(number: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(DIGEST_BYTES).fill(number);
}

Deno.test(`createHasher() hashes pieces as sha256() hashes the whole (seed ${seed})`, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(bytes, { maxLength: 5 }), async (pieces) => {
      const hasher = await createHasher();
      for (const piece of pieces) hasher.update(piece);
      const whole = new Uint8Array(pieces.flatMap((piece) => [...piece]));
      const digest = hasher.digest();
      assert.deepEqual(digest, await sha256(whole));
      assert.equal(digest.toHex(), hashOf(whole));
    }),
    { seed, numRuns: 100 },
  );
});

Deno.test(`parseDigest() reads what formatDigest() writes (seed ${seed})`, () => {
  fc.assert(
    fc.property(fc.nat({ max: FILE_BYTES }), root, (size, root) => {
      const text = formatDigest(size, root);
      assert.ok(isDigest(text));
      const parsed = parseDigest(text);
      assert.equal(parsed.size, size);
      assert.deepEqual([...parsed.root], [...root]);
    }),
    { seed },
  );
});

Deno.test(`parseDigest() reads nothing that formatDigest() does not write (seed ${seed})`, () => {
  const near = fc.tuple(
    fc.constantFrom("ft1", "ft2", "FT1", "", "ft1 "),
    fc.constantFrom("0", "1", "01", "-1", "1e3", "1.0", String(FILE_BYTES), "17592186044417", ""),
    fc.constantFrom("ab".repeat(32), "AB".repeat(32), "ab".repeat(31), `${"ab".repeat(32)}\n`),
  ).map((parts) => parts.join(":"));
  fc.assert(
    fc.property(fc.oneof(near, fc.string()), (text) => {
      if (isDigest(text)) {
        const { size, root } = parseDigest(text);
        assert.equal(formatDigest(size, root), text);
        assert.ok(size <= FILE_BYTES);
      } else {
        assert.throws(() => parseDigest(text), (thrown) => {
          return thrown instanceof FtError && thrown.code === "protocol";
        });
      }
    }),
    { seed, numRuns: 500 },
  );
});

Deno.test("ChunkDigests.file() of none, one and several chunks", async () => {
  const digests = new ChunkDigests();
  assert.equal(await digests.file(0, 0), `ft1:0:${hashOf()}`);
  digests.set(0, digestOf(1));
  assert.equal(await digests.file(5, 1), `ft1:5:${"01".repeat(32)}`);
  digests.set(1, digestOf(2));
  assert.equal(await digests.file(9, 2), `ft1:9:${hashOf(digestOf(1), digestOf(2))}`);
});

Deno.test("ChunkDigests.file() goes by order of chunks, not of coming, and needs all", async () => {
  const digests = new ChunkDigests();
  digests.set(2, digestOf(3));
  digests.set(0, digestOf(1));
  await assert.rejects(digests.file(9, 3), RangeError);
  digests.set(1, digestOf(2));
  const list = [1, 2, 3].map(digestOf);
  assert.equal(await digests.file(9, 3), `ft1:9:${hashOf(...list)}`);
  assert.equal(await digests.file(6, 2), `ft1:6:${hashOf(...list.slice(0, 2))}`);
  digests.delete(1);
  await assert.rejects(digests.file(9, 3), RangeError);
});

Deno.test("ChunkDigests.file() of a file that is another's list is another", async () => {
  const two = new ChunkDigests();
  two.set(0, digestOf(1));
  two.set(1, digestOf(2));
  const list = new ChunkDigests();
  list.set(0, await sha256(new Uint8Array([...digestOf(1), ...digestOf(2)])));
  const [a, b] = [await two.file(2_000_000, 2), await list.file(64, 1)];
  assert.equal(parseDigest(a).root.toHex(), parseDigest(b).root.toHex());
  assert.notEqual(a, b);
});

Deno.test(`ChunkDigests does what a Map does (seed ${seed})`, () => {
  const step = fc.record({
    index: fc.oneof(fc.nat({ max: 20 }), fc.nat({ max: 5_000 })),
    value: fc.nat({ max: 255 }),
    isDelete: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const digests = new ChunkDigests();
      const model = new Map<number, number>();
      let end = 0;
      for (const { index, value, isDelete } of steps) {
        if (isDelete) {
          digests.delete(index);
          model.delete(index);
        } else {
          digests.set(index, digestOf(value));
          model.set(index, value);
          end = Math.max(end, index + 1);
        }
      }
      assert.equal(digests.count, model.size);
      assert.equal(digests.end, end);
      assert.deepEqual([...digests.indexes()], [...model.keys()].sort((a, b) => a - b));
      for (const { index } of steps) {
        const value = model.get(index);
        assert.equal(digests.has(index), value !== undefined);
        assert.deepEqual(digests.get(index), value === undefined ? undefined : digestOf(value));
      }
    }),
    { seed, numRuns: 300 },
  );
});

Deno.test("ChunkDigests.set() keeps a copy", () => {
  const digests = new ChunkDigests();
  const digest = digestOf(1);
  digests.set(0, digest);
  digest.fill(9);
  assert.deepEqual(digests.get(0), digestOf(1));
});
