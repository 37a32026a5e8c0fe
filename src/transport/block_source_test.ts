import assert from "node:assert/strict";
import { BlockSource } from "./block_source.ts";
import type { Socket } from "./socket.ts";

/** A socket that gives what it is told to, and nothing until then. */
class ScriptedSocket implements Socket {
  readonly #waiting: { into: Uint8Array; resolve: (count: number | null) => void }[] = [];
  /** The memory of every read. */
  readonly buffers: ArrayBufferLike[] = [];

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

const RECORD = 16 * 1024;

Deno.test("BlockSource passes on together what is there at once, and holds back nothing", async () => {
  const socket = new ScriptedSocket();
  const reader = new ReadableStream(new BlockSource(socket)).getReader();
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
  const socket = new ScriptedSocket();
  const source = new BlockSource(socket);
  const reader = new ReadableStream(source, { highWaterMark: 0 }).getReader();
  const kept: Uint8Array<ArrayBuffer>[] = [];
  const used = new Set<ArrayBufferLike>();
  for (let round = 0; round < 40; round++) {
    const reading = reader.read();
    for (let filled = 0; filled < 16; filled++) await socket.give(round, RECORD);
    const { value } = await reading;
    assert.ok(value !== undefined);
    assert.ok(value.every((byte) => byte === round));
    used.add(value.buffer);
    // Every fourth piece stays with somebody.
    if (round % 4 === 0) kept.push(value);
    else source.giveBack(value);
  }
  kept.forEach((piece, at) => assert.ok(piece.every((byte) => byte === 4 * at), `piece ${at}`));
  // Without any reuse there would be twenty blocks of 512 KiB.
  assert.ok(used.size < 18, `${used.size} blocks`);
});

Deno.test("BlockSource.giveBack() takes nothing that it did not lend, and nothing twice", async () => {
  const socket = new ScriptedSocket();
  const source = new BlockSource(socket);
  const reader = new ReadableStream(source, { highWaterMark: 0 }).getReader();
  const foreign = Array.from({ length: 100 }, () => new Uint8Array(8));
  for (const bytes of foreign) source.giveBack(bytes);
  const lent: Uint8Array<ArrayBuffer>[] = [];
  for (let round = 0; round < 40; round++) {
    const reading = reader.read();
    for (let filled = 0; filled < 16; filled++) await socket.give(round, RECORD);
    const { value } = await reading;
    assert.ok(value !== undefined);
    lent.push(value);
    if (round === 0) { for (const _ of [1, 2, 3]) source.giveBack(value); }
  }
  for (const { buffer } of foreign) assert.ok(!socket.buffers.includes(buffer));
  lent.slice(1).forEach((piece, at) => assert.ok(piece.every((byte) => byte === at + 1), `${at}`));
});
