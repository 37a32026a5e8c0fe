import { deepEqual, equal, ok, rejects, throws } from "node:assert/strict";
import { namesIn, writeFile } from "../../tests/files.ts";
import { CountedCalls } from "../../tests/fixtures/counted.ts";
import {
  bytesOf,
  digestOf,
  temporaryFolder,
  TREE_REQUEST as REQUEST,
} from "../../tests/fixtures/staged.ts";
import { FtError } from "../error.ts";
import { FolderStore } from "./folder_store.ts";
import { Records } from "./records.ts";
import { Space } from "./space.ts";
import type { StagedTree, TreeEntry, TreeRequest, WholeFile } from "./tree.ts";

const MTIME = 1_700_000_000_000;

interface Made extends Disposable {
  /** The folder of the tree. */
  readonly there: string;
  readonly staging: string;
  readonly records: Records;
  readonly store: FolderStore;
  readonly tree: StagedTree;
  readonly files: readonly WholeFile[];
}

/** A new tree whose manifest is complete, and the files that it waits for. */
async function makeTree(...names: readonly string[]): Promise<Made> {
  return await makeTreeOf({}, ...names);
}

async function makeTreeOf(say: Partial<TreeRequest>, ...names: readonly string[]): Promise<Made> {
  const folder = temporaryFolder();
  const { path } = folder;
  Deno.mkdirSync(`${path}/room`);
  const records = Records.open(`${path}/records.db`, () => {});
  const staging = `${path}/staging`;
  const store = new FolderStore({ rooms: { shared: `${path}/room` }, staging, records });
  const tree = store.trees.stageTree({ ...REQUEST, ...say });
  const files = await Promise.all(names.map(async (path): Promise<WholeFile> => {
    const bytes = bytesOf(10, 7);
    const entry: TreeEntry = { path, kind: "file", size: bytes.length, mtime: MTIME };
    return { entry, bytes, digest: await digestOf(bytes) };
  }));
  await tree.offer(files.map(({ entry }) => entry));
  await tree.begin(files.map(({ entry }) => entry), []);
  return {
    there: `${path}/room/t`,
    staging,
    records,
    store,
    tree,
    files,
    [Symbol.dispose]() {
      tree.close();
      records.close();
      folder[Symbol.dispose]();
    },
  };
}

/** What became of files: outcomes, and the codes of failures. */
async function stored(tree: StagedTree, files: readonly WholeFile[]): Promise<string[]> {
  const outcomes = await tree.store(files);
  return outcomes.map((outcome) => outcome instanceof FtError ? outcome.code : outcome);
}

/** Does something just before the next folder is given its place. */
function beforeRename(act: () => void): Disposable {
  const { renameSync } = Deno;
  Deno.renameSync = (from, to) => {
    Deno.renameSync = renameSync;
    act();
    renameSync(from, to);
  };
  return { [Symbol.dispose]: () => void (Deno.renameSync = renameSync) };
}

Deno.test("small files of new folders get their places with their folders, and nothing stays staged", async () => {
  const names = ["a", "d/e/a", "d/a", "d/b", "f/g/h/a", "d/e/b"];
  using made = await makeTree(...names);
  const { tree, there, files, records } = made;
  deepEqual(await stored(tree, files.slice(0, 5)), Array(5).fill("new"));
  // By now the folder is there.
  deepEqual(await stored(tree, files.slice(5)), ["new"]);
  for (const name of names) {
    const info = Deno.lstatSync(`${there}/${name}`);
    equal(info.mtime?.getTime(), MTIME, name);
    equal(info.nlink, 1, name);
    ok(records.get("shared", `t/${name}`, info), name);
  }
  deepEqual(namesIn(made.staging), []);
  equal(records.trees.missing("shared", "t"), 0);
});

Deno.test("a folder that is made by somebody else meanwhile is not replaced, and its files stay", async () => {
  using made = await makeTree("d/a", "d/b", "d/c");
  const { tree, there, files, records } = made;
  using _ = beforeRename(() => writeFile(`${there}/d/b`, "by hand"));
  deepEqual(await stored(tree, files), ["new", "denied", "new"]);
  equal(Deno.readTextFileSync(`${there}/d/b`), "by hand");
  equal(records.get("shared", "t/d/b", Deno.lstatSync(`${there}/d/b`)), undefined);
  deepEqual(namesIn(`${there}/d`), ["a", "b", "c"]);
  equal(records.trees.missing("shared", "t"), 1);
  deepEqual(namesIn(made.staging), []);
});

for (const what of ["a file", "a link"] as const) {
  Deno.test({
    name: `${what} that takes the place of a folder meanwhile is not replaced or followed`,
    ignore: what === "a link" && Deno.build.os === "windows",
    async fn() {
      using made = await makeTree("d/a", "e/a");
      using outside = temporaryFolder();
      const { tree, there, files } = made;
      using _ = beforeRename(() => {
        if (what === "a file") writeFile(`${there}/d`, "by hand");
        else Deno.symlinkSync(outside.path, `${there}/d`);
      });
      deepEqual(await stored(tree, files), ["exists", "new"]);
      ok(!Deno.lstatSync(`${there}/d`).isDirectory);
      deepEqual([...Deno.readDirSync(outside.path)], []);
      deepEqual(namesIn(made.staging), []);
    },
  });
}

Deno.test({
  name: "folders of a room that hands on its group have it handed on",
  ignore: Deno.build.os === "windows",
  async fn() {
    using made = await makeTree("a/b/1", "a/2");
    const { there, tree, files } = made;
    // As if the room had it, and the folder of the tree had been made there.
    Deno.chmodSync(there, 0o2755);
    deepEqual(await stored(tree, files), ["new", "new"]);
    for (const name of ["a", "a/b"]) {
      equal((Deno.lstatSync(`${there}/${name}`).mode ?? 0) & 0o2000, 0o2000, name);
    }
    deepEqual(namesIn(made.staging), []);
  },
});

Deno.test("a file that cannot be written does not come along with its folder", async () => {
  using made = await makeTree("d/a", "d/b", "d/c");
  const { tree, there, files } = made;
  const [a, b, c] = files;
  ok(a && b && c);
  const half = b.bytes.subarray(0, 5);
  const bytes = b.bytes.slice();
  bytes.subarray = (start = 0) => {
    if (start === 0) return half as typeof bytes;
    throw new Error("The disk is gone.");
  };
  const bad = { ...b, bytes };
  deepEqual(await stored(tree, [a, bad, c]), ["new", "io", "new"]);
  deepEqual(namesIn(`${there}/d`), ["a", "c"]);
  deepEqual(namesIn(made.staging), []);
});

Deno.test("more files than get their places in one turn are stored, also those of one folder", async () => {
  const names = Array.from({ length: 1100 }, (_, at) => `d/${at}`);
  using made = await makeTree(...names);
  deepEqual(await stored(made.tree, made.files), names.map(() => "new"));
  deepEqual(namesIn(`${made.there}/d`), names.map((name) => name.slice(2)).sort());
  deepEqual(namesIn(made.staging), []);
});

Deno.test("a small file of a new folder costs one opening and one look", async () => {
  using made = await makeTree(...Array.from({ length: 100 }, (_, at) => `d/${at}`));
  using calls = new CountedCalls();
  await made.tree.store(made.files);
  const { counts } = calls;
  const most = { openSync: 105, lstatSync: 130, mkdirSync: 5, renameSync: 1, linkSync: 0 };
  for (const [call, count] of Object.entries(most)) {
    const actual = counts.get(call as keyof typeof most) ?? 0;
    ok(actual <= count, `${call} was called ${actual} times`);
  }
});

Deno.test("files of one new folder that are stored at once get all their places", async () => {
  const names = ["d/a", "d/b", "d/e/a", "d/e/b", "f/a", "f/b"];
  using made = await makeTree(...names);
  const { tree, files } = made;
  const halves = [0, 1].map((half) => files.filter((_, at) => at % 2 === half));
  const outcomes = await Promise.all(halves.map((half) => stored(tree, half)));
  deepEqual(outcomes.flat(), names.map(() => "new"));
  deepEqual(await tree.finish(), []);
  for (const name of names) ok(Deno.lstatSync(`${made.there}/${name}`).isFile);
  deepEqual(namesIn(made.staging), []);
});

Deno.test("what comes for a folder that is taken back is not given a place, at no step", async () => {
  using made = await makeTree("a", "d/b", "d/c");
  const { tree, there, files, store } = made;
  const [a, b, c] = files;
  ok(a && b && c);
  deepEqual(await stored(tree, [a]), ["new"]);
  // While what came is written.
  const bytes = b.bytes.slice();
  const subarray = bytes.subarray.bind(bytes);
  bytes.subarray = (start, end) => {
    bytes.subarray = subarray;
    // By its owner's word it is gone in the same turn.
    void store.unshare("t", { owner: REQUEST.owner });
    return subarray(start, end);
  };
  await rejects(tree.store([{ ...b, bytes }, c]), { code: "not_found" });
  throws(() => Deno.lstatSync(there), Deno.errors.NotFound);
  await rejects(tree.store([c]), { code: "not_found" });
  throws(() => tree.place({ path: "large", kind: "file" }), { code: "not_found" });
  await rejects(tree.finish(), { code: "not_found" });
  throws(() => Deno.lstatSync(there), Deno.errors.NotFound);
  deepEqual(namesIn(made.staging), []);
});

Deno.test("what comes for a folder that was taken back does not get into the next one of its name", async () => {
  using made = await makeTree("a");
  const { tree, there, files, store, records: { trees } } = made;
  await tree.offer([{ path: "empty", kind: "folder" }]);
  await store.unshare("t");
  const next = store.trees.stageTree({ ...REQUEST, run: "next" });
  await next.begin([], []);
  const [record] = trees.room("shared");
  ok(record);
  // Not in the same millisecond.
  trees.put("shared", { ...record, published: record.published + 1 });
  await rejects(tree.store(files), { code: "not_found" });
  await rejects(tree.finish(), { code: "not_found" });
  deepEqual(namesIn(there), []);
  next.close();
});

Deno.test("a folder that is taken back while its last links are made is not said to be done", async () => {
  using made = await makeTree();
  const { tree, there, store } = made;
  const folders = Array.from({ length: 150 }, (_, at): TreeEntry => {
    return { path: `empty/${at}`, kind: "folder" };
  });
  await tree.offer(folders);
  const finished = tree.finish();
  // After what is made in the first turn.
  await store.unshare("t");
  await rejects(finished, { code: "not_found" });
  throws(() => Deno.lstatSync(there), Deno.errors.NotFound);
});

const BOTH = {
  rename: ["replaced", "replaced", "new"],
  overwrite: ["replaced", "replaced", "new"],
  skip: ["skipped", "skipped", "new"],
  fail: ["exists", "exists", "new"],
} as const;
for (const conflict of ["rename", "overwrite", "skip", "fail"] as const) {
  Deno.test(`two runs that begin one folder at once put their files into it (${conflict})`, async () => {
    using made = await makeTreeOf({ conflict }, "a", "d/a", "d/b");
    const { there, files, store, records, staging } = made;
    const other = store.trees.stageTree({ ...REQUEST, run: "other" });
    const entries = files.map(({ entry }) => entry);
    await other.offer(entries);
    await other.begin(entries, []);
    deepEqual(await stored(other, files.slice(0, 2)), ["new", "new"]);
    // The one that made the folder is not the first to put something there.
    const bytes = bytesOf(20, 8);
    const digest = await digestOf(bytes);
    const later = files.map(({ entry }) => ({ entry, bytes, digest }));
    deepEqual(await stored(made.tree, later), BOTH[conflict]);
    const isOver = conflict === "rename" || conflict === "overwrite";
    for (const [at, name] of ["a", "d/a", "d/b"].entries()) {
      const expected = isOver || at === 2 ? bytes : files[at]?.bytes;
      deepEqual(Deno.readFileSync(`${there}/${name}`), expected);
      const { digest } = expected === bytes ? later[at] ?? {} : files[at] ?? {};
      const rows = records.room("shared").get(`t/${name}`);
      deepEqual(rows?.map((row) => row.digest), [digest]);
    }
    equal(records.trees.missing("shared", "t"), 0);
    deepEqual(namesIn(staging), []);
    other.close();
  });
}

Deno.test("of two runs that begin one folder at once and want it new, one has it", async () => {
  using folder = temporaryFolder();
  const { path } = folder;
  Deno.mkdirSync(`${path}/room`);
  const records = Records.open(`${path}/records.db`, () => {});
  const staging = `${path}/staging`;
  const store = new FolderStore({ rooms: { shared: `${path}/room` }, staging, records });
  const runs = ["one", "two"].map((run) =>
    store.trees.stageTree({ ...REQUEST, run, conflict: "fail" })
  );
  const began = await Promise.allSettled(runs.map((tree) => tree.begin([], [])));
  deepEqual(began.map((one) => one.status === "fulfilled" ? "began" : one.reason.code), [
    "began",
    "exists",
  ]);
  for (const tree of runs) tree.close();
  records.close();
});

/** A store with records and a quota, twice: the second one as after a restart. */
function limitedStores(quota: number): Disposable & {
  /** The folder of the room. */
  readonly room: string;
  readonly records: Records;
  readonly stores: readonly FolderStore[];
} {
  const folder = temporaryFolder();
  const { path } = folder;
  Deno.mkdirSync(`${path}/room`);
  const records = Records.open(`${path}/records.db`, () => {});
  const rooms = { shared: `${path}/room` };
  const staging = `${path}/staging`;
  const recorded = () => records.trees.costs("shared");
  const limits = { maxFile: 1_000, quota, minFree: 0 };
  const stores = [1, 2].map(() => {
    const space = new Space({ ...limits, rooms, staging, recorded });
    return new FolderStore({ rooms, staging, records, space });
  });
  return {
    room: rooms.shared,
    records,
    stores,
    [Symbol.dispose]() {
      records.close();
      folder[Symbol.dispose]();
    },
  };
}

for (const kind of ["absent", "link", "file"] as const) {
  Deno.test(`what is recorded of a folder counts for the quota before it is (${kind})`, async () => {
    using limited = limitedStores(100_000);
    const { records, stores } = limited;
    const entries = Array.from({ length: 1_500 }, (_, at): TreeEntry => {
      return { path: `${"long".repeat(5)}/${at}`, kind, size: 0, target: "/out" };
    });
    const begin = async (store: FolderStore | undefined, name: string, some = entries) => {
      const tree = store?.trees.stageTree({ ...REQUEST, name });
      try {
        await tree?.offer(some);
        const wanted = some.filter(({ kind }) => kind === "file");
        const absent = some.filter(({ kind }) => kind === "absent");
        await tree?.begin(wanted, absent.map(({ path }) => path));
        return await tree?.finish();
      } finally {
        tree?.close();
      }
    };
    const [first, second] = stores;
    await begin(first, "a");
    equal(records.trees.missing("shared", "a"), 1_500);
    const paths = entries.map(({ path }) => path);
    const known = [...records.trees.costs("shared")].reduce((sum, bytes) => sum + bytes);
    equal(known, records.trees.cost("shared", "b", paths));
    for (const store of stores) {
      await rejects(begin(store, "b"), { code: "limit", message: /the shared room holds at most/ });
    }
    equal(records.trees.missing("shared", "b"), 0);
    equal(records.trees.get("shared", "b", undefined), undefined);
    // To say the same again takes nothing, and what is there gives it back.
    for (const store of stores) await begin(store, "a");
    await begin(second, "a", []);
    await begin(second, "b");
    equal(records.trees.missing("shared", "b"), 1_500);
  });
}

Deno.test("the names of a folder count for the quota beside its files", async () => {
  using limited = limitedStores(3_000);
  const begin = async (size: number) => {
    const tree = limited.stores[0]?.trees.stageTree(REQUEST);
    const entries = ["a", "b", "c"].map((path): TreeEntry => ({ path, kind: "file", size }));
    await tree?.offer(entries);
    await tree?.begin(entries, []).finally(() => tree.close());
  };
  await rejects(begin(1_000), { code: "limit" });
  await begin(900);
});

Deno.test("a folder that is there is brought up to date where nothing else fits", async () => {
  using limited = limitedStores(3_000);
  const [first, second] = limited.stores;
  const send = async (store: FolderStore | undefined, ...paths: readonly string[]) => {
    const tree = store?.trees.stageTree(REQUEST);
    await tree?.offer(paths.map((path) => ({ path, kind: "folder" })));
    await tree?.begin([], []).finally(() => tree.close());
    return await tree?.finish();
  };
  await send(first, "d", "d/e");
  writeFile(`${limited.room}/large`, "x".repeat(3_000));
  deepEqual(await send(second, "d", "d/e"), []);
  await rejects(send(second, "d", "d/e", "f"), { code: "limit" });
});
