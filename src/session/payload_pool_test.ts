import { equal, notEqual } from "node:assert/strict";
import { FRAME_BYTES } from "../protocol/limits.ts";
import { PayloadPool } from "./payload_pool.ts";

const LARGE = 1024 * 1024;

Deno.test("PayloadPool.take() gives the room again that was given back, at any large length", () => {
  const pool = new PayloadPool();
  const first = pool.take(FRAME_BYTES);
  equal(first.length, FRAME_BYTES);
  pool.giveBack(first);
  const second = pool.take(LARGE);
  equal(second.length, LARGE);
  equal(second.buffer, first.buffer);
  // What is in use is in nobody else's hands.
  notEqual(pool.take(LARGE).buffer, second.buffer);
});

Deno.test("PayloadPool.giveBack() takes nothing that is not its own, and nothing twice", () => {
  const pool = new PayloadPool();
  const other = new Uint8Array(LARGE);
  pool.giveBack(other);
  pool.giveBack(new Uint8Array(FRAME_BYTES));
  notEqual(pool.take(LARGE).buffer, other.buffer);
  const many = Array.from({ length: 80 }, () => pool.take(LARGE));
  // A part of it is as good as the whole.
  for (const room of [...many, ...many]) pool.giveBack(room.subarray(36));
  const again = Array.from({ length: 80 }, () => pool.take(LARGE).buffer);
  equal(new Set(again).size, 80);
  equal(pool.take(10).buffer.byteLength, 10);
});
