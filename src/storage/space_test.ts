import assert from "node:assert/strict";
import { TREE_REQUEST } from "../../tests/fixtures/staged.ts";
import { FolderStore } from "./folder_store.ts";
import { Space, type SpaceOptions } from "./space.ts";
import type { Partial, Receipt, StageRequest } from "./store.ts";
import type { StagedTree, TreeEntry } from "./tree.ts";

const MiB = 1024 * 1024;
const DIGEST = `ft1:0:${"0".repeat(64)}`;

/** A store with limited space on a disk and a clock of the test's own. */
class Rooms {
  readonly root: string = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "ft-space-" }));
  /** Milliseconds. */
  now = 0;
  /** Bytes that are free on the disk, which nobody uses up but the test. */
  free = 1e15;
  probed = 0;
  readonly store: FolderStore;

  constructor(limits: globalThis.Partial<SpaceOptions>) {
    for (const folder of ["private", "shared", ".ft"]) Deno.mkdirSync(`${this.root}/${folder}`);
    this.store = this.again(limits);
  }

  /** A store on the same folders, as after a restart. */
  again(limits: globalThis.Partial<SpaceOptions>): FolderStore {
    const rooms = { private: `${this.root}/private`, shared: `${this.root}/shared` };
    const staging = `${this.root}/.ft/staging`;
    const space = new Space({
      maxFile: 2 ** 44,
      quota: undefined,
      minFree: 0,
      rooms,
      staging,
      recorded: () => [],
      now: () => this.now,
      probe: Promise.resolve(() => {
        this.probed++;
        return { free: this.free, total: 1e15 };
      }),
      ...limits,
    });
    return new FolderStore({ rooms, staging, space });
  }

  async stage(name: string, more: globalThis.Partial<StageRequest>): Promise<Partial> {
    return await stage(this.store, name, more);
  }

  staged(): string[] {
    return [...Deno.readDirSync(`${this.root}/.ft/staging`)].map(({ name }) => name);
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.root, { recursive: true });
  }
}

async function stage(
  store: FolderStore,
  name: string,
  more: globalThis.Partial<StageRequest>,
): Promise<Partial> {
  const partial = await store.stage({
    room: "shared",
    name,
    owner: "ana",
    size: undefined,
    mtime: undefined,
    version: `version of ${name}`,
    run: name,
    conflict: "rename",
    blind: false,
    ...more,
  });
  assert("held" in partial);
  return partial;
}

/** A folder whose manifest is complete: files of one MiB each. */
async function begin(
  store: FolderStore,
  files: number,
): Promise<{ tree: StagedTree; entries: TreeEntry[] }> {
  const tree = store.trees.stageTree(TREE_REQUEST);
  const entries = Array.from({ length: files }, (_, at): TreeEntry => {
    return { path: `${at}`, kind: "file", size: MiB };
  });
  await tree.offer(entries);
  await tree.begin(entries, []);
  return { tree, entries };
}

/** Small files of a folder come. */
async function send(tree: StagedTree, entries: readonly TreeEntry[]): Promise<string[]> {
  const bytes = new Uint8Array(MiB);
  const outcomes = await tree.store(entries.map((entry) => ({ entry, bytes, digest: DIGEST })));
  return outcomes.map((outcome) => typeof outcome === "string" ? outcome : outcome.code);
}

async function publish(partial: Partial, size: number): Promise<Receipt> {
  for (let at = 0; at < size; at += MiB) {
    await partial.write(at, new Uint8Array(Math.min(MiB, size - at)));
  }
  return await partial.publish(size, DIGEST);
}

function failsWith(code: string, message: RegExp, hint = /Waiting does not help/): object {
  return { name: "FtError", code, message, hint };
}

const FULL = /room holds at most 10 MiB \(--quota\)/;
const LATER = /once they have ended it may fit/;

Deno.test("Space refuses a file that is too large before it is staged, and while it grows", async () => {
  using rooms = new Rooms({ maxFile: 3 * MiB, quota: 10 * MiB });
  const tooLarge = failsWith("limit", /'a' is larger than 3 MiB \(--max-file\)/);
  await assert.rejects(rooms.stage("a", { size: 3 * MiB + 1 }), tooLarge);
  assert.equal((await publish(await rooms.stage("b", { size: 3 * MiB }), 3 * MiB)).outcome, "new");
  const growing = await rooms.stage("a", {});
  await growing.write(0, new Uint8Array(3 * MiB));
  assert.throws(() => growing.write(3 * MiB, new Uint8Array(1)), tooLarge);
  await growing.close();
  assert.deepEqual(rooms.staged(), []);
});

Deno.test("Space lets in exactly what fits of what comes at once", async () => {
  using rooms = new Rooms({ quota: 10 * MiB });
  const asked = Array.from({ length: 20 }, (_, at) => rooms.stage(`file ${at}`, { size: 3 * MiB }));
  const ends = await Promise.allSettled(asked);
  const taken = ends.flatMap((end) => end.status === "fulfilled" ? [end.value] : []);
  assert.equal(taken.length, 3);
  for (const end of ends) {
    if (end.status === "rejected") {
      assert.throws(() => {
        throw end.reason;
      }, failsWith("limit", FULL, LATER));
    }
  }
  for (const partial of taken) await publish(partial, 3 * MiB);
  // Nothing is under way any more: waiting would not help now.
  await assert.rejects(rooms.stage("late", { size: 2 * MiB }), failsWith("limit", FULL));
  await publish(await rooms.stage("small", { size: MiB }), MiB);
  // Each room has a quota of its own.
  await publish(await rooms.stage("late", { room: "private", size: 10 * MiB }), 10 * MiB);
  assert.deepEqual(rooms.staged(), []);
});

Deno.test("Space gives back what was removed by hand, what failed and what was replaced", async () => {
  using rooms = new Rooms({ quota: 10 * MiB });
  await publish(await rooms.stage("a", { size: 8 * MiB }), 8 * MiB);
  await assert.rejects(rooms.stage("b", { size: 3 * MiB }), failsWith("limit", FULL));
  Deno.removeSync(`${rooms.root}/shared/a`);
  await assert.rejects(rooms.stage("b", { size: 3 * MiB }), failsWith("limit", FULL));
  rooms.now += 2_000;
  const failing = await rooms.stage("b", { size: 8 * MiB });
  await failing.discard();
  await publish(await rooms.stage("c", { size: 4 * MiB }), 4 * MiB);
  for (let at = 0; at < 5; at++) {
    const over = await rooms.stage("c", { size: 4 * MiB, conflict: "overwrite", run: `${at}` });
    assert.equal((await publish(over, 4 * MiB)).outcome, "replaced");
  }
});

Deno.test("Space counts what was interrupted, across a restart too, but not twice", async () => {
  using rooms = new Rooms({ quota: 10 * MiB });
  const request = { size: 8 * MiB, extent: (at: number) => ({ offset: at * MiB, size: MiB }) };
  const partial = await rooms.stage("a", request);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new Uint8Array(MiB)));
  for (let at = 0; at < 6; at++) {
    await partial.write(at * MiB, new Uint8Array(MiB));
    await partial.keep(at, digest);
  }
  await partial.close();
  for (const store of [rooms.store, rooms.again({ quota: 10 * MiB })]) {
    await assert.rejects(stage(store, "b", { size: 5 * MiB }), failsWith("limit", FULL));
    const other = await stage(store, "b", { size: 4 * MiB });
    await other.discard();
    const going = await stage(store, "a", { ...request, run: "again" });
    assert.equal(going.held.length, 6);
    await assert.rejects(stage(store, "b", { size: 3 * MiB }), failsWith("limit", FULL, LATER));
    await going.close();
  }
});

Deno.test("Space lets what has no size grow up to the quota, and no further", async () => {
  using rooms = new Rooms({ quota: 10 * MiB });
  const growing = await rooms.stage("a", {});
  const other = await rooms.stage("b", {});
  for (let at = 0; at < 5; at++) {
    await growing.write(at * MiB, new Uint8Array(MiB));
    await other.write(at * MiB, new Uint8Array(MiB));
  }
  const more = async () => await growing.write(5 * MiB, new Uint8Array(1));
  await assert.rejects(more(), failsWith("limit", FULL, LATER));
  await growing.close();
  // The room of the one that gave up is free for the other.
  for (let at = 5; at < 10; at++) await other.write(at * MiB, new Uint8Array(MiB));
  assert.equal((await other.publish(10 * MiB, DIGEST)).size, 10 * MiB);
});

Deno.test("Space keeps nothing for one that brings nothing for a minute, until it goes on", async () => {
  using rooms = new Rooms({ quota: 10 * MiB });
  const idle = await rooms.stage("idle", { size: 9 * MiB });
  await idle.write(0, new Uint8Array(MiB));
  rooms.now += 59_999;
  await assert.rejects(rooms.stage("b", { size: 5 * MiB }), failsWith("limit", FULL, LATER));
  rooms.now += 1;
  const busy = await rooms.stage("b", { size: 5 * MiB });
  const more = async () => await idle.write(MiB, new Uint8Array(MiB));
  await assert.rejects(more(), failsWith("limit", FULL, LATER));
  await busy.discard();
  await more();
  await idle.discard();
});

Deno.test("Space keeps room for all of a folder, of which each file takes its part", async () => {
  using rooms = new Rooms({ quota: 10 * MiB, maxFile: 5 * MiB });
  const { tree, entries } = await begin(rooms.store, 8);
  const over = async () => {
    await assert.rejects(rooms.stage("b", { size: 3 * MiB }), failsWith("limit", FULL, LATER));
    await (await rooms.stage("b", { size: 2 * MiB })).discard();
  };
  await over();
  // Together they may be larger than one file.
  assert.deepEqual(await send(tree, entries.slice(0, 6)), Array(6).fill("new"));
  await over();
  const large = await rooms.stage("", { size: MiB, ...tree.place(entries[6] as TreeEntry) });
  await over();
  await publish(large, MiB);
  await over();
  const late = { size: MiB, ...tree.place(entries[7] as TreeEntry) };
  tree.close();
  // The rest does not come any more, and what does counts for itself.
  await assert.rejects(rooms.stage("b", { size: 4 * MiB }), failsWith("limit", FULL));
  const other = await rooms.stage("b", { size: 3 * MiB });
  await assert.rejects(rooms.stage("", late), failsWith("limit", FULL, LATER));
  await other.discard();
});

Deno.test("Space keeps nothing for a folder that brings nothing for a minute", async () => {
  using rooms = new Rooms({ quota: 10 * MiB });
  const { tree, entries } = await begin(rooms.store, 8);
  rooms.now += 59_999;
  const large = await rooms.stage("", { size: MiB, ...tree.place(entries[0] as TreeEntry) });
  rooms.now += 59_999;
  // What comes of one of its files comes of it.
  await large.write(0, new Uint8Array(MiB));
  rooms.now += 59_999;
  await assert.rejects(rooms.stage("b", { size: 3 * MiB }), failsWith("limit", FULL, LATER));
  rooms.now += 1;
  const other = await rooms.stage("b", { size: 8 * MiB });
  assert.deepEqual(await send(tree, entries.slice(1, 2)), ["new"]);
  // That one has come does not take back the room that another has now.
  await large.publish(MiB, DIGEST);
  assert.deepEqual(await send(tree, entries.slice(2, 3)), ["limit"]);
  assert.equal((await publish(other, 8 * MiB)).outcome, "new");
  tree.close();
});

Deno.test("Space promises a folder what it needs of the disk, and each file its part of that", async () => {
  using rooms = new Rooms({ minFree: 100 * MiB });
  rooms.free = 110 * MiB;
  const { tree, entries } = await begin(rooms.store, 8);
  const full = /100 MiB of the disk stay free \(--min-free\)/;
  await assert.rejects(rooms.stage("b", { size: 3 * MiB }), failsWith("disk_full", full, LATER));
  // Another program takes what is left: what comes is still let in as far as it fits.
  rooms.free = 102 * MiB;
  rooms.now += 1_000;
  assert.deepEqual(await send(tree, entries.slice(0, 1)), ["new"]);
  const large = await rooms.stage("", { size: MiB, ...tree.place(entries[1] as TreeEntry) });
  await publish(large, MiB);
  rooms.free = 100 * MiB;
  assert.deepEqual(await send(tree, entries.slice(2, 3)), ["disk_full"]);
  tree.close();
});

Deno.test("Space leaves so much of the disk free, what is under way included", async () => {
  using rooms = new Rooms({ minFree: 100 * MiB });
  rooms.free = 110 * MiB;
  const full = /'b' does not fit: 100 MiB of the disk stay free \(--min-free\)/;
  await assert.rejects(
    rooms.stage("b", { size: 11 * MiB }),
    failsWith("disk_full", full, /Once there is space/),
  );
  const under = await rooms.stage("a", { size: 8 * MiB });
  await assert.rejects(rooms.stage("b", { size: 3 * MiB }), failsWith("disk_full", full, LATER));
  await under.write(0, new Uint8Array(MiB));
  // Another program fills the disk: what was promised is not there any more.
  rooms.free = 100 * MiB;
  rooms.now += 1_000;
  const more = async () => await under.write(MiB, new Uint8Array(MiB));
  await assert.rejects(more(), { code: "disk_full" });
  await under.close();
  rooms.free = 102 * MiB;
  const growing = await rooms.stage("b", {});
  await growing.write(0, new Uint8Array(2 * MiB));
  // The test's disk does not fill up by itself, and was looked at just now.
  rooms.free = 100 * MiB;
  const grow = async () => await growing.write(2 * MiB, new Uint8Array(1));
  await assert.rejects(grow(), { code: "disk_full" });
  await growing.close();
});

Deno.test("Space looks at the disk about once a second, and at no room without a quota", async () => {
  using rooms = new Rooms({ minFree: undefined });
  const partial = await rooms.stage("a", { size: 64 * MiB });
  Deno.removeSync(`${rooms.root}/private`);
  for (let at = 0; at < 64; at++) {
    await partial.write(at * MiB, new Uint8Array(MiB));
    rooms.now += 100;
  }
  assert.ok(rooms.probed >= 6 && rooms.probed <= 8, `${rooms.probed}`);
  await partial.discard();
  rooms.now += 1_000;
  // 1 GiB stays free when nobody says how much.
  rooms.free = 2 ** 30 + MiB;
  await assert.rejects(rooms.stage("b", { size: 2 * MiB }), { code: "disk_full" });
  await (await rooms.stage("b", { size: MiB })).discard();
});
