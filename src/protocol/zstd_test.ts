import assert from "node:assert/strict";
import { constants, zstdCompressSync } from "node:zlib";
import { Random, seed } from "../../tests/random.ts";
import { readVector } from "../../tests/vector.ts";
import { FtError } from "../error.ts";
import { toFrame, toMessage } from "./codec.ts";
import { DIGEST_BYTES } from "./digest.ts";
import { FRAME_BYTES, PIECE_BYTES } from "./limits.ts";
import { FRAME_TYPES, type Zstd } from "./message.ts";
import { type Carrying, loadZstd } from "./zstd.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const random = new Random(seed);
const { compress, decompress } = await loadZstd();

function bytesOf(...pieces: (Uint8Array | readonly number[])[]): Bytes {
  return new Uint8Array(pieces.flatMap((piece) => [...piece]));
}

/** A message as it comes out at the other side. */
function arrived({ type, id, payload }: ReturnType<typeof toFrame>): Zstd {
  const message = toMessage({ type, id, payload: bytesOf(...payload) });
  assert.equal(message?.kind, "zstd");
  return message as Zstd;
}

function refuses(act: () => unknown, what: string): void {
  assert.throws(act, (thrown) => thrown instanceof FtError && thrown.code === "protocol", what);
}

Deno.test(`decompress() is the inverse of compress(), of whatever length (seed ${seed})`, () => {
  const digest = random.bytes(DIGEST_BYTES);
  // What does not shrink fills the runtime's own room of 16 KiB, to the byte and over.
  for (const size of [1, 60, 16_375, 16_400, 32_768, PIECE_BYTES]) {
    for (const bytes of [random.bytes(size), new Uint8Array(size)]) {
      const messages: Carrying[] = [
        { kind: "data", id: 7, chunk: 3, bytes },
        { kind: "chunk", id: 7, chunk: 3, digest, bytes },
        { kind: "pack", id: 7, bytes },
      ];
      for (const message of messages) {
        const came = arrived(toFrame(compress(message)));
        assert.deepEqual(decompress(came), { ...message, travelled: came.bytes.length });
      }
    }
  }
});

Deno.test("toMessage() refuses what cannot stand for bytes of files", () => {
  const zstd = (type: number, length: number, bytes: Bytes) => () =>
    arrived(toFrame({ kind: "zstd", id: 1, type, length, bytes }));
  const one = new Uint8Array(1);
  for (const [kind, type] of Object.entries(FRAME_TYPES)) {
    if (["data", "chunk", "pack"].includes(kind)) zstd(type, 100, one)();
    else refuses(zstd(type, 100, one), kind);
  }
  refuses(zstd(0x7f, 100, one), "an unknown type");
  zstd(FRAME_TYPES.pack, FRAME_BYTES, one)();
  refuses(zstd(FRAME_TYPES.pack, FRAME_BYTES + 1, one), "a length over that of a frame");
  refuses(zstd(FRAME_TYPES.pack, 2 ** 32 - 1, one), "the largest length");
  refuses(zstd(FRAME_TYPES.pack, 100, new Uint8Array()), "nothing");
});

const LENGTH = 100_000;
const PLAIN = new Uint8Array(LENGTH).map((_, at) => (at * at) >> 7);
const GOOD = compress({ kind: "pack", id: 1, bytes: PLAIN }).bytes;
const EMPTY = bytesOf(zstdCompressSync(new Uint8Array()));

/** A frame by hand: a window of so many bytes (log2), and blocks with the last one marked. */
function frame(windowLog: number, blocks: readonly number[][]): Bytes {
  const header = [0x28, 0xb5, 0x2f, 0xfd, 0, (windowLog - 10) << 3];
  return bytesOf(header, ...blocks);
}

/** So many bytes of the same, which travel as four. */
function run(size: number, isLast: boolean): number[] {
  const header = (isLast ? 1 : 0) | 1 << 1 | size << 3;
  return [header & 255, header >> 8 & 255, header >> 16, 0x61];
}

const block = 128 * 1024;
const bomb = frame(17, [
  ...Array.from({ length: 4_000 }, () => run(block, false)),
  run(block, true),
]);
const spoiled = GOOD.slice();
spoiled.fill(0xff, 9, 60);

const HOSTILE: readonly [string, number, Bytes][] = [
  ["less than was said", LENGTH + 1, GOOD],
  ["more than was said", LENGTH - 1, GOOD],
  ["nothing of something", 0, GOOD],
  ["nothing", 0, EMPTY],
  ["500 MiB in 16 kB", LENGTH, bomb],
  ["a frame that is cut", LENGTH, GOOD.slice(0, -20)],
  ["a frame without its last byte", LENGTH, GOOD.slice(0, -1)],
  ["a frame without its last block, which is empty", block, frame(17, [run(block, false)])],
  ["a byte more", LENGTH, bytesOf(GOOD, [0])],
  ["another frame, which is empty", LENGTH, bytesOf(GOOD, EMPTY)],
  ["a frame before it, which is empty", LENGTH, bytesOf(EMPTY, GOOD)],
  ["a frame to be skipped", LENGTH, bytesOf(GOOD, [0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 9])],
  ["other bytes", LENGTH, random.bytes(500)],
  ["spoiled bytes", LENGTH, spoiled],
  ["a window of 4 MiB", 1_000, frame(22, [run(1_000, true)])],
  ["a dictionary", 1_000, bytesOf([0x28, 0xb5, 0x2f, 0xfd, 1, 56, 7], run(1_000, true))],
];

for (const [what, length, bytes] of HOSTILE) {
  Deno.test(`decompress() refuses ${what}`, () => {
    const { type } = toFrame({ kind: "pack", id: 1, bytes });
    refuses(() => decompress({ kind: "zstd", id: 1, type, length, bytes }), what);
  });
}

Deno.test("decompress() takes a frame by hand, with the largest window and a checksum", () => {
  const type = FRAME_TYPES.pack;
  const bytes = frame(21, [run(1_000, true)]);
  assert.equal(decompress({ kind: "zstd", id: 1, type, length: 1_000, bytes }).bytes.length, 1_000);
  const params = { [constants.ZSTD_c_checksumFlag]: 1 };
  const checked = bytesOf(zstdCompressSync(PLAIN, { params }));
  assert.deepEqual(
    decompress({ kind: "zstd", id: 1, type, length: LENGTH, bytes: checked }).bytes,
    PLAIN,
  );
});

Deno.test("decompress() makes of the golden vector what it stands for", () => {
  const [, , compressed = ""] = readVector("stream_zstd.txt").all("bytes");
  const bytes = Uint8Array.fromHex(compressed);
  const message = decompress({ kind: "zstd", id: 1, type: FRAME_TYPES.data, length: 24, bytes });
  const run = new Uint8Array(20).fill(0x61);
  assert.deepEqual(message, { kind: "data", id: 1, chunk: 2, bytes: run, travelled: bytes.length });
});
