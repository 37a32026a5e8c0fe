/** Places that a client takes and leaves in the worst of moments: all of them come back. */
import assert from "node:assert/strict";
import { CONTROL_BYTES } from "../../src/protocol/limits.ts";
import { FRAME_TYPES } from "../../src/protocol/message.ts";
import { assertBytes, namesIn } from "../files.ts";
import { ftCommand, Place } from "../process.ts";
import { BYTES, chunkOf, DIGEST, offer } from "./pieces.ts";
import { rawFrame, type RawPeer, rawPeer } from "./raw_peer.ts";
import { hostile, type Target, type TargetOptions } from "./target.ts";

const SLOTS = 40;
const NARROW: TargetOptions = { limits: { transfersPerClient: SLOTS } };
const ANA = { owner: "ana's secret", run: "run 1" };

/** Brings a transfer to a state in which it is left. */
type State = (peer: RawPeer, id: number) => Promise<void>;

const offered = (size: number | undefined): State => async (peer, id) => {
  const about = size === undefined ? {} : { size };
  await peer.say({ kind: "entry", id, room: "private", name: `file ${id}`, ...about });
};

const STATES: readonly (readonly [string, State])[] = [
  ["offered and not waited for", offered(BYTES.length)],
  ["offered as a stream", offered(undefined)],
  ["offered as small and not sent", offered(10)],
  ["ready", async (peer, id) => void await offer(peer, id, { name: `file ${id}` })],
  ["in the middle of a chunk", async (peer, id) => {
    await offer(peer, id, { name: `file ${id}` });
    await peer.say({ kind: "data", id, chunk: 0, bytes: BYTES.slice(0, 100) });
  }],
  ["after a chunk", async (peer, id) => {
    await offer(peer, id, { name: `file ${id}` });
    await peer.say(await chunkOf(id, 0));
  }],
  ["refused for its name", async (peer, id) => {
    await peer.say({ kind: "entry", id, room: "shared", name: "../x", size: BYTES.length });
  }],
  ["refused for its room", async (peer, id) => {
    await peer.say({ kind: "entry", id, room: "public", name: "x", size: BYTES.length });
  }],
  ["committed too early", async (peer, id) => {
    await offer(peer, id, { name: `file ${id}` });
    await peer.say({ kind: "commit", id, digest: DIGEST });
  }],
  ["asked for and not answered", async (peer, id) => {
    await peer.say({ kind: "request", id, room: "public", name: "public.bin" });
  }],
  ["asked for with its digest", async (peer, id) => {
    await peer.say({
      kind: "request",
      id,
      room: "public",
      name: "public.bin",
      size: 2 * 2 ** 20 + 5,
    });
  }],
  ["taken and hardly read", async (peer, id) => {
    await peer.say({ kind: "request", id, room: "public", name: "public.bin" });
    for (let message = await peer.hear(); message?.kind !== "entry" || message.id !== id;) {
      message = await peer.hear();
    }
    await peer.say({ kind: "ready", id });
  }],
  ["asked for and not there", async (peer, id) => {
    await peer.say({ kind: "request", id, room: "public", name: "none" });
  }],
  ["listed", async (peer, id) => {
    await peer.say({ kind: "list", id, room: "shared" });
  }],
];

/** Opens transfers until one is refused as one too many; tells how many there were. */
async function countSlots(target: Target): Promise<number> {
  const peer = await target.greeted({ ...ANA, run: "count" });
  try {
    for (let id = 1; id <= SLOTS + 1; id++) {
      const [told] = await offer(peer, id, { room: "private", name: `count ${id}` });
      if (told?.kind === "error") {
        assert.equal(told.code, "busy");
        return id - 1;
      }
    }
    return SLOTS + 1;
  } finally {
    peer.abort();
  }
}

/** Waits until all places are free: what a connection that is gone held is let go soon after. */
async function allFree(target: Target): Promise<void> {
  const deadline = performance.now() + 10_000;
  for (;;) {
    const free = await countSlots(target);
    if (free === SLOTS) return;
    assert(performance.now() < deadline, `only ${free} of ${SLOTS} places are free`);
  }
}

const LEAVINGS: readonly (readonly [string, (peer: RawPeer, ids: number) => Promise<void>])[] = [
  ["called off", async (peer, ids) => {
    for (let id = 1; id <= ids; id++) {
      await peer.say({ kind: "error", id, code: "interrupted", message: "" });
    }
    // All of that is heard of before the next word is answered.
    await peer.say({ kind: "list", id: 1_000, room: "shared" });
    for (;;) {
      const message = await peer.hear();
      assert(message !== undefined, "the server hung up");
      if (message.id === 1_000) return;
    }
  }],
  ["left with the end of the connection", async (peer) => {
    await peer.end();
    await peer.ending();
    peer.abort();
  }],
  // deno-lint-ignore require-await -- as the others are
  ["left with a dead connection", async (peer) => peer.abort()],
  ["left in the middle of a frame", async (peer) => {
    await peer.write(rawFrame(FRAME_TYPES.entry, 2_000, "{", 1_000));
    peer.abort();
  }],
  ["left with a broken rule", async (peer) => {
    await peer.write(rawFrame(FRAME_TYPES.entry, 2_000, "", CONTROL_BYTES + 1));
    assert.equal(await peer.ending(), "protocol");
    peer.abort();
  }],
];

for (const [state, bring] of STATES) {
  for (const [leaving, leave] of LEAVINGS) {
    hostile(`transfers ${state}, ${leaving}`, "greeted", async (_, target) => {
      for (let round = 0; round < 2; round++) {
        const peer = await target.greeted({ ...ANA, run: `run ${round}` });
        for (let id = 1; id <= 5; id++) await bring(peer, id);
        await leave(peer, 5);
        peer.abort();
      }
      await allFree(target);
      target.assertUntouched();
    }, NARROW);
  }
}

hostile("all places of one client, over several connections", "greeted", async (_, target) => {
  const first = await target.greeted(ANA);
  const second = await target.greeted(ANA);
  for (let id = 1; id <= SLOTS / 2; id++) {
    for (const peer of [first, second]) {
      const about = { room: "private", name: `${peer === first} ${id}` } as const;
      assert.equal((await offer(peer, id, about)).at(-1)?.kind, "ready");
    }
  }
  assert.equal(await countSlots(target), 0);
  // Another client has all of its own.
  const ben = await target.greeted({ owner: "ben's secret", run: "run" });
  assert.equal((await offer(ben, 1)).at(-1)?.kind, "ready");
  ben.abort();
  await target.assertServing();
  first.abort();
  second.abort();
  await allFree(target);
}, NARROW);

/** What becomes of a connection over the limit: the code it is told, or silence. */
async function tried(target: Target): Promise<string> {
  const peer = await target.raw();
  const welcome = await peer.greet();
  const code = welcome?.kind === "error" ? welcome.code : welcome?.kind ?? "silence";
  peer.abort();
  return code;
}

/** Waits until so many clients get in at once. */
async function roomFor(target: Target, count: number): Promise<void> {
  const deadline = performance.now() + 10_000;
  for (;;) {
    const peers = await Promise.all(Array.from({ length: count }, () => target.raw()));
    const told = await Promise.all(peers.map((peer) => peer.greet()));
    const isIn = told.every((message) => message?.kind === "welcome");
    for (const peer of peers) {
      if (isIn) await peer.end();
      while (isIn && await peer.hear() !== undefined);
      peer.abort();
    }
    if (isIn) return;
    assert(performance.now() < deadline, `no room for ${count}`);
  }
}

for (
  const [name, limits] of [
    ["--max-connections", { connections: 5 }],
    ["--max-connections-per-address", { connectionsPerAddress: 5 }],
  ] as const
) {
  hostile(`connections past ${name}, of who was let in`, "greeted", async (peer, target) => {
    const peers = [peer];
    while (peers.length < 4) peers.push(await target.greeted());
    const main = await target.raw();
    const welcome = await main.greet(ANA);
    assert(welcome?.kind === "welcome");
    peers.push(main);
    for (let at = 0; at < 10; at++) assert.equal(await tried(target), "busy");
    // What joins one of them needs no place, however many strangers say nothing.
    const strangers: RawPeer[] = [];
    while (strangers.length < 100) strangers.push(await target.raw());
    const side = await target.raw();
    assert.equal((await side.greet({ ...ANA, join: welcome.key }))?.kind, "welcome");
    for (const other of [...strangers, side]) other.abort();
    // Those who are in are served all the same, and who leaves makes room.
    await peer.say({ kind: "list", id: 1, room: "shared" });
    await peer.expect("items");
    for (const other of peers.slice(1)) other.abort();
    await roomFor(target, 4);
  }, { limits });

  hostile(`connections past ${name}, of strangers`, "raw", async (peer, target) => {
    const strangers = [peer];
    while (strangers.length < 20) strangers.push(await target.raw());
    // Each of them goes for the next one: the honest come in at once.
    for (let at = 0; at < 10; at++) assert.equal(await tried(target), "welcome");
    await target.assertServing();
    for (const stranger of strangers.slice(0, 15)) assert.equal(await stranger.ending(), "silence");
    for (const stranger of strangers) stranger.abort();
  }, { limits });
}

hostile("connections that come and go past --max-connections", "raw", async (_, target) => {
  for (let at = 0; at < 200; at++) {
    const peer = await target.raw();
    if (at % 3 === 0) await peer.preamble();
    if (at % 3 === 1) await peer.write(new Uint8Array(3));
    peer.abort();
  }
  assert.equal(await tried(target), "welcome");
}, { limits: { connections: 5 } });

/** Descriptors of a server that has few: enough for about a dozen connections. */
const FEW = 96;

/** A test with a server that soon has no descriptors, and a client that is to be served again. */
function exhausted(
  name: string,
  take: (address: string) => Promise<() => void>,
  codes: readonly number[],
): void {
  Deno.test({
    name: `hostile client: ${name} than the server has descriptors`,
    ignore: Deno.build.os === "windows",
  }, async () => {
    await using place = new Place();
    const words = ftCommand("serve", "--port", "0", "--root", "server", "--handshake-timeout=3s");
    const server = place.start(["sh", "-c", `ulimit -n ${FEW}; exec "$@"`, "sh", ...words], {
      env: { FT_STATE: `${place.path}/state` },
    });
    await server.waitFor(/^Waiting for a client/m);
    const [, address = ""] = await server.waitFor(/^\[\*\] Listening as (\S+)$/m);
    const ana = place.client("ana", address);
    ana.write("mine.bin", BYTES);
    // What is known of the server is not asked for again.
    assert.equal((await ana.ft("list")).code, 0);
    const release = await take(address);
    const { code, stderr } = await ana.ft("share", "mine.bin", "--retries", "0");
    assert(codes.includes(code), `${code} ${stderr}`);
    release();
    const deadline = performance.now() + 30_000;
    for (;;) {
      const end = await ana.ft("share", "mine.bin", "--retries", "0");
      if (end.code === 0) break;
      assert(performance.now() < deadline, end.stderr);
    }
    assert.deepEqual(namesIn(`${place.path}/server/shared_uploads`), ["mine.bin"]);
    assertBytes(`${place.path}/server/shared_uploads/mine.bin`, BYTES);
    assert.deepEqual(namesIn(`${place.path}/server/.ft/staging`), []);
    // Bounded, however many connections came to nothing.
    assert(server.stderr.length < 10_000, server.stderr);
  });
}

exhausted("more connections that say nothing", async (address) => {
  const [hostname = "", port] = address.split(":");
  const strangers: Deno.Conn[] = [];
  for (let at = 0; at < 3 * FEW; at++) {
    strangers.push(await Deno.connect({ hostname, port: Number(port) }));
  }
  return () => strangers.forEach((stranger) => stranger.close());
}, [0, 3, 6]); // Strangers are gone after three seconds, so that it may be served by itself.

exhausted("more clients that were let in", async (address) => {
  const peers: RawPeer[] = [];
  try {
    while (peers.length < FEW) {
      const peer = await rawPeer(address);
      peers.push(peer);
      if ((await peer.greet())?.kind !== "welcome") break;
    }
  } catch {
    // There is no descriptor for one more.
  }
  assert(peers.length < FEW / 2, "the server did not run out");
  return () => peers.forEach((peer) => peer.abort());
}, [0, 3, 6, 8]); // Whoever was refused last gave back enough for one more.
