/**
 * The life of a share between a server and clients in memory.
 *
 * @module
 */
import assert from "node:assert/strict";
import { FtError } from "../src/error.ts";
import type { Access, Verb } from "../src/session/access.ts";
import type { ClientSession } from "../src/session/client_session.ts";
import type { DownloadRequest } from "../src/session/download.ts";
import type { ListRequest } from "../src/session/listing.ts";
import type { Item, Receipt, Terms } from "../src/storage/store.ts";
import { ServerSession } from "../src/session/server_session.ts";
import { FolderSource } from "./conversation/tree.ts";
import { MemorySource, World } from "./conversation/world.ts";
import { writeFile } from "./files.ts";
import { RawPeer } from "./hostile/raw_peer.ts";
import { Link } from "./memory_connection.ts";
import { untilNextSecond } from "./fixtures/change_time.ts";
import { Random, seed } from "./random.ts";

const MiB = 1024 * 1024;
const random = new Random(seed);
const SMALL = random.bytes(300);
const LARGE = random.bytes(3 * MiB + 7);

interface Sending {
  readonly bytes?: Uint8Array<ArrayBuffer>;
  readonly version?: string;
}

function send(
  client: ClientSession,
  name: string,
  terms: Terms = {},
  { bytes = SMALL, version = name }: Sending = {},
): Promise<Receipt> {
  const source = new MemorySource(bytes, { version });
  return client.upload({ room: "shared", name, source, conflict: "rename", terms });
}

function take(
  world: World,
  client: ClientSession,
  name: string,
  request: Partial<DownloadRequest> = {},
): Promise<Receipt> {
  return client.download({
    ...{ room: "shared", name, target: name, conflict: "rename", origin: "server" },
    store: world.downloads,
    ...request,
  });
}

async function items(client: ClientSession, request: Partial<ListRequest> = {}): Promise<Item[]> {
  const all: Item[] = [];
  await client.list({ room: "shared", ...request }, (page) => all.push(...page));
  return all;
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return "ok";
  } catch (thrown) {
    assert.ok(thrown instanceof FtError);
    return thrown.code;
  }
}

function accessOf(name: string, verbs: readonly Verb[]): Access {
  return { admit: () => ({ name, verbs: new Set(verbs) }), isName: () => false };
}

/** Sets when a share ends, as if its time had come nearer. */
function age(world: World, name: string, expires: number): void {
  const share = world.records.shares.all().get(name)?.[0];
  assert.ok(share !== undefined);
  world.records.shares.put({ ...share, expires });
}

Deno.test("share: a list says what it is shared on, to everybody, and whose it is, to its owner", async () => {
  await using world = new World();
  const ana = world.talk({ owner: "ana" }).client;
  const bob = world.talk({ owner: "bob" }).client;
  const before = Date.now();
  await send(ana, "a", { expires: 60_000, downloads: 3, note: "for Bob", secret: "age" });
  await send(ana, "b");
  const [a, b] = await items(bob);
  assert.ok(a !== undefined && b !== undefined);
  const { expires = 0, ...rest } = a;
  assert.ok(expires >= before + 60_000 && expires <= Date.now() + 60_000);
  assert.deepEqual([rest.downloads, rest.note, rest.secret, rest.mine], [
    3,
    "for Bob",
    "age",
    undefined,
  ]);
  assert.deepEqual(Object.keys(b).toSorted(), ["name", "size", "tag", "time"]);
  assert.deepEqual((await items(ana)).map(({ mine }) => mine), [true, true]);
});

for (
  const [what, bytes] of [["empty", SMALL.slice(0, 0)], ["small", SMALL], ["large", LARGE]] as const
) {
  Deno.test(`share: a counted file that is ${what} is fetched as often as it may be, also by one client`, async () => {
    await using world = new World();
    const ana = world.talk({ owner: "ana" }).client;
    const bob = world.talk({ owner: "bob", seed }).client;
    await send(ana, "a", { downloads: 3 }, { bytes });
    await take(world, bob, "a", { target: "one" });
    // At once over one connection, of which each counts.
    await Promise.all([
      take(world, bob, "a", { target: "two" }),
      take(world, bob, "a", { target: "three" }),
    ]);
    for (const name of ["one", "two", "three"]) {
      assert.deepEqual(world.read("downloads", name), bytes);
    }
    assert.equal(await codeOf(take(world, bob, "a", { target: "four" })), "not_found");
    assert.deepEqual(await items(bob), []);
    world.store.shared?.sweep();
    assert.deepEqual(world.names("shared"), []);
  });
}

Deno.test("share: who has the file already and fetches it again is counted again", async () => {
  await using world = new World();
  const { client } = world.talk();
  await send(client, "a", { downloads: 2 });
  assert.equal((await take(world, client, "a")).outcome, "new");
  await take(world, client, "a");
  assert.deepEqual(await items(client), []);
});

Deno.test("share: a large counted download that is cut off goes on where it was, and counts once", async () => {
  await using world = new World();
  const { client } = world.talk({ owner: "ana" });
  await send(client, "a", { downloads: 1 }, { bytes: LARGE });
  const left = () => world.records.shares.all().get("a")?.[0]?.downloads;
  // Halfway, then in the withheld chunk: when that is sent the download counts.
  for (const run of ["1", "2"]) {
    const talk = world.talk({
      owner: "bob",
      run,
      onCarried: (way, bytes) => {
        const isDue = run === "1" ? bytes >= LARGE.length / 2 : left() === 0;
        if (way === "down" && isDue) talk.link.cut();
      },
    });
    assert.equal(await codeOf(take(world, talk.client, "a")), "lost");
    await talk.served;
  }
  assert.equal((await items(client)).length, 0);
  assert.equal(await codeOf(take(world, world.talk({ owner: "eve" }).client, "a")), "not_found");
  await take(world, world.talk({ owner: "bob", run: "3" }).client, "a");
  assert.deepEqual(world.read("downloads", "a"), LARGE);
});

Deno.test("share: a counted download that was cut off is still there after a look at its offer", async () => {
  await using world = new World();
  const { client } = world.talk({ owner: "ana" });
  await send(client, "a", { downloads: 1 }, { bytes: LARGE });
  const cut = world.talk({
    owner: "bob",
    onCarried: (way, bytes) => {
      if (way === "down" && bytes > MiB) cut.link.cut();
    },
  });
  assert.equal(await codeOf(take(world, cut.client, "a", { ordered: true })), "lost");
  await cut.served;
  const again = world.talk({ owner: "bob", run: "2" }).client;
  assert.equal((await take(world, again, "a", { wants: () => false })).outcome, "skipped");
  await take(world, again, "a", { ordered: true });
  assert.deepEqual(world.read("downloads", "a"), LARGE);
});

for (const asked of ["request", "browse"] as const) {
  Deno.test(`share: a ${asked} that is called off before it begins keeps nothing`, async () => {
    await using world = new World();
    const talk = world.talk();
    const terms = { expires: 60_000, downloads: 1 };
    if (asked === "request") await send(talk.client, "a", terms);
    else {
      writeFile(`${world.root}/a/b`, SMALL);
      const source = new FolderSource(`${world.root}/a`);
      const head = { name: "a", room: "shared", conflict: "rename", ...terms } as const;
      await talk.client.uploadTree({ head, source });
    }
    const link = new Link();
    const { store, joining } = world;
    const served = new ServerSession(link.server, { store, joining, agent: "server" }).serve();
    const peer = new RawPeer(link.client);
    await peer.greet({ owner: "bob", run: "run" });
    await peer.say(
      { kind: asked, id: 1, room: "shared", name: "a" },
      { kind: "error", id: 1, code: "interrupted", message: "" },
    );
    await peer.end();
    await served;
    age(world, "a", 1);
    world.store.shared?.sweep();
    assert.deepEqual(world.names("shared"), []);
  });
}

for (const conflict of ["rename", "overwrite", "skip", "fail"] as const) {
  for (const owner of ["ana", "eve"]) {
    Deno.test(`share: what is over and still on the disk is not spoken of with ${conflict} to ${owner}`, async () => {
      await using world = new World();
      await send(world.talk({ owner: "ana" }).client, "a", { downloads: 1 }, { bytes: LARGE });
      const talk = world.talk({
        owner: "bob",
        onCarried: (way) => {
          const left = world.records.shares.all().get("a")?.[0]?.downloads;
          if (way === "down" && left === 0) talk.link.cut();
        },
      });
      assert.equal(await codeOf(take(world, talk.client, "a")), "lost");
      await talk.served;

      const { client } = world.talk({ owner, run: "2" });
      await send(client, "a (2)");
      for (const name of ["a (3)", "a (4)"]) {
        const source = new MemorySource(random.bytes(10), { version: name });
        const sent = client.upload({ room: "shared", name: "a", source, conflict });
        // The second finds the first of its own there, which is told.
        if (name === "a (4)" && conflict === "fail") assert.equal(await codeOf(sent), "exists");
        else {
          const { name: stored, outcome } = await sent;
          const isFirst = name === "a (3)" || conflict === "rename";
          assert.equal(outcome, isFirst ? "new" : conflict === "skip" ? "skipped" : "replaced");
          if (conflict !== "skip" || isFirst) assert.equal(stored, isFirst ? name : "a (3)");
        }
      }
      await take(world, world.talk({ owner: "bob", run: "3" }).client, "a");
      assert.deepEqual(world.read("downloads", "a"), LARGE);
    });
  }
}

Deno.test("share: what has expired is in no list and found by no request, and then gone", async () => {
  await using world = new World();
  const { client } = world.talk();
  await send(client, "a", { expires: 60_000 });
  await send(client, "b", { expires: 60_000, downloads: 2 });
  await send(client, "stays", { expires: 60_000 });
  age(world, "a", Date.now() - 1);
  age(world, "b", Date.now() - 1);
  assert.deepEqual((await items(client)).map(({ name }) => name), ["stays"]);
  assert.deepEqual((await items(client, { mine: true })).map(({ name }) => name), ["stays"]);
  for (const name of ["a", "b"]) {
    assert.equal(await codeOf(take(world, client, name)), "not_found");
    assert.equal(await codeOf(client.about("shared", name)), "not_found");
    assert.equal(await codeOf(client.unshare(name)), "not_found");
  }
  world.store.shared?.sweep();
  assert.deepEqual(world.names("shared"), ["stays"]);
});

for (const terms of [{ expires: 60_000 }, { expires: 60_000, downloads: 1 }]) {
  Deno.test(`share: a download that has begun may end when its share expires: ${JSON.stringify(terms)}`, async () => {
    await using world = new World();
    const { client } = world.talk();
    await send(client, "a", terms, { bytes: LARGE });
    const talk = world.talk({
      owner: "bob",
      onCarried: (way, bytes) => {
        if (way !== "down" || bytes < MiB) return;
        if (world.records.shares.all().size > 0) age(world, "a", 1);
        world.store.shared?.sweep();
      },
    });
    await take(world, talk.client, "a");
    assert.deepEqual(world.read("downloads", "a"), LARGE);
    assert.equal(await codeOf(take(world, talk.client, "a", { target: "again" })), "not_found");
    world.store.shared?.sweep();
    assert.deepEqual(world.names("shared"), []);
  });
}

/** What becomes of the name of a file while the file is fetched. */
const RENAMINGS: Readonly<Record<string, (world: World) => void>> = {
  "taken back": (world) => void world.store.unshare("a", { owner: ownerOf(world) }),
  "removed by hand": (world) => Deno.removeSync(world.path("shared", "a")),
  "replaced by hand": (world) => {
    world.lay("shared", "b", random.bytes(10));
    Deno.renameSync(world.path("shared", "b"), world.path("shared", "a"));
  },
};

for (const [says, change] of Object.entries(RENAMINGS)) {
  Deno.test(`share: what is ${says} while it is fetched arrives as it was`, async () => {
    await using world = new World();
    await send(world.talk({ owner: "ana" }).client, "a", { note: "mine" }, { bytes: LARGE });
    // Then its time of change moves with its name.
    await untilNextSecond(world.path("shared", "a"));
    let isChanged = false;
    const talk = world.talk({
      owner: "bob",
      onCarried: (way, bytes) => {
        if (isChanged || way !== "down" || bytes < MiB) return;
        isChanged = true;
        change(world);
      },
    });
    await take(world, talk.client, "a");
    assert.ok(isChanged);
    assert.deepEqual(world.read("downloads", "a"), LARGE);
  });
}

Deno.test("share: a name whose share is over is free for the next one", async () => {
  await using world = new World();
  const { client } = world.talk();
  await send(client, "a", { downloads: 1 });
  await take(world, client, "a");
  const again = await send(client, "a", { downloads: 1 });
  assert.deepEqual([again.name, again.outcome], ["a", "new"]);
  assert.deepEqual((await items(client)).map(({ downloads }) => downloads), [1]);
});

Deno.test("share: the same file sent again gets the new terms, but not from a run that repeats itself", async () => {
  await using world = new World();
  const bob = world.talk({ owner: "bob" }).client;
  const first = world.talk({ run: "1" }).client;
  await send(first, "a", { downloads: 2 });
  await take(world, bob, "a");
  assert.equal((await send(first, "a", { downloads: 2 })).outcome, "same");
  assert.deepEqual((await items(bob)).map(({ downloads }) => downloads), [1]);
  const second = world.talk({ run: "2" }).client;
  assert.equal((await send(second, "a", { downloads: 5, note: "new" })).outcome, "same");
  assert.deepEqual((await items(bob)).map(({ downloads, note }) => [downloads, note]), [[
    5,
    "new",
  ]]);
  // Also when only the bytes tell that it is the same.
  await send(world.talk({ run: "3" }).client, "a", {}, { version: "other" });
  assert.deepEqual((await items(bob)).map(({ downloads, note }) => [downloads, note]), [
    [undefined, undefined],
  ]);
});

Deno.test("share: what was changed or replaced by hand has no terms any more, and is not removed", async () => {
  await using world = new World();
  const { client } = world.talk();
  for (const name of ["changed", "replaced", "removed"]) await send(client, name, { downloads: 1 });
  world.lay("shared", "changed", random.bytes(10));
  Deno.removeSync(world.path("shared", "replaced"));
  world.lay("shared", "replaced", random.bytes(10));
  Deno.removeSync(world.path("shared", "removed"));
  for (const name of ["changed", "replaced"]) {
    await take(world, client, name);
    const { downloads, mine } = await client.about("shared", name);
    assert.deepEqual([downloads, mine], [undefined, undefined]);
  }
  assert.equal(await codeOf(take(world, client, "removed")), "not_found");
  world.store.shared?.sweep();
  assert.deepEqual(world.names("shared"), ["changed", "replaced"]);
});

Deno.test("share: UNSHARE removes one's own, says what it was, and ends a download that does not count yet", async () => {
  await using world = new World();
  const ana = world.talk({ owner: "ana" }).client;
  const bob = world.talk({ owner: "bob" }).client;
  await send(ana, "a", { downloads: 2, note: "mine" }, { bytes: LARGE });
  assert.equal(await codeOf(bob.unshare("a")), "not_found");
  const talk = world.talk({
    owner: "bob",
    run: "2",
    onCarried: (way, bytes) => {
      if (way === "down" && bytes >= MiB && world.names("shared").length > 0) {
        void world.store.unshare("a", { owner: ownerOf(world) });
      }
    },
  });
  assert.equal(await codeOf(take(world, talk.client, "a")), "not_found");
  assert.deepEqual(world.names("downloads"), []);
  await send(ana, "a", { note: "mine" }, { bytes: LARGE });
  const about = await ana.unshare("a");
  assert.deepEqual([about.name, about.size, about.note], ["a", LARGE.length, "mine"]);
  assert.deepEqual(world.names("shared"), []);
  assert.equal(await codeOf(ana.unshare("a")), "not_found");
});

/** The hash of the owner of the one share. */
function ownerOf(world: World): string {
  return world.records.room("shared").get("a")?.[0]?.owner ?? "";
}

Deno.test("share: a blind client knows, lists and takes back what it sent by the names it sent it under", async () => {
  await using world = new World();
  const bob = world.talk({ owner: "bob" }).client;
  await send(bob, "a");
  const blind = world.talk({ owner: "ana", access: accessOf("ana", ["share"]) }).client;
  assert.equal((await send(blind, "a", { downloads: 1 }, { bytes: LARGE })).name, "a");
  assert.deepEqual(world.names("shared"), ["a", "a (2)"]);
  assert.equal(await codeOf(items(blind)), "denied");
  const mine = await items(blind, { mine: true });
  assert.deepEqual(mine.map(({ name, size, downloads }) => [name, size, downloads]), [
    ["a", LARGE.length, 1],
  ]);
  const about = await blind.unshare("a");
  assert.deepEqual([about.name, about.size], ["a", LARGE.length]);
  assert.deepEqual(world.names("shared"), ["a"]);
  assert.equal(await codeOf(blind.unshare("a (2)")), "not_found");
  assert.equal(await codeOf(blind.unshare("a")), "not_found");
});

Deno.test("share: LIST with mine has one's own private uploads, and no one else's", async () => {
  await using world = new World();
  const ana = world.talk({ owner: "ana", access: accessOf("ana", ["put"]) }).client;
  const bob = world.talk({ owner: "bob" }).client;
  for (const client of [ana, bob]) {
    for (const name of ["p", "q/p"]) {
      const source = new MemorySource(SMALL);
      await client.upload({ room: "private", name, source, conflict: "rename" });
    }
  }
  world.lay("private", "by hand", SMALL);
  for (const client of [ana, bob]) {
    const mine = await items(client, { room: "private", mine: true });
    assert.deepEqual(mine.map(({ name, mine }) => [name, mine]), [["p", true], ["q/p", true]]);
  }
  assert.equal(await codeOf(items(bob, { room: "private" })), "denied");
  assert.equal(await codeOf(items(ana, { mine: true })), "denied");
});

Deno.test("share: INFO says the digest, also of what was put there by hand, but not of what counts", async () => {
  await using world = new World();
  const ana = world.talk({ owner: "ana" }).client;
  const bob = world.talk({ owner: "bob" }).client;
  const { digest } = await send(ana, "a");
  assert.equal((await bob.about("shared", "a")).digest, digest);
  world.lay("public", "b", SMALL);
  assert.equal((await bob.about("public", "b")).digest, digest);
  await send(ana, "c", { downloads: 1 });
  assert.equal((await bob.about("shared", "c")).digest, undefined);
  assert.equal((await ana.about("shared", "c")).digest, digest);
});

Deno.test("share: LIST with match lists what fits", async () => {
  await using world = new World();
  const { client } = world.talk();
  for (const name of ["a.txt", "b.pdf", "c/d.txt"]) await send(client, name);
  const names = async (match: string) => (await items(client, { match })).map(({ name }) => name);
  assert.deepEqual(await names("*.txt"), ["a.txt", "c/d.txt"]);
  assert.deepEqual(await names("?.*"), ["a.txt", "b.pdf"]);
  assert.deepEqual(await names("nothing"), []);
});

Deno.test("share: long names and notes make pages that fit into a message", async () => {
  await using world = new World();
  const { client } = world.talk();
  // Each of these is six bytes of JSON.
  const note = "\u0001".repeat(1024);
  for (let at = 0; at < 200; at++) {
    await send(client, `${"\u0153".repeat(120)}${at}`, { note });
  }
  const all = await items(client);
  assert.equal(all.length, 200);
  assert.ok(all.every((item) => item.note === note));
});
