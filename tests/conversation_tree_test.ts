/** Whole folders, a client's session against a server's, over connections in memory. */
import assert from "node:assert/strict";
import { FtError } from "../src/error.ts";
import { FIRST_CHUNK_BYTES } from "../src/protocol/chunk.ts";
import { PACKED_BYTES } from "../src/protocol/limits.ts";
import { NAME_PARTS } from "../src/name.ts";
import { type Access, OPEN_ACCESS } from "../src/session/access.ts";
import type { ClientSession } from "../src/session/client_session.ts";
import type { Item } from "../src/storage/store.ts";
import type { TreeSource } from "../src/storage/tree.ts";
import { assertSameTree, fetchTree, FolderSource, sendTree } from "./conversation/tree.ts";
import { MemorySource, World } from "./conversation/world.ts";
import { exists, namesIn, writeFile } from "./files.ts";
import { Random, seed } from "./random.ts";

const random = new Random(seed);
/** On both sides of what is packed, and of a chunk. */
const SIZES = [0, 1, 4096, PACKED_BYTES - 1, PACKED_BYTES, PACKED_BYTES + 1, 1_500_000];

/** Lets everybody in who may send, and not look. */
const maySend: Access = {
  ...OPEN_ACCESS,
  admit: () => ({ name: "ana", verbs: new Set(["put", "share"]) }),
};

/** A folder of all that can be in one. */
function makeTree(world: World, name = "photos"): string {
  const path = `${world.root}/${name}`;
  for (const size of SIZES) writeFile(`${path}/sizes/${size}.bin`, random.bytes(size));
  for (let at = 0; at < 300; at++) {
    writeFile(`${path}/many/${at % 7}/${at}.txt`, random.bytes(random.between(0, 3000)));
  }
  writeFile(`${path}/.hidden`, "hidden");
  writeFile(`${path}/odd/ä 'quote' $x;#.txt`, "odd");
  writeFile(`${path}/.ftignore`, "nothing.here\n");
  Deno.mkdirSync(`${path}/empty/deeper`, { recursive: true });
  if (Deno.build.os !== "windows") {
    writeFile(`${path}/run.sh`, "#!/bin/sh\n");
    Deno.chmodSync(`${path}/run.sh`, 0o755);
    Deno.symlinkSync("../run.sh", `${path}/empty/link`);
  }
  for (const folder of ["empty/deeper", "empty", "many", "."]) {
    Deno.utimeSync(`${path}/${folder}`, 1.6e9, 1.6e9);
  }
  Deno.utimeSync(`${path}/.hidden`, 1.5e9, 1.5e9);
  return path;
}

async function items(
  client: ClientSession,
  request: { room: "private" | "shared"; mine?: boolean } = { room: "shared" },
): Promise<Item[]> {
  const found: Item[] = [];
  await client.list(request, (page) => void found.push(...page));
  return found;
}

function failsWith(code: string): object {
  return { name: "FtError", code };
}

Deno.test(`tree: a folder goes there and back as it was (seed ${seed})`, async () => {
  await using world = new World();
  const { client, served } = world.talk({ seed });
  const path = makeTree(world);
  const files = SIZES.length + 304;

  const sent = await sendTree(client, path);
  assert.deepEqual(sent.failures, []);
  assert.deepEqual(sent.files, { new: files, replaced: 0, same: 0, skipped: 0 });
  assertSameTree(world.path("shared", "photos"), path);
  assert.equal(Deno.statSync(world.path("shared", "photos/many")).mtime?.getTime(), 1.6e12);

  const [item] = await items(client);
  assert.equal(item?.name, "photos");
  assert.equal(item?.files, files);
  assert.equal(item?.missing, undefined);

  const fetched = await fetchTree(world, client);
  assert.deepEqual(fetched.files, sent.files);
  assertSameTree(world.path("downloads", "photos"), path);
  assert.deepEqual(namesIn(`${world.root}/downloads/.ft`), []);
  await client.close();
  assert.equal(await served, undefined);
  assert.deepEqual(namesIn(`${world.root}/.ft/staging`), []);
});

Deno.test("tree: sent again only what changed travels, and the rest stays", async () => {
  await using world = new World();
  const { client } = world.talk();
  const path = makeTree(world);
  await sendTree(client, path);
  writeFile(`${path}/many/1/1.txt`, "changed");
  writeFile(`${path}/sizes/1500000.bin`, random.bytes(1_500_000));
  writeFile(`${path}/added.txt`, "added");
  writeFile(world.path("shared", "photos/by hand.txt"), "stays");
  Deno.removeSync(`${path}/.hidden`);

  const again = await sendTree(client, path);
  assert.deepEqual(again.failures, []);
  assert.deepEqual(again.files, { new: 1, replaced: 2, same: SIZES.length + 301, skipped: 0 });
  assert.equal(again.name, "photos");
  assert.deepEqual(world.names("shared"), ["photos"]);
  const there = world.path("shared", "photos");
  assert.equal(Deno.readTextFileSync(`${there}/many/1/1.txt`), "changed");
  assert.equal(Deno.readTextFileSync(`${there}/.hidden`), "hidden");
  assert.equal(Deno.readTextFileSync(`${there}/by hand.txt`), "stays");
  assert.deepEqual(
    Deno.readFileSync(`${there}/sizes/1500000.bin`),
    Deno.readFileSync(`${path}/sizes/1500000.bin`),
  );
});

Deno.test(`tree: of a large file that changed only the changed chunks travel (seed ${seed})`, async () => {
  await using world = new World();
  const { client } = world.talk();
  const bytes = random.bytes(5 * FIRST_CHUNK_BYTES + 77);
  const path = `${world.root}/t/large.bin`;
  const there = world.path("shared", "t/large.bin");
  writeFile(path, bytes);
  await sendTree(client, `${world.root}/t`, { name: "t" });
  for (
    const { change, size, travels } of [
      { change: 2 * FIRST_CHUNK_BYTES, size: bytes.length, travels: FIRST_CHUNK_BYTES },
      { change: 0, size: bytes.length - 100, travels: FIRST_CHUNK_BYTES * 2 },
      { change: 7, size: bytes.length, travels: FIRST_CHUNK_BYTES * 2 + 77 },
    ]
  ) {
    const changed = bytes.slice(0, size);
    changed[change] = (changed[change] ?? 0) ^ 0xff;
    writeFile(path, changed);
    const { files } = await sendTree(client, `${world.root}/t`, { name: "t" });
    assert.equal(files.replaced, 1);
    assert.deepEqual(Deno.readFileSync(there), changed);
    const report = world.reports.findLast(({ name }) => name === "t/large.bin");
    assert.ok(
      (report?.bytes ?? Infinity) <= travels,
      `${report?.bytes} bytes travelled after a change at ${change}`,
    );
  }
});

Deno.test("tree: a dry run says what would travel and changes nothing", async () => {
  await using world = new World();
  const { client } = world.talk();
  const path = makeTree(world);
  const dry = await sendTree(client, path, { dry: true });
  assert.deepEqual(dry.files, { new: 0, replaced: 0, same: 0, skipped: 0 });
  assert.deepEqual(world.names("shared"), []);
  await sendTree(client, path);
  writeFile(`${path}/many/1/1.txt`, "changed");
  const wanted: [number, number][] = [];
  await client.uploadTree({
    head: { name: "photos", room: "shared", conflict: "rename", dry: true },
    source: new FolderSource(path),
    onWanted: ({ length }, bytes) => wanted.push([length, bytes]),
  });
  assert.deepEqual(wanted, [[1, 7]]);
  assert.notEqual(Deno.readTextFileSync(world.path("shared", "photos/many/1/1.txt")), "changed");
  await fetchTree(world, client, "photos", { dry: true });
  assert.deepEqual(world.names("downloads"), []);
});

Deno.test("tree: with digests what was only touched stays, and what hides its change travels", async () => {
  await using world = new World();
  const { client } = world.talk();
  const path = `${world.root}/t`;
  for (const name of ["touched", "hidden"]) writeFile(`${path}/${name}`, "12345");
  await sendTree(client, path, { name: "t" });
  await fetchTree(world, client, "t");
  const before = Deno.statSync(`${path}/hidden`).mtime ?? new Date();
  writeFile(`${path}/hidden`, "54321");
  Deno.utimeSync(`${path}/hidden`, before, before);
  Deno.utimeSync(`${path}/touched`, 1.7e9, 1.7e9);
  // By size and time the hidden change is none.
  const plain = await sendTree(client, path, { name: "t", dry: true });
  assert.equal(plain.files.same, 1);
  const sent = await sendTree(client, path, { name: "t", checksum: true });
  assert.deepEqual(sent.files, { new: 0, replaced: 1, same: 1, skipped: 0 });
  assert.equal(Deno.readTextFileSync(world.path("shared", "t/hidden")), "54321");
  const fetched = await fetchTree(world, client, "t", { checksum: true, conflict: "overwrite" });
  assert.deepEqual(fetched.files, { new: 0, replaced: 1, same: 1, skipped: 0 });
  assert.equal(Deno.readTextFileSync(world.path("downloads", "t/hidden")), "54321");
});

Deno.test("tree: one bad file fails alone, and the folder says what is missing until it is sent", async () => {
  await using world = new World();
  const { client } = world.talk();
  const path = makeTree(world);
  const source = new FolderSource(path);
  const [open, read] = [source.open.bind(source), source.read.bind(source)];
  const bad = new Set(["many/1/1.txt", "sizes/1500000.bin"]);
  const refuse = (name: string) => {
    if (bad.has(name)) throw new FtError("read_only", `Cannot open '${name}'.`);
  };
  source.open = (name) => (refuse(name), open(name));
  source.read = (name, into) => (refuse(name), read(name, into));
  const sent = await sendTree(client, path, { source });
  assert.deepEqual(sent.failures.map(({ path }) => path).sort(), [...bad]);
  assert.deepEqual(sent.failures.map(({ error }) => error.code), ["read_only", "read_only"]);
  const [item] = await items(client);
  assert.equal(item?.missing, 2);
  assert.ok(!exists(world.path("shared", "photos/many/1/1.txt")));

  const rest = await sendTree(client, path, {
    part: true,
    source: {
      mtime: undefined,
      open,
      read,
      async *entries() {
        for await (const entry of source.entries()) if (bad.has(entry.path)) yield entry;
      },
    },
  });
  assert.deepEqual(rest.failures, []);
  assert.equal((await items(client))[0]?.missing, undefined);
  for (const name of bad) {
    assert.deepEqual(
      Deno.readFileSync(world.path("shared", `photos/${name}`)),
      Deno.readFileSync(`${path}/${name}`),
    );
  }
});

Deno.test("tree: another owner's folder of the same name stands beside it", async () => {
  await using world = new World();
  const path = makeTree(world);
  const { client } = world.talk();
  await sendTree(client, path);
  const { client: other } = world.talk({ owner: "ben" });
  writeFile(`${path}/many/1/1.txt`, "of ben");
  assert.equal((await sendTree(other, path)).name, "photos (2)");
  assert.notEqual(Deno.readTextFileSync(world.path("shared", "photos/many/1/1.txt")), "of ben");
  assert.deepEqual((await items(client)).map(({ name }) => name), ["photos", "photos (2)"]);
  await assert.rejects(sendTree(other, path, { conflict: "fail" }), failsWith("exists"));
});

Deno.test("tree: a part of a folder can be fetched, and a folder that was laid by hand", async () => {
  await using world = new World();
  const { client } = world.talk();
  const path = makeTree(world);
  await sendTree(client, path);
  await fetchTree(world, client, "photos/many");
  assertSameTree(world.path("downloads", "many"), `${path}/many`);
  writeFile(world.path("public", "hand/laid/a.txt"), "a");
  await fetchTree(world, client, "hand", { room: "public" });
  assert.equal(Deno.readTextFileSync(world.path("downloads", "hand/laid/a.txt")), "a");
  await assert.rejects(fetchTree(world, client, "nothing"), failsWith("not_found"));
  await assert.rejects(fetchTree(world, client, "photos/.hidden"), failsWith("not_found"));
});

Deno.test("tree: what is there is not replaced by a fetch unless that is asked for", async () => {
  await using world = new World();
  const { client } = world.talk();
  writeFile(`${world.root}/t/a.txt`, "sent");
  await sendTree(client, `${world.root}/t`, { name: "t" });
  writeFile(world.path("downloads", "t/a.txt"), "mine, longer");
  await fetchTree(world, client, "t", { conflict: "skip" });
  assert.deepEqual([...Deno.readDirSync(world.path("downloads", "t"))].map(({ name }) => name), [
    "a.txt",
  ]);
  await fetchTree(world, client, "t");
  assert.equal(Deno.readTextFileSync(world.path("downloads", "t/a.txt")), "mine, longer");
  assert.equal(Deno.readTextFileSync(world.path("downloads", "t/a (2).txt")), "sent");
  const report = await fetchTree(world, client, "t", { conflict: "overwrite" });
  assert.equal(report.files.replaced, 1);
  assert.equal(Deno.readTextFileSync(world.path("downloads", "t/a.txt")), "sent");
});

Deno.test("tree: it is listed once its manifest is complete, and goes on after a lost connection", async () => {
  await using world = new World();
  const path = makeTree(world);
  const { client, link, served } = world.talk();
  const source = new FolderSource(path);
  const { client: watcher } = world.talk({ owner: "ben" });
  const listed: number[] = [];
  const sending = sendTree(client, path, {
    source: {
      mtime: undefined,
      open: source.open.bind(source),
      read: source.read.bind(source),
      async *entries() {
        let count = 0;
        for await (const entry of source.entries()) {
          if (count++ === 100) listed.push((await items(watcher)).length);
          yield entry;
        }
        link.cut();
      },
    },
  });
  await assert.rejects(sending, failsWith("lost"));
  await served;
  assert.deepEqual(listed, [0]);
  assert.deepEqual(await items(watcher), []);
  await assert.rejects(fetchTree(world, watcher), failsWith("not_found"));
  const { client: again } = world.talk();
  assert.deepEqual((await sendTree(again, path)).failures, []);
  assert.deepEqual((await items(watcher)).map(({ name }) => name), ["photos"]);
  assertSameTree(world.path("shared", "photos"), path);
});

Deno.test("tree: what does not fit is refused before the first byte", async () => {
  await using world = new World({ quota: 100_000 });
  const { client } = world.talk();
  writeFile(`${world.root}/t/a.bin`, random.bytes(60_000));
  writeFile(`${world.root}/t/b.bin`, random.bytes(60_000));
  await assert.rejects(sendTree(client, `${world.root}/t`, { name: "t" }), failsWith("limit"));
  assert.deepEqual(world.names("shared"), []);
  assert.deepEqual(await items(client), []);
  Deno.removeSync(`${world.root}/t/b.bin`);
  assert.deepEqual((await sendTree(client, `${world.root}/t`, { name: "t" })).failures, []);
});

Deno.test("tree: nobody adds anything to somebody else's folder", async () => {
  await using world = new World();
  const { client } = world.talk();
  writeFile(`${world.root}/t/a`, "a");
  writeFile(`${world.root}/inner/b`, "b");
  await sendTree(client, `${world.root}/t`, { name: "t" });
  await sendTree(client, `${world.root}/t`, { name: "t", room: "private" });
  const { client: ben } = world.talk({ owner: "ben" });
  const evil = (name: string, room: "shared" | "private") =>
    ben.upload({ room, name, source: new MemorySource(random.bytes(5)), conflict: "rename" });
  await assert.rejects(evil("t/evil", "shared"), failsWith("denied"));
  await assert.rejects(
    sendTree(ben, `${world.root}/inner`, { name: "t/inner" }),
    failsWith("denied"),
  );
  // Where he may not know of it, he gets a folder of his own.
  await evil("t/evil", "private");
  assert.deepEqual(world.names("private"), ["t", "t (2)"]);
  await sendTree(ben, `${world.root}/inner`, { name: "t/inner", room: "private" });
  assert.deepEqual(namesIn(world.path("private", "t")), ["a"]);
  assert.deepEqual(namesIn(world.path("shared", "t")), ["a"]);
  // Its owner may, but not another folder into it.
  await client.upload({
    room: "shared",
    name: "t/mine",
    source: new MemorySource(random.bytes(5)),
    conflict: "rename",
  });
  assert.deepEqual(namesIn(world.path("shared", "t")), ["a", "mine"]);
  await assert.rejects(
    sendTree(client, `${world.root}/inner`, { name: "t/inner" }),
    failsWith("exists"),
  );
});

Deno.test("tree: a folder in a folder of one's own exists, also for who may not look", async () => {
  await using world = new World();
  const path = `${world.root}/t`;
  writeFile(`${path}/a`, "a");
  await sendTree(world.talk({ owner: "bob" }).client, path, { name: "t" });
  const { client } = world.talk({ access: maySend });
  for (const room of ["private", "shared"] as const) {
    await sendTree(client, path, { name: "t", room });
    for (const name of ["t/inner", "t/deep/inner"]) {
      await assert.rejects(sendTree(client, path, { name, room }), {
        code: "exists",
        message: `'${name}' is in a folder that was sent as one.`,
      });
    }
    assert.deepEqual((await items(client, { room, mine: true })).map(({ name }) => name), ["t"]);
  }
  // What its own folder is called, beside that of Bob, it does not know.
  assert.deepEqual(world.names("shared"), ["t", "t (2)"]);
  await sendTree(client, path, { name: "t (2)/inner" });
  assert.deepEqual(namesIn(world.path("shared", "t (2)")), ["a"]);
  assert.deepEqual(namesIn(world.path("shared", "t (2) (2)")), ["inner"]);
});

Deno.test("tree: a folder of one's own that comes around another meanwhile is not entered", async () => {
  await using world = new World();
  const path = `${world.root}/t`;
  writeFile(`${path}/a`, "a");
  const [{ client }, other] = [world.talk(), world.talk({ run: "run 2" })];
  const inner = new FolderSource(path);
  const source: TreeSource = {
    mtime: inner.mtime,
    async *entries() {
      await sendTree(other.client, path, { name: "t" });
      yield* inner.entries();
    },
    open: (path) => inner.open(path),
    read: (path, into) => inner.read(path, into),
  };
  await assert.rejects(
    sendTree(client, path, { name: "t/inner", source }),
    failsWith("exists"),
  );
  assert.deepEqual(namesIn(world.path("shared", "t")), ["a"]);
});

Deno.test("tree: two runs of one owner that begin at once fill one folder", async () => {
  await using world = new World();
  writeFile(`${world.root}/t/a`, "a");
  writeFile(`${world.root}/u/b`, "b");
  const [one, two] = [world.talk(), world.talk({ run: "run 2" })];
  await Promise.all([
    sendTree(one.client, `${world.root}/t`, { name: "t" }),
    sendTree(two.client, `${world.root}/u`, { name: "t" }),
  ]);
  assert.deepEqual(world.names("shared"), ["t"]);
  assert.deepEqual(namesIn(world.path("shared", "t")), ["a", "b"]);
});

Deno.test("tree: what a disk changed is mended by digest; times and the right to run come along", async () => {
  await using world = new World();
  const { client } = world.talk();
  const path = `${world.root}/t`;
  for (const name of ["small", "large"]) {
    writeFile(`${path}/${name}`, random.bytes(name === "small" ? 100 : 1_200_000));
  }
  await sendTree(client, path, { name: "t" });
  for (const name of ["small", "large"]) {
    const there = world.path("shared", `t/${name}`);
    const { mtime } = Deno.statSync(there);
    const bytes = Deno.readFileSync(there);
    Deno.writeFileSync(there, bytes.with(7, (bytes[7] ?? 0) ^ 1));
    Deno.utimeSync(there, mtime ?? 0, mtime ?? 0);
  }
  assert.equal((await sendTree(client, path, { name: "t" })).files.same, 2);
  assert.equal((await sendTree(client, path, { name: "t", checksum: true })).files.replaced, 2);
  assertSameTree(world.path("shared", "t"), path);
  for (const name of ["small", "large"]) {
    Deno.utimeSync(`${path}/${name}`, 1.6e9, 1.6e9);
    if (Deno.build.os !== "windows") Deno.chmodSync(`${path}/${name}`, 0o755);
  }
  await sendTree(client, path, { name: "t" });
  assertSameTree(world.path("shared", "t"), path);
  assert.equal((await sendTree(client, path, { name: "t" })).files.same, 2);
});

Deno.test({
  name: "tree: a link that leads elsewhere now is replaced, a file in its place is not",
  ignore: Deno.build.os === "windows",
}, async () => {
  await using world = new World();
  const { client } = world.talk();
  const path = `${world.root}/t`;
  writeFile(`${path}/x`, "x");
  writeFile(`${path}/y`, "y");
  Deno.symlinkSync("x", `${path}/link`);
  await sendTree(client, path, { name: "t" });
  Deno.removeSync(`${path}/link`);
  Deno.symlinkSync("y", `${path}/link`);
  assert.deepEqual((await sendTree(client, path, { name: "t" })).failures, []);
  const there = world.path("shared", "t/link");
  assert.equal(Deno.readLinkSync(there), "y");
  Deno.removeSync(there);
  writeFile(there, "by hand");
  const { failures } = await sendTree(client, path, { name: "t" });
  assert.deepEqual(failures.map(({ path, error }) => [path, error.code]), [["link", "exists"]]);
  assert.equal(Deno.readTextFileSync(there), "by hand");
  assert.equal((await items(client))[0]?.missing, 1);
  Deno.removeSync(there);
  assert.deepEqual((await sendTree(client, path, { name: "t" })).failures, []);
  assert.equal((await items(client))[0]?.missing, undefined);
});

Deno.test("tree: fetched again the same bytes are not kept twice", async () => {
  await using world = new World();
  const { client } = world.talk();
  writeFile(`${world.root}/t/a`, "theirs");
  await sendTree(client, `${world.root}/t`, { name: "t" });
  writeFile(world.path("downloads", "t/a"), "mine.");
  for (let times = 0; times < 3; times++) await fetchTree(world, client, "t");
  assert.deepEqual(namesIn(world.path("downloads", "t")), ["a", "a (2)"]);
  Deno.utimeSync(world.path("downloads", "t/a (2)"), 1.6e9, 1.6e9);
  await fetchTree(world, client, "t");
  assert.deepEqual(namesIn(world.path("downloads", "t")), ["a", "a (2)"]);
});

for (const room of ["shared", "private"] as const) {
  for (const [what, name] of [["name", "t"], ["long name", `${"long/".repeat(70)}t`]] as const) {
    Deno.test(`tree: who may not look into the ${room} room hears of a folder by the ${what} it sent`, async () => {
      await using world = new World({ maxFile: 1000, quota: 100_000 });
      const path = `${world.root}/t`;
      writeFile(`${path}/a`, "a");
      await sendTree(world.talk({ owner: "bob" }).client, path, { name });
      const { client } = world.talk({ access: maySend });
      assert.equal((await sendTree(client, path, { name, room })).name, name);
      const failures: FtError[] = [];
      const note = (thrown: FtError) => void failures.push(thrown);

      writeFile(`${path}/large`, random.bytes(2000));
      // With the folder's it is too long.
      writeFile(`${path}/${"deep/".repeat(NAME_PARTS - 1)}b`, "b");
      for (const { error } of (await sendTree(client, path, { name, room })).failures) note(error);
      const codes = new Set(failures.map(({ code }) => code));
      assert.deepEqual([...codes].sort(), ["bad_name", "limit"]);
      Deno.removeSync(`${path}/deep`, { recursive: true });
      Deno.removeSync(`${path}/large`);
      for (let at = 0; at < 120; at++) writeFile(`${path}/${at}`, random.bytes(900));
      await sendTree(client, path, { name, room }).catch(note);
      assert.match(failures.at(-1)?.message ?? "", new RegExp(`^'${name}' does not fit`));
      await sendTree(client, path, { name, room, conflict: "fail" }).catch(note);
      assert.equal(failures.at(-1)?.message, `'${name}' exists.`);

      const source = new MemorySource(random.bytes(2000));
      await client.upload({ room, name: `${name}.bin`, source, conflict: "rename" }).catch(note);
      assert.match(failures.at(-1)?.message ?? "", new RegExp(`^'${name}.bin' is larger`));

      for (const { message, hint = "" } of failures) {
        assert.ok(!`${message}${hint}`.includes("(2)"), message);
        assert.ok(!`${message}${hint}`.includes("ana"), message);
      }
    });
  }
}

Deno.test("tree: who may share and not look learns nothing of others' folders", async () => {
  await using world = new World();
  writeFile(`${world.root}/t/a`, "a");
  const { client } = world.talk();
  await sendTree(client, `${world.root}/t`, { name: "t" });
  const { client: blind } = world.talk({ owner: "ben", access: maySend });
  assert.equal((await sendTree(blind, `${world.root}/t`, { name: "t" })).name, "t");
  assert.deepEqual(world.names("shared"), ["t", "t (2)"]);
});
