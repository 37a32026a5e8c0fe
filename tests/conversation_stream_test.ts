/** Conversations whose bytes come out of a stream, or go into one. */
import assert from "node:assert/strict";
import { FIRST_CHUNK_BYTES } from "../src/protocol/chunk.ts";
import type { Receipt } from "../src/storage/store.ts";
import { streamEnd } from "../src/storage/stream_end.ts";
import { StreamFeed, StreamSource } from "../src/storage/stream_source.ts";
import { StreamStore } from "../src/storage/stream_store.ts";
import { MemorySource, type Talk, World } from "./conversation/world.ts";
import { namesIn, until } from "./files.ts";
import { Random, seed } from "./random.ts";

const MiB = FIRST_CHUNK_BYTES;
const random = new Random(seed);
const SIZES = [0, 1, MiB - 1, MiB, MiB + 1, 5 * MiB + 7];

/** A stream of these bytes in pieces of any size. */
function streamOf(bytes: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at === bytes.length) return controller.close();
      const piece = bytes.slice(at, at + random.between(1, 100_000));
      at += piece.length;
      controller.enqueue(piece);
    },
  });
}

function feedOf(stream: ReadableStream<Uint8Array>): StreamFeed {
  return new StreamFeed(stream, "a", streamEnd("a", undefined));
}

function upload({ client }: Talk, feed: StreamFeed): Promise<Receipt> {
  const source = new StreamSource(feed);
  return client.upload({ room: "shared", name: "a", source, conflict: "rename" });
}

/** What is handed on of a file, and whether its end was. */
class Taken {
  readonly pieces: Uint8Array[] = [];
  isWhole = false;
  readonly store: StreamStore = new StreamStore({
    write: async (bytes) => {
      assert.ok(!this.isWhole);
      this.pieces.push(bytes.slice());
      await this.onPiece?.();
    },
    // deno-lint-ignore require-await -- others have to wait
    close: async () => {
      this.isWhole = true;
    },
  });
  onPiece: (() => void | Promise<void>) | undefined;

  get bytes(): Uint8Array<ArrayBuffer> {
    const parts = this.pieces.map((piece) => new Uint8Array(piece));
    return new Uint8Array(parts.flatMap((part) => [...part]));
  }

  from({ client }: Talk): Promise<Receipt> {
    const request = { room: "public", name: "a", target: "a", conflict: "rename" } as const;
    return client.download({ ...request, store: this.store, origin: "server" });
  }
}

function assertSame(found: Uint8Array, expected: Uint8Array): void {
  assert.equal(found.length, expected.length);
  assert.ok(found.every((byte, at) => byte === expected[at]));
}

for (const size of SIZES) {
  Deno.test(`stream: ${size} bytes come and go exact (seed ${seed})`, async () => {
    await using world = new World();
    const bytes = random.bytes(size);
    const talk = world.talk({ seed });
    const sent = await upload(talk, feedOf(streamOf(bytes)));
    assertSame(world.read("shared", "a"), bytes);
    world.lay("public", "a", bytes);
    const taken = new Taken();
    const got = await taken.from(talk);
    assertSame(taken.bytes, bytes);
    assert.ok(taken.isWhole);
    assert.equal(got.digest, sent.digest);
    assert.deepEqual([...Deno.readDirSync(`${world.root}/.ft/staging`)], []);
  });
}

Deno.test("stream: one that fails, and one whose receiver leaves, leave nothing behind", async () => {
  await using world = new World();
  const bytes = random.bytes(3 * MiB);
  const torn = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(bytes),
    pull: (controller) => controller.error(new Error("torn")),
  }, { highWaterMark: 0 });
  await assert.rejects(upload(world.talk(), feedOf(torn)), { code: "io" });
  // It has given all that it will give for now, and never ends.
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const feed = feedOf(readable);
  const writer = writable.getWriter();
  const talk = world.talk({
    onCarried: (way, carried) => way === "up" && carried > 2 * MiB && talk.link.cut(),
  });
  const written = writer.write(bytes);
  await assert.rejects(upload(talk, feed), { code: "lost" });
  await written;
  assert.equal(feed.isWhole, false);
  await feed.close();
  await talk.served;
  assert.deepEqual(world.names("shared"), []);
  await until("nothing left", () => namesIn(`${world.root}/.ft/staging`).length === 0);
});

Deno.test("stream: nothing was read of it when the server would not take it: all goes later", async () => {
  await using world = new World();
  const bytes = random.bytes(MiB + 1);
  const feed = feedOf(streamOf(bytes));
  const refused = world.talk();
  refused.link.cut();
  await assert.rejects(upload(refused, feed), { code: "lost" });
  assert.equal(feed.isWhole, true);
  await upload(world.talk(), feed);
  assertSame(world.read("shared", "a"), bytes);
});

Deno.test("stream: what was handed on is not handed on again after a cut", async () => {
  await using world = new World();
  const bytes = random.bytes(6 * MiB + 5);
  world.lay("public", "a", bytes);
  const taken = new Taken();
  const cut = world.talk();
  taken.onPiece = () => {
    if (taken.pieces.length === 3) cut.link.cut();
  };
  await assert.rejects(taken.from(cut), { code: "lost" });
  const before = taken.pieces.length;
  assert.ok(before >= 3 && before < 7, `${before} pieces`);
  assert.ok(!taken.isWhole);
  let carried = 0;
  const again = world.talk({ onCarried: (way, bytes) => way === "down" && (carried = bytes) });
  await taken.from(again);
  assertSame(taken.bytes, bytes);
  assert.ok(taken.isWhole);
  assert.ok(carried < (7.5 - before) * MiB, `${carried} bytes`);
});

Deno.test("stream: a file that changes after a cut is refused, not mixed", async () => {
  await using world = new World();
  const bytes = random.bytes(4 * MiB);
  world.lay("public", "a", bytes);
  const taken = new Taken();
  const cut = world.talk();
  taken.onPiece = () => {
    if (taken.pieces.length === 2) cut.link.cut();
  };
  await assert.rejects(taken.from(cut), { code: "lost" });
  const kept = taken.bytes;
  world.lay("public", "a", random.bytes(4 * MiB));
  await assert.rejects(taken.from(world.talk()), { code: "changed" });
  assertSame(taken.bytes, kept);
  assert.ok(!taken.isWhole);
});

Deno.test("stream: bytes that differ from their digest are not handed on", async () => {
  await using world = new World();
  const bytes = random.bytes(4 * MiB);
  world.lay("public", "a", bytes);
  const taken = new Taken();
  const talk = world.talk({
    tamper: (piece, way, offset) => {
      const at = 2.5 * MiB - offset;
      if (way === "down" && at >= 0 && at < piece.length) piece[at] = (piece[at] ?? 0) ^ 1;
    },
  });
  await assert.rejects(taken.from(talk), { code: "digest" });
  assert.ok(!taken.isWhole);
  assertSame(taken.bytes, bytes.subarray(0, taken.bytes.length));
  assert.ok(taken.bytes.length <= 2 * MiB);
});

Deno.test("stream: one that nobody takes any more ends the transfer and not the conversation", async () => {
  await using world = new World();
  world.lay("public", "a", random.bytes(4 * MiB));
  const taken = new Taken();
  const cause = new Error("The pipe is closed.");
  taken.onPiece = () => Promise.reject(cause);
  const talk = world.talk();
  await assert.rejects(taken.from(talk), { code: "io", cause });
  assert.equal(taken.pieces.length, 1);
  const source = new MemorySource(random.bytes(10));
  await talk.client.upload({ room: "shared", name: "b", source, conflict: "rename" });
});
