import { deepEqual, equal, ok } from "node:assert/strict";
import { bytesOf, hasHoles, temporaryFolder, usedBy } from "../../tests/fixtures/staged.ts";
import { storeSmall, Syncs } from "./small_files.ts";
import { Staging } from "./staging.ts";
import type { WholeFile } from "./tree.ts";

const KiB = 1024;

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

/** Stores files of such bytes; for each what the disk then has of it, and how much of the disk. */
async function stored(contents: readonly Uint8Array[]) {
  using folder = temporaryFolder();
  const staging = new Staging(folder.path, () => {
    throw new Error("nothing is published here");
  });
  const files = contents.map((bytes, at): WholeFile => ({
    entry: { path: `${at}`, kind: "file", size: bytes.length, mtime: 1_600_000_000_000 },
    bytes,
    digest: "",
  }));
  const found: { bytes: Uint8Array; used: number; mtime: number | undefined }[] = [];
  const outcomes = await storeSmall(files, staging, {
    ...NOWHERE,
    syncs: new Syncs(),
    publish: (group) =>
      group.map(({ written: { info, path } }) => {
        const bytes = Deno.readFileSync(path);
        found.push({ bytes, used: usedBy(path), mtime: info?.mtime?.getTime() });
        return "new";
      }),
    isRecorded: true,
  });
  deepEqual(outcomes, contents.map(() => "new"));
  return found;
}

Deno.test("zeros of small files are read where they were, at the end, too", async () => {
  const all = [
    bytesOf(300 * KiB, 1).fill(0, 0, 128 * KiB),
    bytesOf(300 * KiB, 2).fill(0, 64 * KiB, 256 * KiB),
    bytesOf(256 * KiB, 3).fill(0, 64 * KiB),
    new Uint8Array(64 * KiB),
    new Uint8Array(900_000),
    new Uint8Array(1),
    new Uint8Array(),
  ];
  const found = await stored(all);
  deepEqual(found.map(({ bytes }) => bytes), all);
  deepEqual(found.map(({ mtime }) => mtime), all.map(() => 1_600_000_000_000));
});

Deno.test({
  name: "long runs of zeros in small files take up no space (ignored where files have no holes)",
  ignore: !hasHoles(),
  async fn() {
    const [zeros, tail, middle] = await stored([
      new Uint8Array(900_000),
      bytesOf(512 * KiB, 1).fill(0, 64 * KiB),
      bytesOf(512 * KiB, 2).fill(0, 64 * KiB, 448 * KiB),
    ]);
    ok(zeros !== undefined && zeros.used <= 64 * KiB, `${zeros?.used} bytes of zeros`);
    ok(tail !== undefined && tail.used <= 72 * KiB, `${tail?.used} bytes of data and zeros`);
    ok(middle !== undefined && middle.used <= 136 * KiB, `${middle?.used} bytes around zeros`);
  },
});
