/** Conversations in memory with clients that may not do everything. */
import assert from "node:assert/strict";
import { FtError } from "../src/error.ts";
import { NAME_BYTES } from "../src/name.ts";
import { FIRST_CHUNK_BYTES } from "../src/protocol/chunk.ts";
import { type Access, type Grant, OPEN_ACCESS, type Verb, VERBS } from "../src/session/access.ts";
import { DEADLINES } from "../src/session/deadlines.ts";
import type { ClientSession } from "../src/session/client_session.ts";
import { ServerSession } from "../src/session/server_session.ts";
import type { Conflict, Item, Receipt, Room } from "../src/storage/store.ts";
import { MemorySource, World } from "./conversation/world.ts";
import { RawPeer } from "./hostile/raw_peer.ts";
import { Link } from "./memory_connection.ts";
import { Random, seed } from "./random.ts";

const random = new Random(seed);
const BYTES = random.bytes(2 * FIRST_CHUNK_BYTES + 1);

/** Lets everybody in as one who may do what is said. */
function accessOf(name: string | undefined, verbs: readonly Verb[] = VERBS): Access {
  const grant = { name, verbs: new Set(verbs) };
  return { ...OPEN_ACCESS, admit: () => grant };
}

function send(
  client: ClientSession,
  room: Room,
  name: string,
  { bytes = BYTES, conflict = "rename" }: {
    bytes?: Uint8Array<ArrayBuffer>;
    conflict?: Conflict;
  } = {},
): Promise<Receipt> {
  return client.upload({ room, name, source: new MemorySource(bytes), conflict });
}

function take(
  world: World,
  client: ClientSession,
  room: "public" | "shared",
  name: string,
): Promise<Receipt> {
  const about = { room, name, target: name, conflict: "rename", origin: "server" } as const;
  return client.download({ ...about, store: world.downloads });
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return "ok";
  } catch (thrown) {
    return (thrown as FtError).code;
  }
}

for (
  const verbs of [...VERBS.map((verb) => [verb]), ["put", "fetch"], [...VERBS], []] as Verb[][]
) {
  Deno.test(`conversation: a client that may ${verbs.join(" and ") || "do nothing"} does that`, async () => {
    await using world = new World();
    world.lay("public", "there", BYTES);
    world.lay("shared", "there", BYTES);
    const { client, served } = world.talk({ access: accessOf("ana", verbs) });
    const may = (verb: Verb, otherwise = "ok") => verbs.includes(verb) ? otherwise : "denied";
    const codes = await Promise.all([
      codeOf(send(client, "private", "new")),
      codeOf(send(client, "shared", "new")),
      codeOf(take(world, client, "public", "there")),
      codeOf(take(world, client, "public", "nothing")),
      codeOf(take(world, client, "shared", "there")),
      codeOf(take(world, client, "shared", "nothing")),
      codeOf(client.list({ room: "public" }, () => {})),
      codeOf(client.list({ room: "shared" }, () => {})),
    ]);
    assert.deepEqual(codes, [
      may("put"),
      may("share"),
      may("get"),
      may("get", "not_found"),
      may("fetch"),
      may("fetch", "not_found"),
      may("get"),
      may("fetch"),
    ]);
    await client.close();
    assert.equal(await served, undefined);
  });
}

Deno.test("conversation: private files of a named token go to its folder, and are called as they were sent", async () => {
  await using world = new World();
  const { client } = world.talk({ access: accessOf("ana") });
  for (const conflict of ["rename", "overwrite", "skip", "fail"] as const) {
    const name = `${conflict}.bin`;
    assert.equal((await send(client, "private", name, { conflict })).name, name);
    assert.deepEqual(world.read("private", `ana/${name}`), BYTES);
  }
  assert.equal((await send(client, "private", "rename.bin")).outcome, "same");
  const other = await send(client, "private", "rename.bin", { bytes: random.bytes(10) });
  assert.deepEqual([other.name, other.outcome], ["rename.bin", "new"]);
  assert.equal(world.read("private", "ana/rename (2).bin").length, 10);
  assert.deepEqual(world.names("private"), ["ana"]);
  const report = world.reports.at(-1);
  assert.deepEqual([report?.who, report?.name], ["ana", "ana/rename (2).bin"]);
});

Deno.test("conversation: a list says who shared what, and the report who did", async () => {
  await using world = new World();
  const ana = world.talk({ access: accessOf("ana") }).client;
  const nobody = world.talk({ access: accessOf(undefined) }).client;
  await send(ana, "shared", "by ana");
  await send(nobody, "shared", "by nobody");
  world.lay("shared", "by hand", BYTES);
  const items: Item[] = [];
  await nobody.list({ room: "shared" }, (page) => items.push(...page));
  assert.deepEqual(
    new Map(items.map(({ name, who }) => [name, who])),
    new Map([
      ["by ana", "ana"],
      ["by nobody", undefined],
      ["by hand", undefined],
    ]),
  );
  const who = world.reports.filter(({ action }) => action === "share").map(({ who }) => who);
  assert.deepEqual(who, ["ana", undefined]);
});

Deno.test("conversation: who may share and not fetch is told nothing of others' files", async () => {
  await using world = new World();
  const other = world.talk({ owner: "bob", access: accessOf("bob") }).client;
  const blind = world.talk({ access: accessOf("ana", ["share"]) }).client;
  for (const conflict of ["rename", "overwrite", "skip", "fail"] as const) {
    await send(other, "shared", conflict);
    const bytes = random.bytes(100);
    const receipt = await send(blind, "shared", conflict, { bytes, conflict });
    assert.deepEqual([receipt.name, receipt.outcome], [conflict, "new"]);
    assert.deepEqual(world.read("shared", conflict), BYTES);
    assert.deepEqual(world.read("shared", `${conflict} (2)`), bytes);
  }
  // Its own files it knows.
  const own = random.bytes(7);
  const over = await send(blind, "shared", "overwrite", { bytes: own, conflict: "overwrite" });
  assert.deepEqual([over.name, over.outcome], ["overwrite", "replaced"]);
  assert.deepEqual(world.read("shared", "overwrite (2)"), own);
  assert.deepEqual(world.read("shared", "overwrite"), BYTES);
  assert.equal(await codeOf(send(blind, "shared", "fail", { conflict: "fail" })), "exists");
});

Deno.test("conversation: a taken name that leaves no room for a number is not spoken of", async () => {
  await using world = new World();
  const other = world.talk({ owner: "bob", access: accessOf("bob") }).client;
  const blind = world.talk({ access: accessOf("ana", ["share"]) }).client;
  const folders = `${"f".repeat(200)}/`.repeat(10);
  const full = `${folders}${"g".repeat(NAME_BYTES - folders.length - 2)}/h`;
  // One whose last part needs a number, and one whose folder does.
  await send(other, "shared", full);
  await send(other, "shared", "file");
  const below = `file/${folders.slice(5)}`.padEnd(NAME_BYTES, "h");
  for (const name of [full, below]) {
    await assert.rejects(send(blind, "shared", name, { bytes: random.bytes(9) }), {
      code: "bad_name",
      message: "The name is too long to be kept.",
    });
  }
});

Deno.test("conversation: one secret with two tokens is two owners", async () => {
  await using world = new World();
  const owner = "one secret";
  const ana = world.talk({ owner, access: accessOf("ana") }).client;
  const bob = world.talk({ owner, access: accessOf("bob") }).client;
  await send(ana, "shared", "file");
  const again = await send(bob, "shared", "file");
  assert.deepEqual([again.name, again.outcome], ["file (2)", "new"]);
  const bytes = random.bytes(5);
  assert.equal(
    (await send(bob, "shared", "file", { bytes, conflict: "overwrite" })).name,
    "file (2)",
  );
  assert.deepEqual(world.read("shared", "file"), BYTES);
  await send(ana, "shared", "only ana's");
  const over = send(bob, "shared", "only ana's", { bytes, conflict: "overwrite" });
  assert.equal(await codeOf(over), "denied");
});

/** A server's session of its own, and a peer that has not spoken. */
function pair(access: Access, say: object = {}) {
  const link = new Link();
  const store = {
    ...{ open: nothing, pages: nothing, note: nothing, stage: nothing },
    ...{ about: nothing, unshare: nothing },
  };
  const session = new ServerSession(link.server, { store, agent: "server", access, ...say });
  return { peer: new RawPeer(link.client), session, served: session.serve() };
}

function nothing(): never {
  throw new Error("the store is asked");
}

Deno.test("ServerSession says denied and looks at nothing more of a client it does not let in", async () => {
  const tokens: unknown[] = [];
  const hint = "Ask its owner.";
  const { peer, served } = pair({
    ...OPEN_ACCESS,
    admit(token, from) {
      tokens.push(token, from);
      throw new FtError("denied", "No.", { hint });
    },
  }, { onGreeted: nothing });
  await peer.preamble();
  const hello = { kind: "hello", id: 0, agent: "x", features: [], require: [] } as const;
  await peer.say({ ...hello, features: [], require: [], token: "wrong" });
  await peer.say({ kind: "entry", id: 1, room: "shared", name: "a", size: 0 });
  await peer.say({ kind: "list", id: 2, room: "public" });
  const told = await peer.expect("error");
  assert.deepEqual(told, { kind: "error", id: 0, code: "denied", message: "No.", hint });
  assert.equal(await peer.hear(), undefined);
  await peer.end();
  assert.equal((await served)?.code, "denied");
  assert.deepEqual(tokens, ["wrong", "memory:server"]);
});

Deno.test("ServerSession tells once whom it let in, and WELCOME what that one may", async () => {
  const grants: Grant[] = [];
  const { peer, served } = pair(accessOf("ana", ["fetch", "put"]), {
    onGreeted: (grant: Grant) => grants.push(grant),
  });
  const welcome = await peer.greet({ token: "x" });
  assert(welcome?.kind === "welcome");
  assert.deepEqual(welcome.verbs, ["put", "fetch"]);
  assert.deepEqual(grants.map(({ name }) => name), ["ana"]);
  await peer.end();
  assert.equal(await served, undefined);
});

Deno.test("ServerSession keeps nobody past the greeting's deadline with a slow refusal", async () => {
  let left: AbortSignal | undefined;
  const { peer, served } = pair({
    ...OPEN_ACCESS,
    admit: (_token, _peer, signal) => {
      left = signal;
      const { promise, reject } = Promise.withResolvers<Grant>();
      signal.addEventListener("abort", () => reject(new FtError("denied")));
      return promise;
    },
  }, { deadlines: { ...DEADLINES, handshake: 0.05 } });
  await peer.preamble();
  await peer.say({ kind: "hello", id: 0, agent: "x", features: [], require: [] });
  assert.equal(await peer.ending(), "timeout");
  await peer.end();
  assert.equal((await served)?.code, "timeout");
  assert.equal(left?.aborted, true);
});

for (const when of ["before it is let in", "while it is idle"]) {
  Deno.test(`ServerSession ends with a grant that is taken back ${when}`, async () => {
    const end = new AbortController();
    const reason = new FtError("denied", "The token was revoked.");
    const grant = { name: "ana", verbs: new Set(VERBS), ended: end.signal };
    if (when === "before it is let in") end.abort(reason);
    const { peer, served } = pair({ ...OPEN_ACCESS, admit: () => grant });
    const first = await peer.greet();
    if (!end.signal.aborted) {
      assert.equal(first?.kind, "welcome");
      end.abort(reason);
    }
    const told = first?.kind === "error" ? first : await peer.expect("error");
    assert.deepEqual([told.id, told.code, told.message], [0, "denied", reason.message]);
    await peer.end();
    assert.equal((await served)?.code, "denied");
  });
}

Deno.test("conversation: a grant that is taken back in the middle of an upload leaves what is verified", async () => {
  await using world = new World();
  const end = new AbortController();
  const access = (ended?: AbortSignal) => ({
    ...OPEN_ACCESS,
    admit: () => ({
      name: "ana",
      verbs: new Set(VERBS),
      ...(ended === undefined ? {} : { ended }),
    }),
  });
  const source = new MemorySource(random.bytes(8 * FIRST_CHUNK_BYTES));
  source.onRead = (offset) => {
    if (offset >= 5 * FIRST_CHUNK_BYTES) end.abort(new FtError("denied", "The token was revoked."));
  };
  const first = world.talk({ access: access(end.signal), run: "one" });
  const about = { room: "shared", name: "file", conflict: "rename" } as const;
  await assert.rejects(first.client.upload({ ...about, source }), {
    code: "denied",
    message: "The token was revoked.",
  });
  assert.equal((await first.served)?.code, "denied");
  assert.deepEqual(world.names("shared"), []);
  source.onRead = () => {};
  let held = 0;
  const second = world.talk({ access: access(), run: "two" });
  const onReady = (bytes: number) => held = bytes;
  assert.equal((await second.client.upload({ ...about, source, onReady })).outcome, "new");
  assert(held > 0, `${held} bytes were held`);
  assert.deepEqual(world.read("shared", "file"), source.bytes);
});

Deno.test("conversation: a grant that is taken back ends downloads too", async () => {
  await using world = new World();
  world.lay("public", "file", random.bytes(8 * FIRST_CHUNK_BYTES));
  const end = new AbortController();
  const grant = { name: "ana", verbs: new Set(VERBS), ended: end.signal };
  const talk = world.talk({
    access: { ...OPEN_ACCESS, admit: () => grant },
    onCarried: (direction, bytes) => {
      if (direction === "down" && bytes > 3 * FIRST_CHUNK_BYTES) {
        end.abort(new FtError("denied", "The token was revoked."));
      }
    },
  });
  assert.equal(await codeOf(take(world, talk.client, "public", "file")), "denied");
  assert.equal((await talk.served)?.code, "denied");
  assert.deepEqual(world.names("downloads"), []);
});
