import { equal, rejects } from "node:assert/strict";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { Random, seed } from "../../tests/random.ts";
import { streamEnd } from "./stream_end.ts";

const random = new Random(seed);
const encoder = new TextEncoder();

/** Whether a stream of these bytes may end where it does; they pass in pieces of any size. */
async function isWhole(bytes: Uint8Array, name = "x", size?: number): Promise<boolean> {
  const end = streamEnd(name, size);
  try {
    for (let at = 0; at < bytes.length;) {
      const count = random.between(1, 3_000);
      await end.pass(bytes.subarray(at, at + count));
      at += count;
    }
    await end.check();
    return true;
  } catch (thrown) {
    const { code } = thrown as { code: string };
    equal(code, "changed");
    return false;
  }
}

function join(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

const ZEROS = new Uint8Array(1024);

/** One entry of a tar archive; `size` is what its header says. */
function entry(
  content: Uint8Array,
  { type = "0", size = content.length.toString(8).padStart(11, "0"), at482 = 0 }: {
    type?: string;
    size?: string | Uint8Array;
    at482?: number;
  } = {},
): Uint8Array {
  const header = new Uint8Array(512);
  header.set(encoder.encode("name"));
  header.set(typeof size === "string" ? encoder.encode(size) : size, 124);
  header.set(encoder.encode(type), 156);
  header.set(encoder.encode("ustar\x0000"), 257);
  header[482] = at482;
  header.fill(32, 148, 156);
  const sum = header.reduce((sum, byte) => sum + byte, 0);
  header.set(encoder.encode(sum.toString(8).padStart(6, "0") + "\0 "), 148);
  return join(header, content, new Uint8Array((512 - content.length % 512) % 512));
}

const TAR = join(
  entry(random.bytes(1_000)),
  entry(ZEROS),
  entry(new Uint8Array(), { type: "5", size: "00000007777" }),
  entry(random.bytes(512)),
  ZEROS,
);
const LISTED = random.bytes(512);
LISTED[504] = 0;
const EIGHT_GIB = new Uint8Array([0x80, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0]);

Deno.test(`a tar archive ends with two blocks of zeros of its own, seed ${seed}`, async () => {
  equal(await isWhole(TAR), true);
  equal(await isWhole(join(TAR, new Uint8Array(8192))), true);
  // Within the zeros of the second file there are blocks that look like the end.
  for (let length = 512; length < TAR.length; length += 512) {
    equal(await isWhole(TAR.subarray(0, length)), false, `${length} bytes`);
  }
  for (const length of [300, 513, TAR.length - 1]) {
    equal(await isWhole(TAR.subarray(0, length)), false, `${length} bytes`);
  }
});

Deno.test("a tar archive ends where its extended headers and lists of holes let it", async () => {
  const size = encoder.encode("13 size=1536\n");
  const extended = join(
    entry(size, { type: "x" }),
    entry(new Uint8Array(), { size: "00000000000" }),
    new Uint8Array(1536),
  );
  equal(await isWhole(join(extended, ZEROS)), true);
  equal(await isWhole(extended), false);
  const holes = join(
    entry(new Uint8Array(), { type: "S", size: "00000001000", at482: 1 }),
    LISTED,
    new Uint8Array(512),
  );
  equal(await isWhole(join(holes, ZEROS)), true);
  equal(await isWhole(holes), false);
  const large = entry(new Uint8Array(4096), { size: EIGHT_GIB });
  equal(await isWhole(join(large, ZEROS)), false);
  const long = entry(encoder.encode("a long name"), { type: "L" });
  equal(await isWhole(join(long, entry(random.bytes(10)), ZEROS)), true);
});

Deno.test("what only begins like tar ends where it ends", async () => {
  equal(await isWhole(join(entry(random.bytes(512)), random.bytes(5_000))), true);
});

const TEXT = encoder.encode("One line of many.\n".repeat(2_000));

for (const [format, pack] of Object.entries({ gzip: gzipSync, zstd: zstdCompressSync })) {
  Deno.test(`${format} ends with its last frame, and so does what is in it`, async () => {
    const packed = new Uint8Array(pack(TEXT));
    equal(await isWhole(packed), true);
    equal(await isWhole(join(packed, packed)), true);
    for (const length of [4, packed.length >> 1, packed.length - 1]) {
      equal(await isWhole(packed.subarray(0, length)), false, `${length} bytes`);
      equal(await isWhole(join(packed, packed.subarray(0, length))), false, `${length} more`);
    }
    equal(await isWhole(new Uint8Array(pack(TAR))), true);
    equal(await isWhole(new Uint8Array(pack(TAR.subarray(0, 2_000)))), false);
    equal(await isWhole(new Uint8Array(pack(pack(TAR.subarray(0, 2_000))))), true);
  });
}

Deno.test("zstd's runs, checksums and frames to be skipped are passed over", async () => {
  const magic = [0x28, 0xb5, 0x2f, 0xfd];
  const run = [0x24, 5, 0x2b, 0, 0, 0x41, 1, 2, 3, 4];
  const skipped = [0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 9, 9, 9];
  const frames = new Uint8Array([...magic, ...run, ...skipped]);
  equal(await isWhole(frames), true);
  for (const length of [13, 15, 20, 24]) {
    equal(await isWhole(frames.subarray(0, length)), false, `${length} bytes`);
  }
});

Deno.test("zip ends with its record and the comment it speaks of, xz with its letters", async () => {
  const end = [0x50, 0x4b, 5, 6, ...new Array(16).fill(1), 2, 0, 0x48, 0x69];
  const zip = join(new Uint8Array([0x50, 0x4b, 3, 4]), random.bytes(90_000), new Uint8Array(end));
  equal(await isWhole(zip), true);
  for (const length of [4, 90_000, zip.length - 1]) {
    equal(await isWhole(zip.subarray(0, length)), false, `${length} bytes`);
  }
  const head = new Uint8Array([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]);
  const xz = join(head, new Uint8Array(90_000).fill(7), new Uint8Array([0x59, 0x5a]));
  equal(await isWhole(xz), true);
  equal(await isWhole(join(xz, new Uint8Array(8))), true);
  equal(await isWhole(xz.subarray(0, -1)), false);
});

Deno.test("an empty stream is whole unless its name says that it is never empty", async () => {
  const none = new Uint8Array();
  equal(await isWhole(none), true);
  equal(await isWhole(none, "notes.txt"), true);
  for (const name of ["a.tar", "a.TGZ", "b.sql.gz", "c.zip"]) {
    equal(await isWhole(none, name), false, name);
    equal(await isWhole(none, name, 0), true, name);
  }
});

Deno.test("a stream whose size is said ends there, whatever its format", async () => {
  const part = TAR.subarray(0, 700);
  equal(await isWhole(part, "a.tar", 700), true);
  equal(await isWhole(part, "a.tar", 701), false);
  equal(await isWhole(part, "a.tar", 699), false);
});

Deno.test(`whatever the bytes are, they are judged and nothing else, seed ${seed}`, async () => {
  const formats = [
    TAR,
    gzipSync(TAR),
    zstdCompressSync(TAR),
    gzipSync(TEXT),
    zstdCompressSync(TEXT),
  ];
  for (let round = 0; round < 400; round++) {
    const bytes = new Uint8Array(random.pick(formats));
    for (let flips = random.between(1, 20); flips > 0; flips--) {
      // Mostly where it says what follows.
      const end = random.pick([16, 600, bytes.length]);
      bytes[random.between(0, Math.min(end, bytes.length))] = random.between(0, 256);
    }
    const part = bytes.subarray(0, random.between(0, 2 * bytes.length));
    equal(typeof await isWhole(part), "boolean");
  }
});

Deno.test("what ended too early is told with its name and its format", async () => {
  const end = streamEnd("a.tar", undefined);
  await end.pass(TAR.subarray(0, 700));
  await rejects(async () => await end.check(), {
    message: "'a.tar' ended before its tar data was complete, so it was not published.",
  });
});
