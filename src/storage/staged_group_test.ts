import { deepEqual, equal, ok } from "node:assert/strict";
import { namesIn } from "../../tests/files.ts";
import { temporaryFolder } from "../../tests/fixtures/staged.ts";
import { sweepLeftovers } from "./leftovers.ts";
import { StagedGroup } from "./staged_group.ts";

function makeGroup(staging: string): StagedGroup {
  const group = StagedGroup.in(staging);
  ok(group);
  return group;
}

Deno.test("StagedGroup stages files by themselves and in folders, and leaves nothing behind", () => {
  using folder = temporaryFolder();
  const group = makeGroup(folder.path);
  const places = [["a", undefined], ["a", "d"], ["b", "d"], ["a", "d/e"], ["a", "d"]] as const;
  const staged = places.map(([name, key]) => {
    const { file, ...rest } = group.create(0o666, name, key);
    file.close();
    return rest;
  });
  deepEqual(staged.map(({ folder }) => folder !== undefined), [false, true, true, true, false]);
  equal(staged[1]?.folder, staged[2]?.folder);
  equal(staged[2]?.path, `${staged[2]?.folder?.path}/b`);
  equal(new Set(staged.map(({ path }) => path)).size, 5);
  group.turn();
  const next = group.create(0o666, "a", "d");
  next.file.close();
  ok(next.folder !== undefined && next.folder !== staged[1]?.folder);
  Deno.renameSync(next.folder.path, `${folder.path}/in its place`);
  group.end();
  deepEqual(namesIn(folder.path), ["in its place"]);
});

Deno.test("a sweep removes what was left of a group, and nothing of one that is in use", () => {
  using folder = temporaryFolder();
  using left = temporaryFolder();
  const group = makeGroup(folder.path);
  const { file, path } = group.create(0o666, "a", "d");
  file.close();
  // As a killed process leaves it: without the lock.
  const base = "0f0f0f0f-0000-4000-8000-000000000000";
  for (const number of [0, 1]) {
    Deno.mkdirSync(`${folder.path}/${base}.${number}.small`);
    Deno.writeTextFileSync(`${folder.path}/${base}.${number}.small/a`, "a");
  }
  Deno.writeTextFileSync(`${folder.path}/${base}.part`, "");
  Deno.linkSync(`${folder.path}/${base}.0.small/a`, `${left.path}/a`);
  sweepLeftovers(folder.path, 1_000_000);
  equal(namesIn(folder.path).length, 2);
  ok(Deno.lstatSync(path).isFile);
  equal(Deno.readTextFileSync(`${left.path}/a`), "a");
  group.end();
  deepEqual(namesIn(folder.path), []);
});
