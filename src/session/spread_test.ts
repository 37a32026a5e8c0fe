import assert from "node:assert/strict";
import { MemorySource } from "../../tests/conversation/world.ts";
import { HandClock } from "../../tests/hand_clock.ts";
import type { Clock } from "../clock.ts";
import { FIRST_CHUNK_BYTES } from "../protocol/chunk.ts";
import { ChunkDigests } from "../protocol/digest.ts";
import type { Message } from "../protocol/message.ts";
import type { Channel } from "./channel.ts";
import { Compression } from "./compression.ts";
import { Sides } from "./sides.ts";
import { Spread } from "./spread.ts";

/** A connection that takes what it is given, and tells which chunks that was. */
class Wire {
  readonly chunks: number[] = [];
  readonly #ended = new AbortController();
  /** What the next message has to wait for. */
  gate: Promise<void> | undefined;

  get ending(): AbortSignal {
    return this.#ended.signal;
  }

  allocate(size: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(size);
  }

  async send(message: Message): Promise<void> {
    assert(message.kind === "chunk");
    this.chunks.push(message.chunk);
    await this.gate;
  }

  end(): void {
    this.#ended.abort();
  }

  get channel(): Channel {
    return this as unknown as Channel;
  }
}

/** Until all has happened that waits for nothing outside. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) {
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

/** A file of so many chunks that is sent by `main` and two side connections. */
function spreading(
  chunks: number,
  admit: () => Promise<boolean> = () => Promise.resolve(true),
  clock: Clock = new HandClock(),
) {
  const [main, a, b] = [new Wire(), new Wire(), new Wire()];
  const sides = new Sides();
  sides.add(a.channel);
  sides.add(b.channel);
  const spread = new Spread({
    channel: main.channel,
    id: 1,
    source: new MemorySource(new Uint8Array(chunks * FIRST_CHUNK_BYTES)),
    name: "a",
    digests: new ChunkDigests(),
    sides,
    admit,
    clock,
    body: (work) => new Compression("off").body(false, work),
  }, 0);
  return { main, a, b, spread };
}

Deno.test("Spread.send() resolves when what a lost side connection had is answered by another", async () => {
  const { main, a, b, spread } = spreading(4);
  const gate = Promise.withResolvers<void>();
  main.gate = gate.promise;
  let isSent = false;
  const sending = spread.send().then(() => isSent = true);
  // Both side connections wait for more before the main one does.
  await settle();
  gate.resolve();
  await settle();
  assert.deepEqual([...main.chunks, ...a.chunks, ...b.chunks].sort(), [0, 1, 2, 3]);
  for (const chunk of a.chunks) spread.answer(a.channel, chunk);
  await settle();
  b.end();
  await settle();
  const again = b.chunks.filter((chunk) => a.chunks.includes(chunk));
  assert.deepEqual(again, b.chunks);
  assert.equal(isSent, false);
  for (const chunk of again) spread.answer(a.channel, chunk);
  await sending;
});

Deno.test("Spread.send() begins with the main connection", async () => {
  const { main, a, b, spread } = spreading(1);
  await spread.send();
  assert.deepEqual([main.chunks, a.chunks, b.chunks], [[0], [], []]);
});

Deno.test("Spread.send() ends when nobody lets it go on, whatever is not answered", async () => {
  let admitted = 0;
  const { a, b, main, spread } = spreading(4, () => {
    if (++admitted > 3) return Promise.reject(new Error("no more"));
    return Promise.resolve(true);
  });
  await assert.rejects(spread.send(), /no more/);
  assert.equal([...main.chunks, ...a.chunks, ...b.chunks].length, 3);
});

Deno.test("Spread.send() leaves to others what the main connection has not come to", async () => {
  const { main, a, spread } = spreading(6);
  const gate = Promise.withResolvers<void>();
  main.gate = gate.promise;
  const sending = spread.send();
  await settle();
  for (const chunk of [...a.chunks]) spread.answer(a.channel, chunk);
  await settle();
  assert.deepEqual(main.chunks, [0]);
  assert.deepEqual(a.chunks.at(-1), 5);
  spread.stop();
  gate.resolve();
  await sending;
});

Deno.test("Spread.send() does not wait at the end for one side connection that takes far too long", async () => {
  const clock = new HandClock();
  const { main, a, b, spread } = spreading(20, undefined, clock);
  const sending = spread.send();
  // One answers after 100 ms each time, the other never.
  for (let answered = 0; answered < a.chunks.length || answered === 0;) {
    await settle();
    clock.move(100);
    spread.answer(a.channel, a.chunks[answered++] ?? -1);
    await settle();
  }
  const lost = [...b.chunks];
  const before = main.chunks.length;
  assert.equal(lost.length, 2);
  // Long enough for what is usual, and not yet for what is far too long.
  await clock.run(200);
  assert.equal(main.chunks.length + a.chunks.length + b.chunks.length, 20);
  await clock.run(10_000);
  for (const chunk of a.chunks) spread.answer(a.channel, chunk);
  await sending;
  assert.equal(b.ending.aborted, true);
  const again = [...main.chunks.slice(before), ...a.chunks].filter((chunk) => lost.includes(chunk));
  assert.deepEqual(again.sort((x, y) => x - y), lost.sort((x, y) => x - y));
  assert.equal(clock.pending, 0);
});
