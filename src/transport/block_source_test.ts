import assert from "node:assert/strict";
import { Random, seed } from "../../tests/random.ts";
import { encodeFrame, FrameDecoder } from "../protocol/frame.ts";
import { BlockSource } from "./block_source.ts";
import type { Socket } from "./socket.ts";

/** A socket that gives what it is told to, and nothing until then. */
class ScriptedSocket implements Socket {
  readonly #waiting: { into: Uint8Array; resolve: (count: number | null) => void }[] = [];
  /** The memory of every read. */
  readonly buffers: ArrayBufferLike[] = [];

  /** Whether a read waits. */
  get isRead(): boolean {
    return this.#waiting.length > 0;
  }

  read(into: Uint8Array): Promise<number | null> {
    this.buffers.push(into.buffer);
    return new Promise((resolve) => this.#waiting.push({ into, resolve }));
  }

  /** Gives so many bytes of one value to the read that waits, or its end. */
  async give(value: number, count: number | null): Promise<void> {
    while (this.#waiting.length === 0) await new Promise<void>((turn) => setImmediate(turn));
    const next = this.#waiting.shift();
    if (count !== null) next?.into.fill(value, 0, count);
    next?.resolve(count);
  }

  write = () => Promise.reject(new Error("not here"));
  closeWrite = () => Promise.resolve();
  close = () => {};
}

/** A source of a scripted socket, and what reads it: nothing ahead, unless it is told to. */
function scripted(highWaterMark = 0) {
  const socket = new ScriptedSocket();
  const source = new BlockSource(socket);
  return { socket, source, reader: new ReadableStream(source, { highWaterMark }).getReader() };
}

const RECORD = 16 * 1024;
Deno.test("BlockSource passes on together what is there at once, and holds back nothing", async () => {
  const { socket, reader } = scripted(1);
  for (const value of [1, 2, 3]) await socket.give(value, RECORD);
  // The next read of the socket is under way while these are passed on.
  const { value: first } = await reader.read();
  assert.ok(first !== undefined && first.length >= RECORD);
  let heard = first.length;
  while (heard < 3 * RECORD) heard += (await reader.read()).value?.length ?? 0;
  await socket.give(4, 10);
  assert.deepEqual([...(await reader.read()).value ?? []], new Array(10).fill(4));
  await socket.give(0, null);
  assert.equal((await reader.read()).done, true);
});

Deno.test("BlockSource uses the room again that was given back, and no other", async () => {
  const { socket, source, reader } = scripted();
  const kept: Uint8Array<ArrayBuffer>[] = [];
  const used = new Set<ArrayBufferLike>();
  for (let round = 0; round < 40; round++) {
    const reading = reader.read();
    for (let filled = 0; filled < 4; filled++) await socket.give(round, RECORD);
    const { value } = await reading;
    assert.ok(value !== undefined);
    assert.ok(value.every((byte) => byte === round));
    used.add(value.buffer);
    // Every fourth piece stays with somebody.
    if (round % 4 === 0) kept.push(value);
    else source.giveBack(value);
  }
  kept.forEach((piece, at) => assert.ok(piece.every((byte) => byte === 4 * at), `piece ${at}`));
  // Without any reuse there would be twenty blocks of 128 KiB.
  assert.ok(used.size < 18, `${used.size} blocks`);
});

Deno.test("BlockSource.giveBack() takes nothing that it did not lend, and nothing twice", async () => {
  const { socket, source, reader } = scripted();
  const foreign = Array.from({ length: 100 }, () => new Uint8Array(8));
  for (const bytes of foreign) source.giveBack(bytes);
  const lent: Uint8Array<ArrayBuffer>[] = [];
  for (let round = 0; round < 40; round++) {
    const reading = reader.read();
    for (let filled = 0; filled < 4; filled++) await socket.give(round, RECORD);
    const { value } = await reading;
    assert.ok(value !== undefined);
    lent.push(value);
    if (round === 0) { for (const _ of [1, 2, 3]) source.giveBack(value); }
  }
  for (const { buffer } of foreign) assert.ok(!socket.buffers.includes(buffer));
  lent.slice(1).forEach((piece, at) => assert.ok(piece.every((byte) => byte === at + 1), `${at}`));
});

Deno.test("BlockSource.place() has bytes read right into their place, in one piece", async () => {
  const { socket, source, reader } = scripted();
  const whole = new Uint8Array(10 * RECORD + 10);
  for (let position = 0; position < 3 * whole.length; position += whole.length) {
    source.place(position, whole.subarray(0, 10 * RECORD));
    const reading = reader.read();
    for (let record = 0; record < 10; record++) await socket.give(position + record, RECORD);
    const { value } = await reading;
    assert.equal(value?.buffer, whole.buffer);
    assert.deepEqual([value?.byteOffset, value?.length], [0, 10 * RECORD]);
    const records = Array.from({ length: 10 }, (_, at) => whole[at * RECORD]);
    assert.deepEqual(records, records.map((_, at) => (position + at) % 256));
    // What follows is passed on without looking for more: it tells the next place.
    const next = reader.read();
    await socket.give(11, 10);
    assert.deepEqual([...(await next).value ?? []], new Array(10).fill(11));
    assert.equal(socket.isRead, false);
  }
});

Deno.test("BlockSource.place() knows what was read ahead of it", async () => {
  // This stream reads ahead, so bytes of the place come before it is told.
  const { socket, source, reader } = scripted(1);
  await socket.give(1, RECORD);
  while (!socket.isRead) await new Promise<void>((turn) => setImmediate(turn));
  const whole = new Uint8Array(8 * RECORD);
  source.place(0, whole);
  await socket.give(2, RECORD);
  for (let ahead = 0; ahead < 2 * RECORD;) {
    const { value } = await reader.read();
    assert.notEqual(value?.buffer, whole.buffer);
    whole.set(value ?? [], ahead);
    ahead += value?.length ?? 0;
  }
  for (let record = 3; record <= 8; record++) await socket.give(record, RECORD);
  const { value } = await reader.read();
  assert.deepEqual([value?.byteOffset, value?.length], [2 * RECORD, 6 * RECORD]);
  for (let record = 1; record <= 8; record++) {
    const bytes = whole.subarray((record - 1) * RECORD, record * RECORD);
    assert.ok(bytes.every((byte) => byte === record), `record ${record}`);
  }
});

Deno.test("BlockSource.place() leaves a small room alone", async () => {
  const least = 32 * 1024;
  for (const size of [least - 1, least]) {
    const { socket, source, reader } = scripted();
    const room = new Uint8Array(size);
    source.place(0, room);
    const reading = reader.read();
    await socket.give(1, size);
    assert.equal((await reading).value?.buffer === room.buffer, size === least, `${size} bytes`);
  }
});

Deno.test("BlockSource passes on what had come to a place when the peer's words end there", async () => {
  const { socket, source, reader } = scripted();
  source.place(0, new Uint8Array(64 * 1024));
  const reading = reader.read();
  await socket.give(1, 5);
  await socket.give(0, null);
  assert.deepEqual([...(await reading).value ?? []], [1, 1, 1, 1, 1]);
  assert.equal((await reader.read()).done, true);
});

Deno.test(`BlockSource.place() changes nothing of what a decoder reads (seed ${seed})`, async () => {
  const random = new Random(seed);
  const frames = Array.from({ length: 60 }, (_, id) => ({
    type: 1,
    id,
    payload: [random.bytes(random.between(0, random.pick([10, 20_000, 300_000, 1_000_000])))],
  }));
  const bytes = await new Blob(frames.flatMap(encodeFrame)).bytes();
  let at = 0;
  let placed = 0;
  const socket: Socket = {
    async read(into) {
      // Some of it is there at once, some comes when the event loop has come round.
      if (random.between(0, 3) === 0) await new Promise<void>((turn) => setImmediate(turn));
      const most = Math.min(random.pick([1, 1_000, RECORD, RECORD, 500_000]), into.length);
      const piece = bytes.subarray(at, at + most);
      into.set(piece);
      at += piece.length;
      return piece.length === 0 ? null : piece.length;
    },
    write: () => Promise.reject(new Error("not here")),
    closeWrite: () => Promise.resolve(),
    close: () => {},
  };
  const source = new BlockSource(socket);
  const payloads = new Set<ArrayBufferLike>();
  const decoder = new FrameDecoder({
    allocate(length) {
      const room = new Uint8Array(length);
      payloads.add(room.buffer);
      return room;
    },
    onAwaited: (position, room) => source.place(position, room),
    onTaken: (piece) => {
      if (payloads.has(piece.buffer)) placed += piece.length;
      source.giveBack(piece);
    },
  });
  let id = 0;
  for await (const frame of new ReadableStream(source).pipeThrough(decoder)) {
    assert.equal(frame.id, id);
    assert.deepEqual(frame.payload, frames[id]?.payload[0], `frame ${id}`);
    id++;
    // A reader that is slow now and then has the source read ahead of it.
    if (random.between(0, 3) === 0) await new Promise<void>((turn) => setImmediate(turn));
  }
  assert.equal(id, frames.length);
  assert.ok(placed > 0);
});
