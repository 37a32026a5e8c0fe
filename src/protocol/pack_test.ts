import assert from "node:assert/strict";
import fc from "fast-check";
import { seed } from "../../tests/random.ts";
import { DIGEST_BYTES } from "./digest.ts";
import { FRAME_BYTES, PACKED_BYTES } from "./limits.ts";
import { decodePack, PACK_HEADER_BYTES, PackBuilder, type PackedFile } from "./pack.ts";

function build(files: readonly PackedFile[], room: number): Uint8Array<ArrayBuffer> {
  const pack = new PackBuilder(new Uint8Array(room));
  for (const { index, digest, bytes } of files) {
    const into = pack.next(bytes.length);
    assert.ok(into !== undefined);
    into.set(bytes);
    pack.add({ index, digest, bytes: into });
  }
  return pack.payload;
}

function file(index: number, bytes: Uint8Array<ArrayBuffer>): PackedFile {
  return { index, digest: new Uint8Array(DIGEST_BYTES).fill(index), bytes };
}

Deno.test(`decodePack() is the inverse of PackBuilder (seed ${seed})`, () => {
  const files = fc.array(
    fc.record({ index: fc.nat(), bytes: fc.uint8Array({ maxLength: 300 }) }),
    { minLength: 1, maxLength: 20 },
  );
  fc.assert(
    fc.property(files, (files) => {
      const packed = files.map(({ index, bytes }) => file(index, new Uint8Array(bytes)));
      assert.deepEqual(decodePack(build(packed, FRAME_BYTES)), packed);
    }),
    { seed },
  );
});

Deno.test("PackBuilder.next() has room to the last byte and no further", () => {
  const pack = new PackBuilder(new Uint8Array(PACK_HEADER_BYTES + 10));
  assert.equal(pack.next(11), undefined);
  assert.equal(pack.next(10)?.length, 10);
});

Deno.test("decodePack() refuses what is cut, too long or nothing", () => {
  const whole = build([file(1, new Uint8Array(5)), file(2, new Uint8Array(0))], FRAME_BYTES);
  assert.equal(decodePack(new Uint8Array()), undefined);
  // The end of the first file is the end of a pack, too.
  const ends = new Set([PACK_HEADER_BYTES + 5, whole.length]);
  for (let end = 1; end < whole.length; end++) {
    assert.equal(decodePack(whole.slice(0, end)) !== undefined, ends.has(end), `${end}`);
  }
  const largest = build([file(1, new Uint8Array(PACKED_BYTES))], FRAME_BYTES);
  assert.equal(decodePack(largest)?.length, 1);
  const larger = new Uint8Array(largest.length + 1);
  larger.set(largest);
  new DataView(larger.buffer).setUint32(4, PACKED_BYTES + 1);
  assert.equal(decodePack(larger), undefined);
});
