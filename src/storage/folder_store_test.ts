import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { namesIn } from "../../tests/files.ts";
import { untilSettled } from "../../tests/fixtures/change_time.ts";
import {
  bytesOf,
  chunksOf,
  digestOf,
  fill,
  LARGE_BYTES,
  receive,
  requestOf,
  stageOf,
  temporaryFolder,
} from "../../tests/fixtures/staged.ts";
import { FtError } from "../error.ts";
import { FolderStore } from "./folder_store.ts";
import { Records } from "./records.ts";
import type { Item, Room } from "./store.ts";
import type { TreeRequest } from "./tree.ts";
import type { TreeRecord } from "./trees.ts";

interface Made extends Disposable {
  readonly path: string;
  readonly room: string;
  readonly store: FolderStore;
  readonly records: Records;
}

function makeStore(): Made {
  const folder = temporaryFolder();
  const { path } = folder;
  const rooms = { private: `${path}/private`, public: `${path}/public`, shared: `${path}/shared` };
  for (const room of Object.values(rooms)) Deno.mkdirSync(room);
  const records = Records.open(`${path}/records.db`, () => {});
  const store = new FolderStore({ rooms, staging: `${path}/staging`, records });
  return {
    path,
    room: rooms.shared,
    store,
    records,
    [Symbol.dispose]() {
      records.close();
      folder[Symbol.dispose]();
    },
  };
}

async function itemsOf(store: FolderStore, room: Room = "shared"): Promise<Item[]> {
  return (await Array.fromAsync(store.pages(room))).flat();
}

const SMALL = bytesOf(10, 1);

Deno.test("FolderStore says which room is gone, whatever is asked", async () => {
  using made = makeStore();
  const { store, room } = made;
  const partial = await stageOf(store, requestOf(10));
  await partial.write(0, SMALL);
  const gone = { code: "io", message: new RegExp(`folder of the shared room is gone: '${room}'`) };
  for (const harm of ["gone", "file", "link"]) {
    Deno.removeSync(room);
    if (harm === "file") Deno.writeTextFileSync(room, "");
    if (harm === "link") Deno.symlinkSync("private", room);
    await rejects(itemsOf(store), gone, harm);
    await rejects(store.open("shared", "a"), gone, harm);
    for (const size of [10, LARGE_BYTES]) await rejects(store.stage(requestOf(size)), gone, harm);
    if (harm === "gone") Deno.mkdirSync(room);
  }
  await rejects(partial.publish(10, await digestOf(SMALL)), gone);
  deepEqual([...Deno.readDirSync(`${made.path}/private`)], []);
  deepEqual([...Deno.readDirSync(`${made.path}/staging`)], []);
  await rejects(store.open("public", "a"), { code: "not_found" });
});

Deno.test("FolderStore has no room that it was not given", async () => {
  const store = new FolderStore({ rooms: {}, staging: "/nowhere" });
  await rejects(itemsOf(store), { code: "denied" });
  await rejects(store.open("shared", "a"), { code: "denied" });
  await rejects(store.stage(requestOf(10)), { code: "denied" });
});

Deno.test("numbered() tells which files of a size got a number, up to the first name that is free", () => {
  using made = makeStore();
  const { store, room } = made;
  const numbered = () => [...store.numbered("shared", "a.txt", 2)];
  const lay = (name: string, text: string) => Deno.writeTextFileSync(`${room}/${name}`, text);
  lay("a (2).txt", "22");
  deepEqual(numbered(), []);
  lay("a.txt", "11");
  lay("a (3).txt", "333");
  lay("a (4).txt", "44");
  Deno.mkdirSync(`${room}/a (5).txt`);
  Deno.symlinkSync("a.txt", `${room}/a (6).txt`);
  lay("a (7).txt", "77");
  lay("a (9).txt", "99");
  deepEqual(numbered(), ["a (2).txt", "a (4).txt", "a (7).txt"]);
});

Deno.test("publish() refuses a name below a file or a link with an FtError, and touches neither", async () => {
  using made = makeStore();
  const { store, room, path } = made;
  Deno.writeTextFileSync(`${room}/file`, "x");
  Deno.symlinkSync(`${path}/private`, `${room}/link`);
  Deno.writeTextFileSync(`${path}/private/secret`, "secret");
  for (const conflict of ["rename", "overwrite", "skip", "fail"]) {
    for (const name of ["file/a", "link/new", "link/secret"]) {
      // What is behind a link is not spoken of: it is neither taken nor skipped.
      const partial = await stageOf(store, requestOf(10, { name, conflict }));
      await fill(partial, await chunksOf(SMALL));
      await rejects(partial.publish(10, await digestOf(SMALL)), (thrown: unknown) => {
        ok(thrown instanceof FtError);
        deepEqual([thrown.code, thrown.message.includes("a file is in its place")], [
          "exists",
          true,
        ]);
        return true;
      });
    }
  }
  deepEqual([...Deno.readDirSync(`${path}/private`)].map(({ name }) => name), ["secret"]);
  equal(Deno.readTextFileSync(`${path}/private/secret`), "secret");
});

Deno.test("publish() for who is blind goes around a file or a link in the place of a folder", async () => {
  using made = makeStore();
  const { store, room, path } = made;
  Deno.writeTextFileSync(`${room}/file`, "x");
  Deno.mkdirSync(`${room}/folder`);
  Deno.writeTextFileSync(`${room}/folder/file`, "x");
  Deno.symlinkSync(`${path}/private`, `${room}/link`);
  for (const conflict of ["rename", "overwrite", "skip", "fail"]) {
    for (const folder of ["file", "link", "folder/file"]) {
      const receipt = await receive(store, SMALL, {
        name: `${folder}/${conflict}`,
        conflict,
        blind: true,
      });
      deepEqual([receipt.name, receipt.outcome], [`${folder} (2)/${conflict}`, "new"]);
    }
  }
  deepEqual([...Deno.readDirSync(`${path}/private`)], []);
  equal(Deno.readTextFileSync(`${room}/file`), "x");
});

Deno.test("publish() beside a name in another normal form makes no twin", async () => {
  using made = makeStore();
  const { store, room } = made;
  const form = "e\u0301te\u0301.txt";
  Deno.mkdirSync(`${room}/${form}`);
  Deno.writeTextFileSync(`${room}/${form}/${form}`, "by hand");
  const name = `${form}/${form}`.normalize("NFC");
  const receipt = await receive(store, SMALL, { name });
  equal(receipt.name, `${form}/e\u0301te\u0301 (2).txt`.normalize("NFC"));
  deepEqual((await itemsOf(store)).map(({ name }) => name).sort(), [name, receipt.name].sort());
  for (const listed of [name, receipt.name]) (await store.open("shared", listed)).close();
});

Deno.test("stage() leaves nothing open when the name is taken while it waits", async () => {
  using made = makeStore();
  const { store, room } = made;
  const staged = store.stage(requestOf(LARGE_BYTES, { conflict: "fail" }));
  Deno.writeTextFileSync(`${room}/report.pdf`, "x");
  await rejects(staged, { code: "exists" });
  deepEqual(store.staging.leftovers(), []);
});

Deno.test("a crash between the row and the file of an overwrite leaves the file its owner's", async () => {
  using made = makeStore();
  const { store, records, room } = made;
  await receive(store, SMALL);
  const info = Deno.statSync(`${room}/report.pdf`);
  const row = records.get("shared", "report.pdf", info);
  ok(row !== undefined);
  records.put("shared", { ...row, ino: "12345", digest: "of what never got its name" });
  equal((await itemsOf(store))[0]?.time, row.published);
  const over = await receive(store, bytesOf(20, 2), { conflict: "overwrite" });
  deepEqual([over.outcome, over.name], ["replaced", "report.pdf"]);
  equal(records.room("shared").get("report.pdf")?.length, 1);
});

Deno.test("a file put by hand in place of one that was sent is nobody's", async () => {
  using made = makeStore();
  const { store, room } = made;
  await receive(store, SMALL);
  Deno.removeSync(`${room}/report.pdf`);
  Deno.writeFileSync(`${room}/report.pdf`, SMALL);
  const again = await receive(store, SMALL);
  deepEqual([again.outcome, again.name], ["new", "report (2).pdf"]);
});

Deno.test("a file that was sent and removed by hand is sent again", async () => {
  using made = makeStore();
  const { store, room } = made;
  const first = await receive(store, SMALL, { version: "1" });
  Deno.removeSync(`${room}/report.pdf`);
  deepEqual(await receive(store, SMALL, { version: "1" }), first);
});

Deno.test("losing the records loses no file, and replaces none", async () => {
  using made = makeStore();
  const { path, room } = made;
  await receive(made.store, SMALL);
  const records = Records.open(`${path}/other.db`, () => {});
  const rooms = { private: `${path}/private`, shared: room };
  const store = new FolderStore({ rooms, staging: `${path}/staging`, records });
  deepEqual((await itemsOf(store)).map(({ name }) => name), ["report.pdf"]);
  await rejects(receive(store, SMALL, { conflict: "overwrite" }), { code: "denied" });
  equal((await receive(store, SMALL)).name, "report (2).pdf");
  records.close();
});

Deno.test({
  name: "open() takes of files that are listed under one name the one with the tag",
  // Elsewhere the system takes some of them for one.
  ignore: Deno.build.os !== "linux",
  async fn() {
    using made = makeStore();
    const { store, room } = made;
    for (const [at, form] of ["\u00c5", "A\u030a", "\u212b"].entries()) {
      Deno.writeTextFileSync(`${room}/${form}`, "x".repeat(at));
    }
    const items = await itemsOf(store);
    deepEqual(items.map(({ name }) => name), Array(3).fill("\u00c5"));
    for (const { name, size, tag } of items) {
      const source = await store.open("shared", name, tag);
      equal(source.size, size);
      source.close();
    }
    await rejects(store.open("shared", "\u00c5", "another"), { code: "stale" });
    const first = await store.open("shared", "\u00c5");
    equal(first.size, 0);
    first.close();
  },
});

Deno.test("open() uses the noted digest of a file put by hand only for that very version", async () => {
  // A room of a file whose change time nobody can set, but which is old enough to be noted.
  using made = makeStore();
  const { records, path } = made;
  const [, room = "", name = ""] = Deno.execPath().match(/^(.*)\/([^/]*)$/) ?? [];
  const rooms = { public: Deno.realPathSync(room) };
  const store = new FolderStore({ rooms, staging: `${path}/staging`, records });
  const digestOfNow = async () => {
    const source = await store.open("public", name);
    source.close();
    return source.digest;
  };
  const source = await store.open("public", name);
  store.note("public", name, source, "noted");
  source.close();
  equal(await digestOfNow(), "noted");
  const [row] = records.room("public").get(name) ?? [];
  ok(row !== undefined);
  records.put("public", { ...row, version: "another change time" });
  equal(await digestOfNow(), undefined);
});

Deno.test("note() says nothing of a name that went to another file meanwhile", async () => {
  using made = makeStore();
  const { store, room, records } = made;
  Deno.writeTextFileSync(`${room}/report.pdf`, "by hand");
  await untilSettled(`${room}/report.pdf`);
  const source = await store.open("shared", "report.pdf");
  Deno.removeSync(`${room}/report.pdf`);
  await receive(store, SMALL);
  ok(source.isUnchanged());
  store.note("shared", "report.pdf", source, "noted");
  source.close();
  deepEqual(records.room("shared").get("report.pdf")?.map(({ owner }) => owner), ["ann"]);
  equal((await itemsOf(store)).length, 1);
});

Deno.test("note() leaves what is known of what an owner sent, whatever has its name now", async () => {
  using made = makeStore();
  const { store, room, records, path } = made;
  const [written, replaced] = [`${room}/written.pdf`, `${room}/replaced.pdf`];
  for (const name of ["written.pdf", "replaced.pdf"]) await receive(store, SMALL, { name });
  const files = [written, replaced].map((path) => Deno.lstatSync(path));
  Deno.writeTextFileSync(written, "by hand");
  Deno.renameSync(replaced, `${path}/kept`);
  Deno.writeTextFileSync(replaced, "by another hand");
  await untilSettled(replaced);
  for (const [at, name] of ["written.pdf", "replaced.pdf"].entries()) {
    const source = await store.open("shared", name);
    store.note("shared", name, source, "noted");
    source.close();
    const row = records.sent("shared", name, files[at] as Deno.FileInfo);
    deepEqual([row?.owner, row?.digest], ["ann", await digestOf(SMALL)], name);
  }
});

Deno.test("open() knows the noted chunks of that very version, until they are forgotten", async () => {
  using made = makeStore();
  const { records, path } = made;
  const [, room = "", name = ""] = Deno.execPath().match(/^(.*)\/([^/]*)$/) ?? [];
  const rooms = { public: Deno.realPathSync(room) };
  const store = new FolderStore({ rooms, staging: `${path}/staging`, records });
  const digests = new Uint8Array(1024).fill(7);
  const first = await store.open("public", name);
  equal(first.chunks, undefined);
  store.note("public", name, first, "noted", digests);
  first.close();
  const second = await store.open("public", name);
  deepEqual(second.chunks?.digests, digests);
  second.chunks?.forget();
  // Who still sends with them does not bring them back.
  store.note("public", name, second, "noted", digests);
  second.close();
  const third = await store.open("public", name);
  equal(third.chunks, undefined);
  third.close();
});

Deno.test("items() lists what can be had: no links, no folders, no names that are none", async () => {
  using made = makeStore();
  const { store, room } = made;
  Deno.mkdirSync(`${room}/a/b`, { recursive: true });
  Deno.mkdirSync(`${room}/.ft`);
  for (const name of ["a/b/file", "a/.hidden", ".ft/secret", "a/bad\nname", "a/back\\slash"]) {
    Deno.writeTextFileSync(`${room}/${name}`, "12345");
  }
  Deno.symlinkSync("a", `${room}/link`);
  Deno.symlinkSync("a/b/file", `${room}/link to file`);
  ok((await new Deno.Command("mkfifo", { args: [`${room}/pipe`] }).output()).success);
  const found = (await itemsOf(store)).map(({ name, size }) => [name, size]);
  deepEqual(found.sort(), [["a/.hidden", 5], ["a/b/file", 5]]);
});

Deno.test("items() gives other work its turn among many files", async () => {
  using made = makeStore();
  for (let number = 0; number < 1200; number++) {
    Deno.writeTextFileSync(`${made.room}/${number}`, "");
  }
  let turns = 0;
  let ended = false;
  const turn = () => {
    turns++;
    if (!ended) setImmediate(turn);
  };
  setImmediate(turn);
  equal((await itemsOf(made.store)).length, 1200);
  ended = true;
  ok(turns >= 2, `${turns} turns`);
  await new Promise<void>((last) => setImmediate(last));
});

Deno.test("FolderStore overwrites the named file though its bytes stand under a number", async () => {
  using made = makeStore();
  const { store, room } = made;
  await receive(store, SMALL);
  const later = bytesOf(20, 2);
  equal((await receive(store, later)).outcome, "new");
  const over = await receive(store, later, { conflict: "overwrite" });
  equal(over.outcome, "replaced");
  deepEqual(Deno.readFileSync(`${room}/${over.name}`), later);
  equal((await receive(store, later, { conflict: "overwrite" })).outcome, "same");
});

Deno.test("forgetGone() forgets what was known of files that are gone, and of no others", async () => {
  using made = makeStore();
  const long = { owner: "ann", who: "", requested: "", digest: "d", version: "", published: 1 };
  // More rows than are read at once.
  for (let at = 0; at < 1_200; at++) {
    const row = { ...long, name: `file ${at}`, size: 1, ino: String(at), mtime: 1 };
    made.records.put(at % 2 === 0 ? "shared" : "public", row);
  }
  for (const name of ["there", "other", "new"]) {
    Deno.writeTextFileSync(`${made.room}/${name}`, name);
    const { size, ino, mtime } = Deno.lstatSync(`${made.room}/${name}`);
    const file = { name, size, ino: String(ino), mtime: mtime?.getTime() ?? 0 };
    // The file of a row may get its name a moment after the row was written, by another process.
    made.records.put("shared", { ...long, ...file, published: name === "new" ? Date.now() : 1 });
  }
  Deno.removeSync(`${made.room}/new`);
  Deno.writeTextFileSync(`${made.room}/other`, "something else of another length");
  await made.store.forgetGone();
  deepEqual([...made.records.room("shared").keys()].sort(), ["new", "there"]);
  equal(made.records.room("public").size, 0);
});

Deno.test("forgetGone() binds trees of an older version to their folders, and forgets those without", async () => {
  using made = makeStore();
  const { room, store, records: { trees } } = made;
  const tree: TreeRecord = {
    ...{ name: "", requested: "t", owner: "ann", who: "" },
    ...{ published: 1, changed: 1, listed: 1, ino: "", born: null },
  };
  for (const name of ["there", "gone", "by hand"]) {
    trees.put("shared", { ...tree, name });
    if (name !== "gone") Deno.mkdirSync(`${room}/${name}`);
  }
  trees.bind("shared", "by hand", Deno.lstatSync(`${room}/there`));
  await store.forgetGone();
  const { ino, birthtime } = Deno.lstatSync(`${room}/there`);
  deepEqual(trees.room("shared").map(({ name, ino, born }) => [name, ino, born]), [
    ["there", String(ino), birthtime?.getTime() ?? null],
  ]);
});

/** Makes a tree of which nothing is to come. */
async function makeTree(store: FolderStore, say: Partial<TreeRequest> = {}): Promise<void> {
  const { room, owner, run, conflict, blind } = requestOf(0);
  const digestOf = () => Promise.resolve("");
  const request = { room, name: "t", owner, run, conflict, blind, mtime: undefined, digestOf };
  const tree = store.trees.stageTree({ ...request, part: false, dry: false, ...say });
  await tree.begin([], []);
  tree.close();
}

for (const blind of [false, true]) {
  const how = blind ? ", of who may not know of others' ones" : "";
  Deno.test(`what goes into one's own folder by its name goes nowhere once that is over${how}`, async () => {
    using made = makeStore();
    const { store, room } = made;
    await makeTree(store, { owner: "bob" });
    await makeTree(store, { blind: true });
    const bytes = bytesOf(LARGE_BYTES, 7);
    const name = blind ? "t/a" : "t (2)/a";
    const request = requestOf(bytes.length, { name, blind });
    const partial = await stageOf(store, request);
    await fill(partial, await chunksOf(bytes));
    await store.unshare("t (2)");
    await rejects(partial.publish(bytes.length, await digestOf(bytes)), { code: "not_found" });
    deepEqual(namesIn(room), ["t"]);
    // What was held is there for the next run, which goes where its name says.
    const again = await stageOf(store, { ...request, run: "next" });
    equal(again.held.length, 4);
    const { name: placed } = await again.publish(bytes.length, await digestOf(bytes));
    equal(placed, "t (2)/a");
  });
}

Deno.test("a file does not get into a folder of somebody else's that was made while it came", async () => {
  using made = makeStore();
  const { store, room } = made;
  const partial = await stageOf(store, requestOf(10, { name: "t/a" }));
  await partial.write(0, SMALL);
  await partial.keep(0, (await chunksOf(SMALL))[0]?.digest ?? SMALL);
  await makeTree(store, { owner: "bob" });
  await rejects(partial.publish(10, await digestOf(SMALL)), { code: "denied" });
  deepEqual(namesIn(`${room}/t`), []);
});

Deno.test("a folder that is used up and still fetched is neither added to nor brought up to date", async () => {
  using made = makeStore();
  const { store, room } = made;
  await makeTree(store, { terms: { downloads: 1 } });
  const eve = { owner: "eve", run: "", connection: {} };
  const { claim } = await store.trees.openTree("shared", "t", undefined, eve);
  await claim?.commit();
  equal((await receive(store, SMALL, { name: "t/a" })).name, "t (2)/a");
  await makeTree(store, { terms: { downloads: 1 } });
  deepEqual(namesIn(room), ["t", "t (2)", "t (3)"]);
  claim?.done();
  store.shared?.sweep();
  deepEqual(namesIn(room), ["t (2)", "t (3)"]);
});
