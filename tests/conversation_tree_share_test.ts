/** Folders that are shared on terms: until when, how often, and taken back. */
import assert from "node:assert/strict";
import type { FtError } from "../src/error.ts";
import type { ClientSession } from "../src/session/client_session.ts";
import type { TreeReport } from "../src/session/tree_report.ts";
import { type Access, OPEN_ACCESS } from "../src/session/access.ts";
import type { Item, Receipt, Source, Terms } from "../src/storage/store.ts";
import { assertSameTree, fetchTree, FolderSource, sendTree } from "./conversation/tree.ts";
import { MemorySource, World } from "./conversation/world.ts";
import { exists, namesIn, writeFile } from "./files.ts";
import { Random, seed } from "./random.ts";

const random = new Random(seed);

/** Lets everybody in who may share, and not look at what others do. */
const mayShare: Access = {
  ...OPEN_ACCESS,
  admit: () => ({ name: "ana", verbs: new Set(["share"]) }),
};

/** A folder with small files and large ones. */
function makeTree(world: World): string {
  const path = `${world.root}/t`;
  for (let at = 0; at < 20; at++) writeFile(`${path}/small/${at}`, random.bytes(1000));
  writeFile(`${path}/large.bin`, random.bytes(1_500_000));
  writeFile(`${path}/z large.bin`, random.bytes(600_000));
  return path;
}

function shareTree(
  client: ClientSession,
  path: string,
  terms: { expires?: number; downloads?: number; note?: string },
): Promise<TreeReport> {
  return client.uploadTree({
    head: { name: "t", room: "shared", conflict: "rename", ...terms },
    source: new FolderSource(path),
  });
}

async function items(client: ClientSession, mine = false): Promise<Item[]> {
  const found: Item[] = [];
  await client.list({ room: "shared", mine }, (page) => void found.push(...page));
  return found;
}

function failsWith(code: string): object {
  return { name: "FtError", code };
}

function codeOf(thrown: unknown): string {
  return (thrown as FtError).code;
}

Deno.test(`share of a folder: it is fetched as often as it says, whole (seed ${seed})`, async () => {
  await using world = new World();
  const path = makeTree(world);
  const { client } = world.talk();
  await shareTree(client, path, { downloads: 2, note: "for Ana" });
  const [listed] = await items(client);
  assert.deepEqual([listed?.downloads, listed?.note, listed?.files], [2, "for Ana", 22]);

  const { client: ben } = world.talk({ owner: "ben", seed });
  await assert.rejects(fetchTree(world, ben, "t/small"), failsWith("not_found"));
  await assert.rejects(
    ben.download({
      room: "shared",
      name: "t/large.bin",
      target: "large.bin",
      store: world.downloads,
      conflict: "rename",
      origin: "server",
    }),
    failsWith("not_found"),
  );
  assert.deepEqual((await fetchTree(world, ben, "t")).failures, []);
  assertSameTree(world.path("downloads", "t"), path);
  assert.equal((await items(client))[0]?.downloads, 1);

  Deno.removeSync(world.path("downloads", "t"), { recursive: true });
  await fetchTree(world, ben, "t");
  assertSameTree(world.path("downloads", "t"), path);
  assert.deepEqual(await items(client), []);
  await assert.rejects(fetchTree(world, ben, "t"), failsWith("not_found"));
  world.store.shared?.sweep();
  assert.ok(!exists(world.path("shared", "t")), "it is gone from the disk");
  assert.deepEqual(world.records.trees.room("shared"), []);
});

Deno.test("share of a folder: who is cut off comes back for the rest and counts once", async () => {
  await using world = new World();
  const path = makeTree(world);
  const { client } = world.talk();
  await shareTree(client, path, { downloads: 1 });
  const { client: ben, link, served } = world.talk({
    owner: "ben",
    // Half of all that has to come.
    onCarried: (way, bytes) => {
      if (way === "down" && bytes > 1_000_000) link.cut();
    },
  });
  await assert.rejects(fetchTree(world, ben, "t"), failsWith("lost"));
  await served;
  // Nobody sees it any more; who was counted goes on.
  assert.deepEqual(await items(client), []);
  const { client: eve } = world.talk({ owner: "eve" });
  await assert.rejects(fetchTree(world, eve, "t"), failsWith("not_found"));
  const { client: again } = world.talk({ owner: "ben" });
  await fetchTree(world, again, "t");
  assertSameTree(world.path("downloads", "t"), path);
  world.store.shared?.sweep();
  assert.ok(!exists(world.path("shared", "t")));
});

/** Fetches the folder `t` and is cut off once that counts. */
async function fetchCut(world: World, owner: string): Promise<void> {
  const { client, link, served } = world.talk({ owner });
  const { claims } = world.records;
  const commit = claims.commit;
  claims.commit = (...claim) => {
    commit.apply(claims, claim);
    link.cut();
  };
  await assert.rejects(fetchTree(world, client, "t"), failsWith("lost"));
  claims.commit = commit;
  await served;
  if (exists(world.path("downloads", "t"))) {
    Deno.removeSync(world.path("downloads", "t"), { recursive: true });
  }
}

Deno.test("share of a folder: who was counted gets nothing that is shared anew, uncounted", async () => {
  await using world = new World();
  const path = makeTree(world);
  const [one, two] = [world.talk(), world.talk({ run: "2" })];
  await shareTree(one.client, path, { downloads: 1 });
  await fetchCut(world, "ben");
  // It is used up: what is shared now is another folder, and he still gets what he was counted for.
  writeFile(`${path}/new`, "new");
  assert.equal((await shareTree(two.client, path, { downloads: 1 })).name, "t (2)");
  const { client: ben } = world.talk({ owner: "ben", run: "2" });
  await fetchTree(world, ben, "t");
  assert.deepEqual(namesIn(world.path("downloads", "t")), ["large.bin", "small", "z large.bin"]);
  assert.deepEqual((await items(one.client)).map(({ name, downloads }) => [name, downloads]), [
    ["t (2)", 1],
  ]);
});

Deno.test("share of a folder: what comes of one that is over meanwhile goes with it, not beside it", async () => {
  await using world = new World();
  const path = makeTree(world);
  for (const access of [OPEN_ACCESS, mayShare]) {
    const { client } = world.talk({ access });
    const onWanted = () => {
      const [share] = world.records.shares.all().get("t") ?? [];
      assert.ok(share !== undefined);
      world.records.shares.put({ ...share, expires: Date.now() - 1 });
    };
    const head = { name: "t", room: "shared", conflict: "rename", expires: 60_000 } as const;
    const sending = client.uploadTree({ head, source: new FolderSource(path), onWanted });
    await assert.rejects(sending, failsWith("not_found"));
    assert.deepEqual(world.names("shared"), ["t"]);
    world.store.shared?.sweep();
    assert.deepEqual(world.names("shared"), []);
  }
});

for (const conflict of ["rename", "overwrite", "skip", "fail"] as const) {
  for (const owner of ["ana", "eve"]) {
    Deno.test(`share of a folder: one that is over is not spoken of with ${conflict} to ${owner}`, async () => {
      await using world = new World();
      const path = makeTree(world);
      await shareTree(world.talk({ owner: "ana" }).client, path, { downloads: 1 });
      await fetchCut(world, "ben");
      const { client } = world.talk({ owner, run: "2" });
      // Neither its own name nor one in it is taken.
      const source = new MemorySource(random.bytes(10));
      const { name } = await client.upload({ room: "shared", name: "t/new", source, conflict });
      assert.equal(name, "t (2)/new");
      const head = { name: "t", room: "shared", conflict } as const;
      const sent = await client.uploadTree({ head, source: new FolderSource(path) });
      assert.deepEqual([sent.name, sent.failures], ["t (3)", []]);
      const inner = { ...head, name: "t/small" };
      await client.uploadTree({ head: inner, source: new FolderSource(`${path}/small`) });
      assert.ok(exists(world.path("shared", "t (2)/small/1")));

      await fetchTree(world, world.talk({ owner: "ben", run: "2" }).client, "t");
      assertSameTree(world.path("downloads", "t"), path);
      world.store.shared?.sweep();
      assert.deepEqual(world.names("shared"), ["t (2)", "t (3)"]);
    });
  }
}

Deno.test("share of a folder: terms that are set anew hold for who was counted, too", async () => {
  await using world = new World();
  const path = makeTree(world);
  const [one, two] = [world.talk(), world.talk({ run: "2" })];
  const left = async () => (await items(one.client))[0]?.downloads;
  await shareTree(one.client, path, { downloads: 3 });
  await fetchCut(world, "ben");
  await fetchCut(world, "eve");
  // The same run says nothing new.
  await shareTree(one.client, path, { downloads: 3 });
  await fetchTree(world, world.talk({ owner: "ben", run: "2" }).client, "t");
  assert.equal(await left(), 1);

  Deno.removeSync(world.path("downloads", "t"), { recursive: true });
  writeFile(`${path}/new`, "new");
  await shareTree(two.client, path, { downloads: 2 });
  await fetchTree(world, world.talk({ owner: "eve", run: "2" }).client, "t");
  assert.ok(exists(world.path("downloads", "t/new")));
  assert.equal(await left(), 1);
});

Deno.test("share of a folder: none of its files comes before it was counted", async () => {
  await using world = new World();
  const path = makeTree(world);
  const { client } = world.talk();
  await shareTree(client, path, { downloads: 1 });
  const { client: ben } = world.talk({ owner: "ben" });
  const { claims } = world.records;
  const commit = claims.commit.bind(claims);
  const there: string[][] = [];
  claims.commit = (...claim) => {
    there.push(namesIn(world.path("downloads", "t")));
    commit(...claim);
  };
  await fetchTree(world, ben, "t");
  assert.deepEqual(there, [[]]);
  // Who has all of it takes nothing, and is not counted.
  await shareTree(client, path, { downloads: 1 });
  await fetchTree(world, ben, "t");
  assert.equal((await items(client))[0]?.downloads, 1);
});

Deno.test("share of a folder: it expires, and its owner takes it back", async () => {
  await using world = new World();
  const path = makeTree(world);
  const { client } = world.talk();
  await shareTree(client, path, { expires: 60_000 });
  const [share] = world.records.shares.all().get("t") ?? [];
  assert.ok(share?.expires);
  world.records.shares.put({ ...share, expires: Date.now() - 1 });
  assert.deepEqual(await items(client), []);
  const gone = { code: "not_found", message: "Folder 't' not found on the server." };
  await assert.rejects(fetchTree(world, client, "t"), gone);
  world.store.shared?.sweep();
  assert.ok(!exists(world.path("shared", "t")));

  await shareTree(client, path, {});
  const { client: ben } = world.talk({ owner: "ben" });
  await assert.rejects(ben.unshare("t"), failsWith("not_found"));
  assert.deepEqual((await items(client, true)).map(({ name }) => name), ["t"]);
  assert.deepEqual(await items(ben, true), []);
  assert.equal((await ben.about("shared", "t")).files, 22);
  await client.unshare("t");
  assert.ok(!exists(world.path("shared", "t")));
  assert.deepEqual(await items(client, true), []);
});

Deno.test("share of a folder: of what is in it nothing is told that is not given", async () => {
  await using world = new World();
  const path = makeTree(world);
  const { client } = world.talk();
  const { client: ben } = world.talk({ owner: "ben" });
  const told = (name: string) => ben.about("shared", name).then(({ size }) => size, codeOf);
  await shareTree(client, path, {});
  assert.deepEqual(await Promise.all(["t/small/0", "t/large.bin"].map(told)), [1000, 1_500_000]);

  await shareTree(world.talk({ run: "2" }).client, path, { downloads: 1 });
  for (const name of ["t/small/0", "t/large.bin", "t/small"]) {
    assert.equal(await told(name), "not_found", name);
    // What a folder with downloads holds is not asked for one by one, by nobody.
    await assert.rejects(client.about("shared", name), failsWith("not_found"));
  }
  assert.equal((await ben.about("shared", "t")).downloads, 1);

  // It is over, and still on the disk.
  const [share] = world.records.shares.all().get("t") ?? [];
  assert.ok(share !== undefined);
  world.records.shares.put({ ...share, downloads: null });
  const fetcher = { owner: "eve", run: "run", connection: {} };
  const info = Deno.lstatSync(world.path("shared", "t"));
  const held = world.store.shared?.admit("t", info, fetcher);
  world.records.shares.put({ ...share, downloads: null, expires: Date.now() - 1 });
  assert.equal(await told("t/small/0"), "not_found");
  assert.equal(await told("t"), "not_found");
  await assert.rejects(client.unshare("t/small/0"), failsWith("not_found"));
  assert.ok(exists(world.path("shared", "t/small/0")));
  held?.done();
});

Deno.test("share of a folder: before all of it is known nothing in it is told", async () => {
  await using world = new World();
  const path = makeTree(world);
  const { client } = world.talk();
  await shareTree(client, path, {});
  const tree = world.records.trees.get("shared", "t", Deno.lstatSync(world.path("shared", "t")));
  assert.ok(tree !== undefined);
  world.records.trees.put("shared", { ...tree, listed: 0 });
  await assert.rejects(client.about("shared", "t/small/0"), failsWith("not_found"));
});

/** Shares one file by its name. */
function shareFile(
  client: ClientSession,
  name: string,
  terms: Terms,
  source: Source = new MemorySource(random.bytes(10)),
): Promise<Receipt> {
  return client.upload({ room: "shared", name, source, conflict: "rename", terms });
}

for (const conflict of ["rename", "overwrite"] as const) {
  for (const isSame of [true, false]) {
    Deno.test(`share of a folder: what was shared into it blindly gets no terms, ${conflict} of ${isSame ? "the same" : "another"}`, async () => {
      await using world = new World();
      const path = makeTree(world);
      const { client } = world.talk({ owner: "eve" });
      await shareTree(client, path, {});
      const { client: ana } = world.talk({ owner: "ana", access: mayShare });
      await shareTree(ana, path, {});
      const bytes = random.bytes(10);
      await shareFile(ana, "t/x", {}, new MemorySource(bytes));
      assert.ok(exists(world.path("shared", "t (2)/x")));
      // From now on 't' is nobody's, and what is sent there gets that name.
      await client.unshare("t");
      const { client: again } = world.talk({ owner: "ana", run: "2", access: mayShare });
      const source = new MemorySource(isSame ? bytes : random.bytes(20));
      const request = { room: "shared", name: "t/x", source, conflict } as const;
      await again.upload({ ...request, terms: { downloads: 1 } });
      assert.deepEqual([...world.records.shares.all().keys()], ["t/x"]);
      assert.deepEqual(Deno.readFileSync(world.path("shared", "t (2)/x")), bytes);
    });
  }
}

Deno.test("share of a folder: what is shared into it has no terms of its own", async () => {
  await using world = new World();
  const path = makeTree(world);
  const { client } = world.talk();
  await shareTree(client, path, {});
  const source = () => new MemorySource(random.bytes(10));
  for (
    const terms of [{ downloads: 1 }, { expires: 60_000 }, { note: "a" }, { secret: "age" }]
  ) {
    await assert.rejects(shareFile(client, "t/once", terms), failsWith("denied"));
  }
  assert.ok(!exists(world.path("shared", "t/once")));
  // Not either what is in it already.
  const bytes = random.bytes(10);
  await shareFile(client, "t/once", {}, new MemorySource(bytes));
  const again = shareFile(client, "t/once", { downloads: 1 }, new MemorySource(bytes));
  await assert.rejects(again, failsWith("denied"));
  assert.equal(world.records.shares.all().get("t/once"), undefined);
  // Beside it, and where terms mean nothing, they are nobody's business.
  await shareFile(client, "u/once", { downloads: 1 });
  const head = { name: "t", room: "private", conflict: "rename" } as const;
  await client.uploadTree({ head, source: new FolderSource(path) });
  await client.upload({ ...head, name: "t/once", source: source(), terms: { downloads: 1 } });
});

Deno.test("share of a folder: a file on terms is not given with a folder that came meanwhile", async () => {
  await using world = new World();
  const path = makeTree(world);
  const [{ client }, other] = [world.talk(), world.talk({ run: "2" })];
  const bytes = new MemorySource(random.bytes(3_000_000));
  const reached = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  const source: Source = {
    size: bytes.size,
    mtime: bytes.mtime,
    version: bytes.version,
    digest: undefined,
    async read(offset, into) {
      reached.resolve();
      await goOn.promise;
      return bytes.read(offset, into);
    },
    isUnchanged: () => true,
    close() {},
  };
  const sharing = shareFile(client, "t/once", { downloads: 1 }, source);
  sharing.catch(() => {});
  await reached.promise;
  await shareTree(other.client, path, {});
  goOn.resolve();
  await assert.rejects(sharing, failsWith("denied"));
  assert.ok(!exists(world.path("shared", "t/once")));
});

Deno.test("share of a folder: who may not look hears of terms only in a folder of its own", async () => {
  await using world = new World();
  const path = makeTree(world);
  await shareTree(world.talk({ owner: "bob" }).client, path, {});
  const { client: blind } = world.talk({ access: mayShare });
  // It goes beside that of Bob.
  await shareFile(blind, "t/once", { downloads: 1 });
  assert.deepEqual(namesIn(world.path("shared", "t (2)")), ["once"]);
  await blind.unshare("t/once");
  Deno.removeSync(world.path("shared", "t (2)"));

  await shareTree(blind, path, {});
  await assert.rejects(shareFile(blind, "t/once", { downloads: 1 }), {
    code: "denied",
    message: "'t/once' is in a folder that is shared as one, on its terms.",
  });
  assert.ok(!exists(world.path("shared", "t (2)/once")));
});

for (const name of ["t", "t/small"]) {
  for (const isCut of [false, true]) {
    Deno.test(`share of a folder: it expires while '${name}' is ${isCut ? "cut off" : "fetched"}`, async () => {
      await using world = new World();
      const path = makeTree(world);
      const { client } = world.talk();
      await shareTree(client, path, { expires: 60_000 });
      const { client: ben, link, served } = world.talk({ owner: "ben" });
      const expire = () => {
        const [share] = world.records.shares.all().get("t") ?? [];
        assert.ok(share !== undefined);
        world.records.shares.put({ ...share, expires: Date.now() - 1 });
        world.store.shared?.sweep();
      };
      // Before its first file is read.
      const onWanted = () => isCut ? link.cut() : expire();
      const fetching = fetchTree(world, ben, name, { onWanted });
      if (isCut) {
        await assert.rejects(fetching, failsWith("lost"));
        await served;
        expire();
      } else {
        assert.deepEqual((await fetching).failures, []);
        const target = name.slice(name.lastIndexOf("/") + 1);
        assertSameTree(world.path("downloads", target), `${world.root}/${name}`);
        world.store.shared?.sweep();
      }
      assert.ok(!exists(world.path("shared", "t")), "it is gone from the disk");
    });
  }
}

Deno.test("share of a folder: terms that it gets while it is fetched are for the next one", async () => {
  await using world = new World();
  const path = makeTree(world);
  const { client } = world.talk();
  await shareTree(client, path, {});
  const { client: ben } = world.talk({ owner: "ben" });
  const onWanted = () => {
    const info = Deno.lstatSync(world.path("shared", "t"));
    const { owner = "", published = 0 } = world.records.trees.get("shared", "t", info) ?? {};
    const ino = String(info.ino);
    const terms = { expires: Date.now() - 1, downloads: null, note: "", secret: "" };
    world.records.shares.put({ ...terms, name: "t", ino, owner, who: "", run: "2", published });
    world.store.shared?.sweep();
  };
  assert.deepEqual((await fetchTree(world, ben, "t", { onWanted })).failures, []);
  assertSameTree(world.path("downloads", "t"), path);
  world.store.shared?.sweep();
  assert.ok(!exists(world.path("shared", "t")));
});

Deno.test("share of a folder: who asks about it, or has a file of it, keeps nothing", async () => {
  await using world = new World();
  const { client } = world.talk();
  await shareTree(client, makeTree(world), { expires: 60_000 });
  const { client: ben } = world.talk({ owner: "ben" });
  await ben.about("shared", "t");
  await ben.about("shared", "t/large.bin");
  await ben.download({
    ...{ room: "shared", name: "t/large.bin", target: "a", conflict: "rename", origin: "server" },
    store: world.downloads,
  });
  await fetchTree(world, ben, "t", { dry: true });
  const [share] = world.records.shares.all().get("t") ?? [];
  assert.ok(share !== undefined);
  world.records.shares.put({ ...share, expires: 1 });
  world.store.shared?.sweep();
  assert.ok(!exists(world.path("shared", "t")));
});

for (const terms of [{ expires: 60_000 }, {}]) {
  const how = "expires" in terms ? "that expires" : "without terms";
  Deno.test(`share of a folder ${how}: what is put in its place by hand stays`, async () => {
    await using world = new World();
    const path = makeTree(world);
    const { client } = world.talk();
    await shareTree(client, path, terms);
    const there = world.path("shared", "t");
    Deno.removeSync(there, { recursive: true });
    writeFile(`${there}/by hand`, "by hand");
    // It has the inode of the one before it, and was born a while later.
    const { trees, shares } = world.records;
    const info = Deno.lstatSync(there);
    const born = info.birthtime === null ? null : new Date(info.birthtime.getTime() - 1000);
    trees.bind("shared", "t", { ...info, birthtime: born });
    const [share] = shares.all().get("t") ?? [];
    if (share) shares.put({ ...share, ino: String(info.ino), expires: Date.now() - 1 });

    assert.deepEqual((await items(client)).map(({ name, mine }) => [name, mine]), [
      ["t/by hand", undefined],
    ]);
    world.store.shared?.sweep();
    await assert.rejects(client.unshare("t"), failsWith("not_found"));
    await assert.rejects(async () => await world.store.unshare("t"), failsWith("not_found"));
    assert.equal(Deno.readTextFileSync(`${there}/by hand`), "by hand");
    // Others may add to it, and it does not come to be the owner's by being sent again.
    const { client: ben } = world.talk({ owner: "ben" });
    const source = new MemorySource(random.bytes(10));
    await ben.upload({ room: "shared", name: "t/of ben", source, conflict: "fail" });
    assert.equal((await shareTree(client, path, terms)).name, "t (2)");
    assert.deepEqual(namesIn(there), ["by hand", "of ben"]);
  });
}

Deno.test("share of a folder: a new one has nothing of the terms of what had its inode before", async () => {
  await using world = new World();
  const path = makeTree(world);
  const { client } = world.talk();
  await shareTree(client, path, { expires: 60_000 });
  const { trees, shares } = world.records;
  const [share] = shares.all().get("t") ?? [];
  assert.ok(share);
  Deno.removeSync(world.path("shared", "t"), { recursive: true });
  const bind = trees.bind.bind(trees);
  trees.bind = (room, name, info) => {
    shares.put({ ...share, ino: String(info.ino) });
    bind(room, name, info);
  };
  // Of the same run, too, which has nothing new to say of a folder that is there.
  await shareTree(client, path, {});
  assert.deepEqual((await items(client)).map(({ name, expires }) => [name, expires]), [
    ["t", undefined],
  ]);
});

/** A folder that is sent, whose large files call something before they are read. */
class HeardSource extends FolderSource {
  onLarge: (offset: number) => void = () => {};

  override open(path: string): ReturnType<FolderSource["open"]> {
    const source = super.open(path);
    const read = source.read.bind(source);
    source.read = (offset, into) => {
      this.onLarge(offset);
      return read(offset, into);
    };
    return source;
  }
}

/** How a folder can end, by what is done on the server. */
const ENDS: Readonly<Record<string, (world: World) => void>> = {
  "expires": (world) => {
    expire(world);
    world.store.shared?.sweep();
  },
  "expires and is not removed yet": expire,
  "is used up": (world) => {
    const [share] = world.records.shares.all().get("t") ?? [];
    if (share !== undefined) world.records.shares.put({ ...share, downloads: 0 });
    world.store.shared?.sweep();
  },
  "is taken back": (world) => {
    const [tree] = world.records.trees.room("shared");
    if (tree !== undefined) void world.store.unshare("t", { owner: tree.owner });
  },
  "is removed by hand": (world) => {
    const path = world.path("shared", "t");
    if (exists(path)) Deno.removeSync(path, { recursive: true });
  },
};

function expire(world: World): void {
  const [share] = world.records.shares.all().get("t") ?? [];
  if (share !== undefined) world.records.shares.put({ ...share, expires: Date.now() - 1 });
}

for (const [how, end] of Object.entries(ENDS)) {
  for (const when of ["it is offered again", "small files come", "a large file comes"] as const) {
    Deno.test(`share of a folder that ${how} while ${when}: nothing of it comes back`, async () => {
      await using world = new World();
      const path = makeTree(world);
      writeFile(`${path}/large.bin`, random.bytes(3_500_000));
      if (when === "a large file comes") Deno.removeSync(`${path}/small`, { recursive: true });
      const { client } = world.talk();
      const share = (client: ClientSession, source: FolderSource, onWanted = () => {}) =>
        client.uploadTree({
          head: { name: "t", room: "shared", conflict: "rename", expires: 60_000, downloads: 9 },
          source,
          onWanted,
        });
      const source = new HeardSource(path);
      if (when === "it is offered again") {
        await share(client, source);
        writeFile(`${path}/new`, random.bytes(10));
        const { trees } = world.store;
        const stageTree = trees.stageTree.bind(trees);
        trees.stageTree = (request) => {
          const tree = stageTree(request);
          trees.stageTree = stageTree;
          end(world);
          return tree;
        };
      }
      if (when === "a large file comes") {
        source.onLarge = (offset) => {
          if (offset > 2_000_000) end(world);
        };
      }
      let wanted = 0;
      const onWanted = () => {
        wanted++;
        if (when === "small files come") end(world);
      };
      await assert.rejects(share(client, source, onWanted), failsWith("not_found"));
      assert.equal(wanted, when === "it is offered again" ? 0 : 1);
      world.store.shared?.sweep();
      assert.deepEqual(world.names("shared"), []);
      assert.deepEqual(await items(client), []);
      assert.deepEqual(await items(client, true), []);

      // What had come of a large file need not come again.
      const kept = world.store.staging.leftovers().length;
      assert.equal(kept, when === "a large file comes" ? 1 : 0);
      let sent = 0;
      const { client: again } = world.talk({
        run: "run 2",
        onCarried: (way, bytes) => {
          if (way === "up") sent = bytes;
        },
      });
      assert.deepEqual((await share(again, new FolderSource(path))).failures, []);
      assert.equal(sent < 1_500_000, kept === 1);
      assertSameTree(world.path("shared", "t"), path);
      const [listed] = await items(client);
      assert.deepEqual([listed?.downloads, listed?.missing], [9, undefined]);
    });
  }
}

Deno.test("share of a folder: what failed in it is sent again on its terms, also when it is over", async () => {
  await using world = new World();
  const path = makeTree(world);
  const terms = { expires: 60_000, downloads: 3, note: "for Ben" };
  const share = (run: string, part: boolean, note = terms.note) =>
    world.talk({ run }).client.uploadTree({
      head: { name: "t", room: "shared", conflict: "rename", part, ...terms, note },
      source: new FolderSource(path),
    });
  await share("run 1", false);
  // What is there keeps the terms that it was sent with.
  await share("run 2", true, "another");
  const { client } = world.talk();
  assert.equal((await items(client))[0]?.note, "for Ben");
  expire(world);
  await share("run 3", true);
  const [listed] = await items(client);
  assert.deepEqual([listed?.name, listed?.downloads, listed?.note], ["t", 3, "for Ben"]);
  assert.ok(listed?.expires !== undefined && listed.expires > Date.now());
});

for (const size of [1000, 2_000_000]) {
  Deno.test(`share of a folder: a file of ${size} bytes that comes by its own name is not missing`, async () => {
    await using world = new World();
    const path = `${world.root}/t`;
    writeFile(`${path}/a`, random.bytes(10));
    writeFile(`${path}/d/b`, random.bytes(size));
    const { client } = world.talk();
    const source = new FolderSource(path);
    const fails = () => {
      throw new Error("It cannot be read.");
    };
    source.read = source.open = fails;
    assert.equal((await sendTree(client, path, { name: "t", source })).failures.length, 2);
    assert.equal((await items(client))[0]?.missing, 2);
    const file = new MemorySource(Deno.readFileSync(`${path}/d/b`));
    await client.upload({ room: "shared", name: "t/d/b", source: file, conflict: "rename" });
    assert.equal((await items(client))[0]?.missing, 1);
    // One with another name is another.
    const other = new MemorySource(random.bytes(5));
    await client.upload({ room: "shared", name: "t/other", source: other, conflict: "rename" });
    assert.equal((await items(client))[0]?.missing, 1);
    await sendTree(client, path, { name: "t" });
    assert.equal((await items(client))[0]?.missing, undefined);
  });
}
