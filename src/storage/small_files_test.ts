import { deepEqual, equal, ok } from "node:assert/strict";
import { temporaryFolder } from "../../tests/fixtures/staged.ts";
import { storeSmall, Syncs } from "./small_files.ts";
import { Staging } from "./staging.ts";
import type { WholeFile } from "./tree.ts";

/** Files that are synced by a clock of their own, and what each was. */
class SyncedFiles {
  readonly told: string[] = [];
  #now = 0;
  readonly syncs = new Syncs(() => this.#now);

  /** Syncs files; to wait for each takes so many milliseconds. */
  async sync(...milliseconds: readonly number[]): Promise<void> {
    await this.syncs.all(milliseconds.map((milliseconds) => ({
      syncSync: () => {
        this.#now += milliseconds;
        this.told.push("waited");
      },
      sync: () => Promise.resolve(void this.told.push("beside")),
    })));
  }
}

Deno.test("files are synced side by side once some have shown that it takes long", async () => {
  const files = new SyncedFiles();
  await files.sync(1, 1);
  await files.sync(1, 1);
  await files.sync(1, 1);
  deepEqual(files.told, ["waited", "waited", "waited", "beside", "beside", "beside"]);
});

Deno.test("files are synced one after the other where one of them has shown that it costs nothing", async () => {
  const files = new SyncedFiles();
  await files.sync(1, 0.1, 1, 1, 1);
  deepEqual(files.told, Array(5).fill("waited"));
});

/** So many small files. */
function filesOf(count: number): WholeFile[] {
  return Array.from({ length: count }, (_, at) => ({
    entry: { path: `${at}`, kind: "file", size: 1 },
    bytes: new Uint8Array(1),
    digest: "",
  }));
}

const NOWHERE = {
  isRecorded: false,
  newFolder: () => undefined,
  publish: (group: readonly unknown[]) => group.map(() => "new" as const),
};

Deno.test("each file fails alone where nothing can be staged", async () => {
  using folder = temporaryFolder();
  Deno.writeTextFileSync(`${folder.path}/staging`, "no folder");
  const staging = new Staging(`${folder.path}/staging`, () => {
    throw new Error("nothing is published here");
  });
  const outcomes = await storeSmall(filesOf(2), staging, { ...NOWHERE, syncs: new Syncs() });
  deepEqual(outcomes.map((outcome) => outcome instanceof Error && outcome.name), [
    "FtError",
    "FtError",
  ]);
});

Deno.test("few of the files of a pack are open at once", async () => {
  using folder = temporaryFolder();
  const staging = new Staging(folder.path, () => {
    throw new Error("nothing is published here");
  });
  const counts: number[] = [];
  const syncs = new Syncs();
  const all = syncs.all.bind(syncs);
  syncs.all = async (files) => {
    counts.push(files.length);
    await all(files);
  };
  const outcomes = await storeSmall(filesOf(100), staging, { ...NOWHERE, syncs });
  deepEqual(outcomes, Array(100).fill("new"));
  ok(Math.max(...counts) <= 32, `${counts}`);
  equal(counts.reduce((sum, count) => sum + count), 100);
});
