import assert from "node:assert/strict";
import { BufferPool } from "./buffer_pool.ts";

const LENGTH = 1_000_000;
const CACHE_LINE = 64;
/** Where glibc begins what it takes from the system for itself, in bytes past a page. */
const MALLOC_BEGINS = 16;

Deno.test("BufferPool.take() begins a cache line past the page of a large allocation", () => {
  const bytes = new BufferPool(LENGTH).take();
  assert.equal(bytes.length, LENGTH);
  assert.equal((MALLOC_BEGINS + bytes.byteOffset) % CACHE_LINE, 0);
});

Deno.test("BufferPool.take() gives what was given back once, at the same place", () => {
  const pool = new BufferPool(LENGTH);
  const first = pool.take();
  pool.giveBack(first.buffer);
  assert.ok(pool.hasSpare);
  const again = pool.take();
  assert.ok(!pool.hasSpare);
  assert.deepEqual(
    [again.buffer, again.byteOffset, again.length],
    [first.buffer, first.byteOffset, first.length],
  );
  assert.notEqual(pool.take().buffer, first.buffer);
});

Deno.test("BufferPool.giveBack() keeps 64", () => {
  const pool = new BufferPool(1_000);
  const many = Array.from({ length: 80 }, () => pool.take().buffer);
  for (const buffer of many) pool.giveBack(buffer);
  const known = new Set(many);
  const again = Array.from({ length: 80 }, () => pool.take().buffer);
  assert.equal(again.filter((buffer) => known.has(buffer)).length, 64);
});
