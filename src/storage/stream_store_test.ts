import { deepEqual, equal, rejects, throws } from "node:assert/strict";
import type { Partial, StageRequest } from "./store.ts";
import { type Sink, StreamStore } from "./stream_store.ts";

/** Chunks of ten bytes: so few that a chunk comes in several pieces. */
const extent = (index: number) => ({ offset: index * 10, size: 10 });
const REQUEST: StageRequest = {
  room: "public",
  name: "x",
  owner: "server",
  size: 30,
  mtime: undefined,
  version: "v1",
  run: "run",
  conflict: "rename",
  blind: false,
  extent,
};
const DIGEST = new Uint8Array(32).fill(7);

/** What is handed on. */
class Taken implements Sink {
  readonly bytes: number[] = [];
  isClosed = false;
  failure: Error | undefined;

  // deno-lint-ignore require-await -- others have to wait
  async write(bytes: Uint8Array): Promise<void> {
    if (this.failure !== undefined) throw this.failure;
    this.bytes.push(...bytes);
  }

  // deno-lint-ignore require-await -- others have to wait
  async close(): Promise<void> {
    this.isClosed = true;
  }
}

async function staged(store: StreamStore, request: object = {}): Promise<Partial> {
  const partial = await store.stage({ ...REQUEST, ...request });
  if ("outcome" in partial) throw new Error("nothing is there");
  return partial;
}

/** Writes bytes that are numbers, in pieces of these sizes. */
async function write(partial: Partial, from: number, ...sizes: readonly number[]): Promise<void> {
  let at = from;
  for (const size of sizes) {
    const piece = Uint8Array.from({ length: size }, (_, index) => at + index);
    await partial.write(at, piece);
    // What it lies in is used for other bytes at once.
    piece.fill(255);
    at += size;
  }
}

Deno.test("a chunk is handed on when it is verified, whatever has come after it", async () => {
  const taken = new Taken();
  const partial = await staged(new StreamStore(taken));
  await write(partial, 0, 4, 6, 3);
  equal(taken.bytes.length, 0);
  await partial.keep(0, DIGEST);
  deepEqual(taken.bytes, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  await write(partial, 13, 7);
  await partial.keep(1, DIGEST);
  equal(taken.bytes.length, 20);
  equal(taken.isClosed, false);
  const receipt = await partial.publish(20, "digest");
  deepEqual(receipt, { name: "x", size: 20, digest: "digest", outcome: "new" });
  equal(taken.isClosed, true);
});

Deno.test("the next attempt holds what was handed on, if it is of the same version", async () => {
  const taken = new Taken();
  const store = new StreamStore(taken);
  const first = await staged(store);
  await write(first, 0, 10, 5);
  await first.keep(0, DIGEST);
  const second = await staged(store);
  deepEqual(second.held, [{ index: 0, digest: DIGEST }]);
  equal(second.version, "v1");
  throws(() => first.write(15, new Uint8Array(1)), { code: "superseded" });
  await write(second, 10, 10);
  await second.keep(1, DIGEST);
  deepEqual(taken.bytes, Array.from({ length: 20 }, (_, at) => at));
  // Once two versions have met, nothing can vouch for all of it any more.
  for (const version of ["v2", "v1", undefined]) {
    equal((await staged(store, { version })).version, undefined);
  }
});

Deno.test("what comes anew or out of order is refused", async () => {
  const taken = new Taken();
  const store = new StreamStore(taken);
  const first = await staged(store);
  throws(() => first.write(10, new Uint8Array(1)), { code: "protocol" });
  await write(first, 0, 10);
  await first.keep(0, DIGEST);
  throws(() => first.write(5, new Uint8Array(1)), { code: "changed" });
  const second = await staged(store);
  throws(() => second.write(0, new Uint8Array(1)), { code: "changed" });
  await rejects(async () => await second.keep(0, new Uint8Array(32)), { code: "changed" });
  equal(taken.bytes.length, 10);
});

Deno.test("a sink that fails is a failure, and its reason the cause", async () => {
  const taken = new Taken();
  taken.failure = new Error("The reader has left.");
  const partial = await staged(new StreamStore(taken));
  await write(partial, 0, 10);
  const kept = async () => await partial.keep(0, DIGEST);
  await rejects(kept, { code: "io", cause: taken.failure });
});

Deno.test("nothing is there before, so everything is wanted", async () => {
  await rejects(new StreamStore(new Taken()).open("public", "x"), { code: "not_found" });
});
