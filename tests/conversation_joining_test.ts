/** Connections that join a conversation: which may, what they may say, and when they end. */
import assert from "node:assert/strict";
import { FtError } from "../src/error.ts";
import { FIRST_CHUNK_BYTES } from "../src/protocol/chunk.ts";
import { ChunkDigests, sha256 } from "../src/protocol/digest.ts";
import { SIDE_CONNECTIONS } from "../src/protocol/limits.ts";
import type { Message, MessageOf } from "../src/protocol/message.ts";
import { type Access, type Grant, OPEN_ACCESS, VERBS } from "../src/session/access.ts";
import { Joining } from "../src/session/joining.ts";
import { ServerSession, type ServerSessionOptions } from "../src/session/server_session.ts";
import type { Partial as Staged, Receipt, StageRequest, Store } from "../src/storage/store.ts";
import { World } from "./conversation/world.ts";
import { RawPeer } from "./hostile/raw_peer.ts";
import { Link } from "./memory_connection.ts";
import { Random, seed } from "./random.ts";

const random = new Random(seed);
const BYTES = random.bytes(3 * FIRST_CHUNK_BYTES + 5);
const COUNT = 4;
const HALF = FIRST_CHUNK_BYTES / 2;

interface Guest {
  readonly peer: RawPeer;
  readonly served: Promise<FtError | undefined>;
}

type KnockOptions = Partial<Omit<ServerSessionOptions, "agent">>;

/** A connection on which nothing was said. */
function knock(world: World, options: KnockOptions = {}): Guest {
  const link = new Link();
  const { store, joining } = world;
  const session = new ServerSession(link.server, { store, agent: "server", joining, ...options });
  return { peer: new RawPeer(link.client), served: session.serve() };
}

/** A connection that was let in as ana, and the key of its conversation. */
async function enter(world: World, options: KnockOptions = {}): Promise<Guest & { key: string }> {
  const guest = knock(world, options);
  const welcome = await guest.peer.greet({ owner: "ana", token: "t" });
  assert(welcome?.kind === "welcome" && welcome.key !== undefined);
  return { ...guest, key: welcome.key };
}

/** A connection that has joined. */
async function join(world: World, key: string, options: KnockOptions = {}): Promise<Guest> {
  const guest = knock(world, options);
  const welcome = await guest.peer.greet({ owner: "ana", token: "t", join: key });
  assert(welcome?.kind === "welcome", JSON.stringify(welcome));
  assert.equal(welcome.key, undefined);
  return guest;
}

/** What somebody hears who wants to join. */
async function refusal(
  world: World,
  hello: Partial<MessageOf<"hello">>,
  options: KnockOptions = {},
): Promise<string> {
  const { peer, served } = knock(world, options);
  const answer = await peer.greet({ owner: "ana", token: "t", ...hello });
  assert(answer?.kind === "error", JSON.stringify(answer));
  peer.abort();
  await served;
  return answer.code;
}

function part(chunk: number): Uint8Array<ArrayBuffer> {
  return BYTES.subarray(chunk * FIRST_CHUNK_BYTES, (chunk + 1) * FIRST_CHUNK_BYTES);
}

/** The last piece of a chunk, from a place in it on. */
async function chunkOf(chunk: number, from = 0): Promise<Message> {
  const digest = await sha256(part(chunk));
  return { kind: "chunk", id: 1, chunk, bytes: part(chunk).subarray(from), digest };
}

function halfOf(chunk: number): Message {
  return { kind: "data", id: 1, chunk, bytes: part(chunk).subarray(0, HALF) };
}

async function commit(): Promise<Message> {
  const digests = new ChunkDigests();
  for (let chunk = 0; chunk < COUNT; chunk++) digests.set(chunk, await sha256(part(chunk)));
  return { kind: "commit", id: 1, digest: await digests.file(BYTES.length, COUNT) };
}

async function offer({ peer }: Guest): Promise<void> {
  await peer.say({ kind: "entry", id: 1, room: "private", name: "a", size: BYTES.length });
  await peer.expect("ready");
}

/** The chunk that a side connection hears the answer to. */
async function answered({ peer }: Guest): Promise<number | undefined> {
  return (await peer.expect("ack")).chunk;
}

/** Until what was said has been heard. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise<void>((go) => setImmediate(go));
}

/** Commits and waits until the file is in its place, whole. */
async function finish(world: World, { peer }: Guest): Promise<void> {
  await peer.say(await commit());
  for (;;) {
    const message = await peer.hear();
    if (message?.kind === "ack") continue;
    assert.equal(message?.kind, "done", JSON.stringify(message));
    break;
  }
  assert.deepEqual(world.read("private", "a"), BYTES);
}

/** Ends connections, the main one last. */
async function leave(...guests: readonly Guest[]): Promise<void> {
  for (const { peer, served } of guests.toReversed()) {
    await peer.end();
    assert.equal(await served, undefined);
  }
}

/** What an object has by a name; a function that keeps to its object. */
function boundOf(target: object, name: string | symbol): unknown {
  const value = Reflect.get(target, name, target);
  return typeof value === "function" ? value.bind(target) : value;
}

/** An access that gives everybody who shows a token the same grant. */
function granting(grants: Record<string, Grant>): Access {
  return { ...OPEN_ACCESS, admit: (token) => grants[token ?? ""] as Grant };
}

Deno.test("joining: it takes the key, the owner and the token of the conversation", async () => {
  await using world = new World();
  const grant = () => ({
    name: undefined,
    verbs: new Set(VERBS),
    ended: new AbortController().signal,
  });
  const access = granting({ t: grant(), other: grant() });
  const main = await enter(world, { access });
  const stranger = await enter(world, { access });
  assert.notEqual(main.key, stranger.key);
  assert(main.key.length >= 43, "256 bits in base64url");
  await offer(main);
  const wrong = main.key.replace(/.$/, (last) => last === "A" ? "B" : "A");
  for (
    const hello of [
      { join: wrong },
      { join: "" },
      { join: main.key, owner: "ben" },
      { join: main.key, owner: undefined },
      { join: main.key, token: "other" },
    ]
  ) {
    assert.equal(await refusal(world, hello, { access }), "denied", JSON.stringify(hello));
  }
  // None of them has taken a place.
  const sides = [];
  for (let at = 0; at < SIDE_CONNECTIONS; at++) sides.push(await join(world, main.key, { access }));
  await leave(main, stranger, ...sides);
  assert.deepEqual(world.names("private"), []);
});

Deno.test("joining: so many may join a conversation, and so many a server's in all", async () => {
  await using world = new World();
  const joining = new Joining(SIDE_CONNECTIONS + 1);
  const main = await enter(world, { joining });
  const other = await enter(world, { joining });
  const sides = [];
  for (let at = 0; at < SIDE_CONNECTIONS; at++) {
    sides.push(await join(world, main.key, { joining }));
  }
  assert.equal(await refusal(world, { join: main.key }, { joining }), "busy");
  const third = await join(world, other.key, { joining });
  assert.equal(await refusal(world, { join: other.key }, { joining }), "busy");
  // Who leaves makes room.
  await leave(sides.pop() as Guest);
  const again = await join(world, main.key, { joining });
  await leave(main, other, third, again, ...sides);
});

Deno.test("joining: all end with the conversation, and its key with them", async () => {
  await using world = new World();
  const main = await enter(world);
  const sides = [await join(world, main.key), await join(world, main.key)];
  await leave(main);
  for (const { peer, served } of sides) {
    assert.equal(await peer.ending(), "silence");
    assert.equal(await served, undefined);
  }
  assert.equal(await refusal(world, { join: main.key }), "denied");
});

Deno.test("joining: who joins is not let in once more, but shares the place of the conversation", async () => {
  await using world = new World();
  const heard: string[] = [];
  const options = { onGreeted: () => heard.push("in"), onJoined: () => heard.push("joined") };
  const main = await enter(world, options);
  const side = await join(world, main.key, options);
  assert.deepEqual(heard, ["in", "joined"]);
  await refusal(world, { join: "no key" }, options);
  assert.deepEqual(heard, ["in", "joined"]);
  await leave(main, side);
});

Deno.test("joining: a revoked token ends those that joined, too", async () => {
  await using world = new World();
  const end = new AbortController();
  const access = granting({
    t: { name: "ana", verbs: new Set(VERBS), ended: end.signal },
  });
  const main = await enter(world, { access });
  await offer(main);
  const side = await join(world, main.key, { access });
  await side.peer.say(await chunkOf(2));
  assert.equal(await answered(side), 2);
  const ends = Promise.all([main, side].map(({ peer }) => peer.ending()));
  end.abort(new FtError("denied", "The token was revoked."));
  assert.deepEqual(await ends, ["denied", "denied"]);
  for (const { peer } of [main, side]) peer.abort();
  await Promise.all([main.served, side.served]);
  assert.deepEqual(world.names("private"), []);
});

Deno.test("joining: a chunk that begins anew by another connection is taken from the first", async () => {
  await using world = new World();
  const main = await enter(world);
  await offer(main);
  const [a, b] = [await join(world, main.key), await join(world, main.key)];
  await a.peer.say(halfOf(2));
  await a.peer.say(await chunkOf(2, HALF));
  assert.equal(await answered(a), 2);
  // What has come is dropped, and answered all the same.
  await b.peer.say(await chunkOf(2));
  assert.equal(await answered(b), 2);
  await a.peer.say(halfOf(1));
  await settle();
  await b.peer.say(halfOf(1));
  await settle();
  // Nobody waits for ever for the answer to what was dropped, even if it was dropped for a late one.
  await a.peer.say(await chunkOf(1, HALF));
  assert.equal(await a.peer.ending(), "silence");
  assert.equal((await a.served)?.code, "lost");
  await b.peer.say(await chunkOf(1, HALF));
  assert.equal(await answered(b), 1);
  // The main connection is never the lost one.
  await main.peer.say(halfOf(0));
  await settle();
  await b.peer.say(await chunkOf(0));
  assert.equal(await b.peer.ending(), "silence");
  await b.served;
  await main.peer.say(await chunkOf(0, HALF));
  await main.peer.say(await chunkOf(3));
  await finish(world, main);
  await leave(main);
});

Deno.test("joining: half a chunk of a lost connection is no chunk", async () => {
  await using world = new World();
  const main = await enter(world);
  await offer(main);
  const [a, b] = [await join(world, main.key), await join(world, main.key)];
  for (const chunk of [0, 1, 3]) await main.peer.say(await chunkOf(chunk));
  await a.peer.say(halfOf(2));
  a.peer.abort();
  await a.served;
  await b.peer.say(await chunkOf(2));
  assert.equal(await answered(b), 2);
  await finish(world, main);
  await leave(main, b);
});

Deno.test("joining: what a side connection may not say ends it alone", async () => {
  await using world = new World();
  const main = await enter(world);
  const early = await join(world, main.key);
  await early.peer.say(await chunkOf(0));
  assert.equal(await early.peer.ending(), "protocol");
  early.peer.abort();
  await early.served;
  await offer(main);
  const bad: Message[] = [
    await commit(),
    { kind: "entry", id: 2, room: "private", name: "b", size: 1 },
    { kind: "ack", id: 1, verified: 0, chunk: 0 },
    { kind: "hello", id: 0, agent: "raw", features: [], require: [] },
    { ...await chunkOf(0), id: 2 } as Message,
    { ...await chunkOf(0), chunk: 5_000 } as Message,
    // Longer than what is left of the file.
    { ...halfOf(3), bytes: new Uint8Array(6) } as Message,
    await chunkOf(2, HALF),
  ];
  for (const message of bad) {
    const side = await join(world, main.key);
    await side.peer.say(message);
    assert.equal(await side.peer.ending(), "protocol", JSON.stringify(message.kind));
    side.peer.abort();
    assert.equal((await side.served)?.code, "protocol");
  }
  for (let chunk = 0; chunk < COUNT; chunk++) await main.peer.say(await chunkOf(chunk));
  await finish(world, main);
  await leave(main);
});

Deno.test("joining: a piece of a stream by a side connection ends that alone", async () => {
  await using world = new World();
  const main = await enter(world);
  await main.peer.say({ kind: "entry", id: 1, room: "private", name: "a" });
  await main.peer.expect("ready");
  const side = await join(world, main.key);
  await side.peer.say(await chunkOf(0));
  assert.equal(await side.peer.ending(), "protocol");
  side.peer.abort();
  assert.equal((await side.served)?.code, "protocol");
  for (let chunk = 0; chunk < COUNT; chunk++) await main.peer.say(await chunkOf(chunk));
  await finish(world, main);
  await leave(main);
});

Deno.test("joining: what a lost connection still brings after COMMIT is dropped", async () => {
  await using world = new World();
  const publishing = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const store: Store = new Proxy(world.store, {
    get(target, name) {
      if (name !== "stage") return boundOf(target, name);
      return async (request: StageRequest) => held(await target.stage(request));
    },
  });
  const held = (staged: Staged | Receipt) =>
    "outcome" in staged ? staged : new Proxy(staged, {
      get(target, name) {
        if (name !== "publish") return boundOf(target, name);
        return async (size: number, digest: string) => {
          publishing.resolve();
          await gate.promise;
          return await target.publish(size, digest);
        };
      },
    });
  const main = await enter(world, { store });
  await offer(main);
  const side = await join(world, main.key);
  for (let chunk = 0; chunk < COUNT; chunk++) await main.peer.say(await chunkOf(chunk));
  const finished = finish(world, main);
  await publishing.promise;
  await side.peer.say(await chunkOf(1));
  await leave(side);
  gate.resolve();
  await finished;
  await leave(main);
});

Deno.test("joining: who does not listen to the answers is read no further", async () => {
  await using world = new World();
  const main = await enter(world);
  await offer(main);
  const link = new Link({ room: 40 });
  const session = new ServerSession(link.server, {
    store: world.store,
    agent: "server",
    joining: world.joining,
  });
  const served = session.serve();
  const peer = new RawPeer(link.client);
  assert.equal((await peer.greet({ owner: "ana", join: main.key }))?.kind, "welcome");
  // Each is answered, and nobody reads the answers: the one that does not fit holds up the rest.
  const last = await chunkOf(3);
  let said = 0;
  const saying = (async () => {
    for (; said < 500; said++) await peer.say(last);
  })();
  for (let turn = 0; turn < 400; turn++) await new Promise<void>((go) => setImmediate(go));
  assert(said < 100, `${said} were read`);
  peer.abort();
  await saying;
  await served;
  await leave(main);
});
