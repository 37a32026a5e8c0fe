import { ok, rejects } from "node:assert/strict";
import { openFreeSpace, requireFree } from "./free_space.ts";

Deno.test("openFreeSpace() tells what a file system has, in bytes", async () => {
  const folder = Deno.makeTempDirSync({ prefix: "ft-free-" });
  const probe = await openFreeSpace(folder);
  const { free, total } = probe(folder);
  ok(Number.isSafeInteger(free) && free >= 0 && free <= total, `${free} of ${total}`);
  ok(total > 1024 * 1024, `${total}`);
  Deno.removeSync(folder);
  await rejects(openFreeSpace(folder));
});

Deno.test("requireFree() refuses what is more than there is, and nothing else", async () => {
  const path = Deno.realPathSync(Deno.makeTempDirSync());
  try {
    await requireFree(path, 1);
    await rejects(requireFree(path, Number.MAX_SAFE_INTEGER), { code: "disk_full" });
    // Where nobody can tell, it is tried.
    await requireFree(`${path}/missing`, Number.MAX_SAFE_INTEGER);
  } finally {
    Deno.removeSync(path);
  }
});
