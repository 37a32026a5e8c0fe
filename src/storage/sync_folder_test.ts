import { equal, rejects } from "node:assert/strict";
import { temporaryFolder } from "../../tests/fixtures/staged.ts";
import { isSyncing, syncFolder } from "./sync_folder.ts";

Deno.test("syncFolder() has those who ask while one runs share the next", async () => {
  using folder = temporaryFolder();
  const first = syncFolder(folder.path);
  const second = syncFolder(folder.path);
  const third = syncFolder(folder.path);
  equal(second, third);
  equal(isSyncing(folder.path), true);
  await Promise.all([first, second]);
  equal(isSyncing(folder.path), false);
  await syncFolder(folder.path);
});

Deno.test("syncFolder() fails for each who asks when the folder is gone", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/gone`;
  const asked = [syncFolder(path), syncFolder(path)];
  for (const sync of asked) await rejects(sync, Deno.errors.NotFound);
  equal(isSyncing(path), false);
});
