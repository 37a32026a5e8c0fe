/** Whole conversations whose files travel compressed, and those in which they must not. */
import assert from "node:assert/strict";
import { FIRST_CHUNK_BYTES } from "../src/protocol/chunk.ts";
import { formatDigest, sha256 } from "../src/protocol/digest.ts";
import { toFrame } from "../src/protocol/codec.ts";
import { encodeFrame } from "../src/protocol/frame.ts";
import { FRAME_TYPES, type Message } from "../src/protocol/message.ts";
import { type Carrying, loadZstd } from "../src/protocol/zstd.ts";
import { ClientSession } from "../src/session/client_session.ts";
import { ServerSession } from "../src/session/server_session.ts";
import { type Compress, ZSTD_FEATURE } from "../src/session/compression.ts";
import type { Lane } from "../src/session/pace.ts";
import type { Receipt, Terms } from "../src/storage/store.ts";
import { assertSameTree, fetchTree, sendTree } from "./conversation/tree.ts";
import { MemorySource, type Talk, type TalkOptions, World } from "./conversation/world.ts";
import { writeFile } from "./files.ts";
import { welcome } from "./hostile/fake_server.ts";
import { RawPeer } from "./hostile/raw_peer.ts";
import { type Direction, Link } from "./memory_connection.ts";
import { Random, seed } from "./random.ts";

const MiB = FIRST_CHUNK_BYTES;
const SIZE = 3 * MiB + 7;
const random = new Random(seed);
const text = random.text(SIZE);
const noise = random.bytes(SIZE);
const { compress: zstd } = await loadZstd();

/** A conversation in which the server has said what it understands. */
async function greeted(world: World, options: TalkOptions): Promise<Talk> {
  const talk = world.talk({ seed, ...options });
  await talk.client.verbs;
  return talk;
}

function send(
  client: ClientSession,
  bytes: Uint8Array<ArrayBuffer>,
  terms: Terms = {},
  about: { onVerified?: (bytes: number) => void; onReady?: (held: number) => void } = {},
): Promise<Receipt> {
  const source = new MemorySource(bytes);
  return client.upload({ room: "shared", name: "a", source, conflict: "rename", terms, ...about });
}

/** Bytes that a way carries while `work` is under way. */
async function carried(
  { link }: Talk,
  direction: Direction,
  work: () => Promise<unknown>,
): Promise<number> {
  const before = link.carried(direction);
  await work();
  return link.carried(direction) - before;
}

Deno.test(`compression: what shrinks travels so, and arrives as it was (seed ${seed})`, async () => {
  await using world = new World();
  const talk = await greeted(world, { compress: "on" });
  const told: number[] = [];
  const hear = (bytes: number) => void told.push(bytes);
  const up = await carried(talk, "up", () => send(talk.client, text, {}, { onVerified: hear }));
  const down = await carried(
    talk,
    "down",
    () => world.download(talk, { room: "shared", onVerified: hear }),
  );
  assert.ok(up < SIZE / 2 && down < SIZE / 2, `${up} and ${down} of ${SIZE}`);
  assert.deepEqual(world.read("shared", "a"), text);
  assert.deepEqual(world.read("downloads", "a"), text);
  // What people see is the file's own bytes: whole chunks, of which the short one may not be last.
  assert.ok(told.every((bytes) => [0, SIZE % MiB].includes(bytes % MiB)), `${told}`);
  await talk.client.close();
  await talk.served;
  assert.deepEqual(world.reports.map(({ bytes }) => bytes), [SIZE, SIZE]);
});

Deno.test(`compression: a small file at the very beginning waits for it where it is on (seed ${seed})`, async () => {
  await using world = new World();
  const talk = world.talk({ seed, compress: "on" });
  const up = await carried(talk, "up", () => send(talk.client, text.slice(0, MiB)));
  assert.ok(up < MiB / 2, `${up}`);
  const cut = world.talk({ seed, compress: "on" });
  const sent = send(cut.client, text.slice(0, MiB));
  cut.link.cut();
  await assert.rejects(sent, { name: "FtError", code: "lost" });
});

Deno.test(`compression: a folder's small files travel so, too (seed ${seed})`, async () => {
  await using world = new World();
  const talk = await greeted(world, { compress: "on" });
  const path = `${world.root}/photos`;
  for (let at = 0; at < 64; at++) writeFile(`${path}/${at}.txt`, random.text(20_000));
  writeFile(`${path}/large.txt`, text);
  const size = 64 * 20_000 + SIZE;
  const up = await carried(talk, "up", () => sendTree(talk.client, path));
  const down = await carried(talk, "down", () => fetchTree(world, talk.client));
  assert.ok(up < size / 2 && down < size / 2, `${up} and ${down} of ${size}`);
  assertSameTree(world.path("shared", "photos"), path);
  assertSameTree(world.path("downloads", "photos"), path);
});

const PLAIN: readonly [string, Compress, Uint8Array<ArrayBuffer>, Terms][] = [
  ["text when it is off", "off", text, {}],
  ["what does not shrink", "on", noise, {}],
  ["a secret", "on", text, { secret: "age", note: "x" }],
];
for (const [what, compress, bytes, terms] of PLAIN) {
  Deno.test(`compression: ${what} travels as it is (seed ${seed})`, async () => {
    await using world = new World();
    const talk = await greeted(world, { compress });
    const up = await carried(talk, "up", () => send(talk.client, bytes, terms));
    const down = await carried(talk, "down", () => world.download(talk, { room: "shared" }));
    assert.ok(up >= SIZE && down >= SIZE, `${up} and ${down} of ${SIZE}`);
    assert.deepEqual(world.read("downloads", "a"), bytes);
  });
}

Deno.test(`compression: rates count what travels (seed ${seed})`, async () => {
  await using world = new World();
  let counted = 0;
  const lane = { take: (bytes: number) => void (counted += bytes), close: () => {} };
  const talk = await greeted(world, { compress: "on", lane: lane as unknown as Lane });
  const up = await carried(talk, "up", () => send(talk.client, text));
  const down = await carried(talk, "down", () => world.download(talk, { room: "shared" }));
  // Beside it there are headers and a few words.
  const most = up + down;
  assert.ok(counted > most * 0.97 && counted < most, `${counted} of ${most}`);
});

for (const [first, then] of [["on", "off"], ["off", "on"]] as const) {
  Deno.test(`compression: ${first}, a file that is cut off goes on with it ${then} (seed ${seed})`, async () => {
    await using world = new World();
    const large = random.text(12 * MiB);
    const most = first === "on" ? 2 * MiB : 6 * MiB;
    const cut = await greeted(world, {
      compress: first,
      onCarried: (way, bytes) => {
        if (way === "up" && bytes > most) cut.link.cut();
      },
    });
    await assert.rejects(send(cut.client, large));
    await cut.served;
    let held = 0;
    const talk = await greeted(world, { compress: then });
    await send(talk.client, large, {}, { onReady: (bytes) => held = bytes });
    assert.ok(held >= MiB && held % MiB === 0, `${held}`);
    assert.deepEqual(world.read("shared", "a"), large);
  });
}

/** A server that understands nothing beyond the document's first version, and takes one file. */
async function oldServer(peer: RawPeer): Promise<Message[]> {
  await welcome(peer);
  const heard: Message[] = [];
  const { id, name } = await peer.expect("entry");
  await peer.say({ kind: "ready", id });
  for (;;) {
    const message = await peer.hear();
    assert.ok(message !== undefined);
    heard.push(message);
    if (message.kind !== "commit") continue;
    await peer.say({ kind: "done", id, name, digest: message.digest, outcome: "new" });
    return heard;
  }
}

Deno.test(`compression: a server that does not know it is sent none (seed ${seed})`, async () => {
  const link = new Link({ seed });
  const peer = new RawPeer(link.server);
  const heard = oldServer(peer);
  const options = { agent: "client", owner: "ana", run: "1", compress: "on" } as const;
  const client = new ClientSession(link.client, options);
  await send(client, text);
  const kinds = (await heard).map(({ kind }) => kind);
  assert.deepEqual(kinds, ["chunk", "chunk", "chunk", "chunk", "commit"]);
  await peer.end();
  await client.close();
});

Deno.test(`compression: a client that has not named it is sent none (seed ${seed})`, async () => {
  await using world = new World();
  world.lay("public", "a", text);
  for (const [features, kind] of [[[], "chunk"], [[ZSTD_FEATURE], "zstd"]] as const) {
    const link = new Link({ seed });
    const served = new ServerSession(link.server, { store: world.store, agent: "server" }).serve();
    const peer = new RawPeer(link.client);
    await peer.greet({ features: [...features], compress: true });
    await peer.say({ kind: "request", id: 1, room: "public", name: "a" });
    await peer.expect("entry");
    await peer.say({ kind: "ready", id: 1 });
    await peer.expect(kind);
    peer.abort();
    await served;
  }
});

Deno.test(`compression: a flood of what becomes large lets others have their turns (seed ${seed})`, async () => {
  await using world = new World();
  const link = new Link();
  const served = new ServerSession(link.server, { store: world.store, agent: "server" }).serve();
  const peer = new RawPeer(link.client);
  await peer.greet();
  // Late words about what has ended are ignored.
  await peer.say({ kind: "list", id: 1, room: "shared" });
  await peer.expect("items");
  const message = zstd({ kind: "data", id: 1, chunk: 0, bytes: new Uint8Array(MiB) });
  const frames = Array.from({ length: 256 }, () => encodeFrame(toFrame(message))).flat();
  const flood = new Uint8Array(await new Blob(frames).arrayBuffer());
  let turns = 0;
  const others = setInterval(() => turns++, 0);
  await peer.write(flood);
  await peer.frame(FRAME_TYPES.commit, 0, "{}");
  assert.equal(await peer.ending(), "protocol");
  clearInterval(others);
  assert.ok(turns >= 16, `${turns}`);
  peer.abort();
  await served;
});

/** Says that one file is there, and sends a piece of it as `piece` makes it. */
async function givingServer(
  peer: RawPeer,
  piece: (message: Carrying) => Message,
): Promise<string> {
  await welcome(peer);
  const { id } = await peer.expect("request");
  await peer.say({ kind: "entry", id, name: "a", size: 1_000 });
  const digest = await sha256(text.slice(0, 1_000));
  await peer.say(piece({ kind: "chunk", id, chunk: 0, digest, bytes: text.slice(0, 1_000) }));
  await peer.say({ kind: "commit", id, digest: formatDigest(1_000, digest) });
  const ending = await peer.ending();
  await peer.end();
  return ending;
}

const PIECES: readonly [string, Compress, string, (message: Carrying) => Message][] = [
  ["takes what is compressed", "auto", "silence", zstd],
  ["refuses what is compressed where it is off", "off", "protocol", zstd],
  ["refuses what turns out to be longer", "auto", "protocol", (message) => {
    const made = zstd(message);
    return { ...made, length: made.length - 1 };
  }],
];
for (const [what, compress, ending, piece] of PIECES) {
  Deno.test(`compression: a client ${what} (seed ${seed})`, async () => {
    await using world = new World();
    const link = new Link({ seed });
    const ended = givingServer(new RawPeer(link.server), piece);
    const options = { agent: "client", owner: "ana", run: "1", compress };
    const client = new ClientSession(link.client, options);
    const taken = world.download({ client }, { room: "shared" });
    if (ending === "silence") {
      assert.equal((await taken).size, 1_000);
      assert.deepEqual(world.read("downloads", "a"), text.slice(0, 1_000));
    } else {
      await assert.rejects(taken, { name: "FtError", code: ending });
      assert.deepEqual(world.names("downloads"), []);
    }
    await client.close();
    assert.equal(await ended, ending);
  });
}
