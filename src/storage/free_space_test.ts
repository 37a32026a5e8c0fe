import { ok, rejects } from "node:assert/strict";
import { openFreeSpace } from "./free_space.ts";

Deno.test("openFreeSpace() tells what a file system has, in bytes", async () => {
  const folder = Deno.makeTempDirSync({ prefix: "ft-free-" });
  const probe = await openFreeSpace(folder);
  const { free, total } = probe(folder);
  ok(Number.isSafeInteger(free) && free >= 0 && free <= total, `${free} of ${total}`);
  ok(total > 1024 * 1024, `${total}`);
  Deno.removeSync(folder);
  await rejects(openFreeSpace(folder));
});
