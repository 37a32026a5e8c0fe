import { deepEqual } from "node:assert/strict";
import { Syncs } from "./small_files.ts";

/** A file that tells how it is synced; to wait for that takes so many milliseconds. */
function fileOf(told: string[], milliseconds: number) {
  return {
    syncSync() {
      for (const end = performance.now() + milliseconds; performance.now() < end;);
      told.push("waited");
    },
    sync() {
      return Promise.resolve(void told.push("beside"));
    },
  };
}

Deno.test("files are synced side by side once some have shown that it takes long", async () => {
  const told: string[] = [];
  const syncs = new Syncs();
  await syncs.all([1, 1].map((milliseconds) => fileOf(told, milliseconds)));
  await syncs.all([1, 1].map((milliseconds) => fileOf(told, milliseconds)));
  await syncs.all([1, 1].map((milliseconds) => fileOf(told, milliseconds)));
  deepEqual(told, ["waited", "waited", "waited", "beside", "beside", "beside"]);
});

Deno.test("files are synced one after the other where one of them has shown that it costs nothing", async () => {
  const told: string[] = [];
  const syncs = new Syncs();
  await syncs.all([1, 0, 1, 1, 1].map((milliseconds) => fileOf(told, milliseconds)));
  deepEqual(told, Array(5).fill("waited"));
});
