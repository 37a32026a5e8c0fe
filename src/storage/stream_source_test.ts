import { deepEqual, equal, rejects } from "node:assert/strict";
import { StreamFeed, StreamSource } from "./stream_source.ts";

const ANY_END = { pass() {}, check() {} };

function feedOf(...pieces: readonly number[][]): StreamFeed {
  const stream = ReadableStream.from(pieces.map((piece) => new Uint8Array(piece)));
  return new StreamFeed(stream, "x", ANY_END);
}

Deno.test("read() fills what it is given from pieces of any size, up to the end", async () => {
  const source = new StreamSource(feedOf([1, 2, 3], [], [4], [5, 6, 7, 8]));
  const into = new Uint8Array(5);
  equal(await source.read(0, into), 5);
  deepEqual([...into], [1, 2, 3, 4, 5]);
  equal(source.isUnchanged(), false);
  equal(await source.read(5, into), 3);
  deepEqual([...into.subarray(0, 3)], [6, 7, 8]);
  equal(await source.read(1000, into), 0);
  equal(source.isUnchanged(), true);
});

Deno.test("another attempt has all bytes while none was taken", async () => {
  const feed = feedOf([1, 2]);
  const first = new StreamSource(feed);
  await feed.peek();
  first.stop();
  await rejects(first.read(0, new Uint8Array(2)), { code: "interrupted" });
  equal(feed.isWhole, true);
  const into = new Uint8Array(3);
  equal(await new StreamSource(feed).read(0, into), 2);
  deepEqual([...into], [1, 2, 0]);
  equal(feed.isWhole, false);
});

Deno.test("stop() ends a read that waits, and what comes then goes to the next attempt", async () => {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const feed = new StreamFeed(readable, "x", ANY_END);
  const first = new StreamSource(feed);
  const waiting = first.read(0, new Uint8Array(1));
  first.stop();
  await rejects(waiting, { code: "interrupted" });
  const writer = writable.getWriter();
  const written = writer.write(new Uint8Array([7]));
  const into = new Uint8Array(1);
  equal(await new StreamSource(feed).read(0, into), 1);
  deepEqual([...into], [7]);
  await written;
  await feed.close();
});

Deno.test("a stream that fails is a failure of its own, each time it is asked", async () => {
  const stream = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.error(new Error("The tape is torn.")),
  });
  const feed = new StreamFeed(stream, "x", ANY_END);
  for (let attempt = 0; attempt < 2; attempt++) {
    const source = new StreamSource(feed);
    await rejects(source.read(0, new Uint8Array(1)), {
      code: "io",
      message: "Reading 'x' failed: The tape is torn.",
    });
    equal(source.isUnchanged(), false);
  }
});

Deno.test("close() tells whoever writes that nobody reads on", async () => {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const feed = new StreamFeed(readable, "x", ANY_END);
  await feed.close();
  await rejects(writable.getWriter().closed);
});
