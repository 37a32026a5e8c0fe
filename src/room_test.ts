import assert from "node:assert/strict";
import { roomFor, roomIn } from "./room.ts";

const CACHE_LINE = 64;
/** Where glibc begins what it takes from the system for itself, in bytes past a page. */
const MALLOC_BEGINS = 16;

Deno.test("roomFor() begins a cache line past the page of a large allocation", () => {
  const room = roomFor(1_000_000);
  assert.equal(room.length, 1_000_000);
  assert.equal((MALLOC_BEGINS + room.byteOffset) % CACHE_LINE, 0);
});

Deno.test("roomIn() is the same room again", () => {
  const room = roomFor(1_000);
  const again = roomIn(room.buffer);
  assert.equal(again.byteOffset, room.byteOffset);
  assert.equal(again.length, room.length);
});
