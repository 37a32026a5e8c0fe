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

Deno.test("PayloadPool.giveBack() takes nothing that is not its own, and not more than two", () => {
  const pool = new PayloadPool();
  const other = new Uint8Array(LARGE);
  pool.giveBack(other);
  pool.giveBack(new Uint8Array(FRAME_BYTES).subarray(0, 10));
  notEqual(pool.take(LARGE).buffer, other.buffer);
  const rooms = [1, 2, 3].map(() => pool.take(LARGE));
  for (const room of rooms) pool.giveBack(room);
  const again = new Set([1, 2, 3].map(() => pool.take(LARGE).buffer));
  equal(rooms.filter(({ buffer }) => again.has(buffer)).length, 2);
  equal(pool.take(10).buffer.byteLength, 10);
});
