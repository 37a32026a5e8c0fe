/** Clients that break the rules within a transfer of a real server. */
import assert from "node:assert/strict";
import { FIRST_CHUNK_BYTES } from "../../src/protocol/chunk.ts";
import { ChunkDigests, formatDigest, sha256 } from "../../src/protocol/digest.ts";
import { FILE_BYTES, OPEN_TRANSFERS } from "../../src/protocol/limits.ts";
import type { Message } from "../../src/protocol/message.ts";
import { Random } from "../random.ts";
import { hostile, PUBLIC_BYTES, type Target } from "./target.ts";
import type { RawPeer } from "./raw_peer.ts";

const MiB = FIRST_CHUNK_BYTES;
const BYTES = new Random(3).bytes(2 * MiB + 100);
const NO_DIGEST = new Uint8Array(32);

/** The message that carries a whole chunk of some bytes. */
async function chunkOf(id: number, chunk: number, bytes = BYTES): Promise<Message> {
  const piece = bytes.slice(chunk * MiB, (chunk + 1) * MiB);
  return { kind: "chunk", id, chunk, bytes: piece, digest: await sha256(piece) };
}

async function digestOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digests = new ChunkDigests();
  const count = Math.ceil(bytes.length / MiB);
  for (let chunk = 0; chunk < count; chunk++) {
    digests.set(chunk, await sha256(bytes.slice(chunk * MiB, (chunk + 1) * MiB)));
  }
  return await digests.file(bytes.length, count);
}

/** Offers three chunks and waits until they may come. */
async function offer(
  peer: RawPeer,
  id: number,
  fields: { name?: string; size?: number; source?: string } = {},
): Promise<Message[]> {
  const size = BYTES.length;
  await peer.say({ kind: "entry", id, room: "shared", name: "evil", size, ...fields });
  const heard: Message[] = [];
  for (;;) {
    const message = await peer.hear();
    assert(message !== undefined, "the server hung up");
    heard.push(message);
    if (message.kind !== "held") return heard;
  }
}

/** The next message that is no ACK. */
async function answer(peer: RawPeer): Promise<Message | undefined> {
  for (;;) {
    const message = await peer.hear();
    if (message?.kind !== "ack") return message;
  }
}

async function failsWith(peer: RawPeer, id: number, code: string): Promise<void> {
  const message = await answer(peer);
  assert.equal(message?.kind, "error", JSON.stringify(message));
  assert.deepEqual([message.id, message.code], [id, code]);
}

async function isRefused(peer: RawPeer): Promise<void> {
  assert.equal(await peer.ending(), "protocol");
}

const OUT_OF_PLACE: [string, (id: number) => Message | Promise<Message>][] = [
  ["a chunk past the end", (id) => chunkOf(id, 3, new Uint8Array(5 * MiB))],
  ["the last chunk index there is", (id) => ({
    kind: "chunk",
    id,
    chunk: 0xffff_ffff,
    bytes: new Uint8Array(1),
    digest: NO_DIGEST,
  })],
  ["a chunk that is too short", (id) => ({
    kind: "chunk",
    id,
    chunk: 0,
    bytes: new Uint8Array(MiB - 1),
    digest: NO_DIGEST,
  })],
  ["a last chunk that is too long", (id) => ({
    kind: "chunk",
    id,
    chunk: 2,
    bytes: new Uint8Array(101),
    digest: NO_DIGEST,
  })],
  [
    "DATA that fills its chunk",
    (id) => ({ kind: "data", id, chunk: 0, bytes: BYTES.slice(0, MiB) }),
  ],
  ["ENTRY again", (id) => ({ kind: "entry", id, room: "shared", name: "evil", size: 1 })],
  ["REQUEST", (id) => ({ kind: "request", id, room: "shared", name: "theirs.txt" })],
  ["LIST", (id) => ({ kind: "list", id, room: "shared" })],
  ["HELD", (id) => ({ kind: "held", id, first: 0, digests: NO_DIGEST })],
  ["READY", (id) => ({ kind: "ready", id })],
  ["ACK", (id) => ({ kind: "ack", id, verified: 1 })],
  ["DONE", (id) => ({ kind: "done", id, name: "evil", digest: "", outcome: "new" })],
  ["ITEMS", (id) => ({ kind: "items", id, items: [], last: true })],
];

for (const [name, message] of OUT_OF_PLACE) {
  hostile(`an upload with ${name}`, "greeted", async (peer) => {
    assert.equal((await offer(peer, 1)).at(-1)?.kind, "ready");
    await peer.say(await message(1));
    await isRefused(peer);
    return ["protocol"];
  });
}

hostile("an upload with a chunk in the middle of another", "greeted", async (peer) => {
  await offer(peer, 1);
  await peer.say({ kind: "data", id: 1, chunk: 0, bytes: BYTES.slice(0, 100) });
  await peer.say(await chunkOf(1, 1));
  await isRefused(peer);
});

hostile("an upload with pieces that overrun their chunk", "greeted", async (peer) => {
  await offer(peer, 1);
  await peer.say({ kind: "data", id: 1, chunk: 0, bytes: BYTES.slice(0, MiB - 1) });
  await peer.say({ kind: "chunk", id: 1, chunk: 0, bytes: BYTES.slice(0, 2), digest: NO_DIGEST });
  await isRefused(peer);
});

hostile("an upload with a chunk twice", "greeted", async (peer) => {
  await offer(peer, 1);
  await peer.say(await chunkOf(1, 1));
  await peer.say(await chunkOf(1, 1));
  await isRefused(peer);
});

hostile("an upload that does not wait for READY", "greeted", async (peer) => {
  await peer.say({ kind: "entry", id: 1, room: "shared", name: "evil", size: BYTES.length });
  await peer.say(await chunkOf(1, 0));
  const message = await answer(peer);
  // Too early it is refused; had READY been under way it would only be in time.
  assert(message?.kind === "ready" || message?.kind === "error");
});

hostile("a stream with chunks out of order", "greeted", async (peer) => {
  await peer.say({ kind: "entry", id: 1, room: "shared", name: "evil" });
  await peer.expect("ready");
  await peer.say(await chunkOf(1, 1));
  await isRefused(peer);
});

hostile("a stream that goes on after a short chunk", "greeted", async (peer) => {
  await peer.say({ kind: "entry", id: 1, room: "shared", name: "evil" });
  await peer.expect("ready");
  await peer.say(await chunkOf(1, 0, BYTES.slice(0, 10)));
  await peer.say(await chunkOf(1, 1));
  await isRefused(peer);
});

hostile("an upload with a wrong digest of a chunk", "greeted", async (peer) => {
  await offer(peer, 1);
  await peer.say({ kind: "chunk", id: 1, chunk: 0, bytes: BYTES.slice(0, MiB), digest: NO_DIGEST });
  await failsWith(peer, 1, "digest");
  // What is still on its way of that transfer is dropped, and the next one works.
  await peer.say(await chunkOf(1, 1));
  await peer.say({ kind: "commit", id: 1, digest: await digestOf(BYTES) });
  await peer.say({ kind: "list", id: 2, room: "shared" });
  assert.equal((await answer(peer))?.kind, "items");
});

const BAD_COMMITS: [string, string, string][] = [
  ["nothing sent", "", "protocol"],
  ["another size", formatDigest(5, new Uint8Array(32)), "protocol"],
  ["no digest", "sha256:abc", "protocol"],
  ["a digest in capitals", formatDigest(BYTES.length, NO_DIGEST).toUpperCase(), "protocol"],
  ["a size with a leading zero", `ft1:0${BYTES.length}:${"0".repeat(64)}`, "protocol"],
  ["a size past the largest file", `ft1:9999999999999999:${"0".repeat(64)}`, "protocol"],
  ["a wrong digest", formatDigest(BYTES.length, NO_DIGEST), "digest"],
];

for (const [name, digest, code] of BAD_COMMITS) {
  hostile(`COMMIT with ${name}`, "greeted", async (peer) => {
    await offer(peer, 1);
    if (digest !== "") { for (const chunk of [0, 1, 2]) await peer.say(await chunkOf(1, chunk)); }
    await peer.say({ kind: "commit", id: 1, digest: digest || await digestOf(BYTES) });
    await failsWith(peer, 1, code);
    await peer.say({ kind: "list", id: 2, room: "shared" });
    assert.equal((await answer(peer))?.kind, "items");
    return [];
  });
}

hostile("COMMIT in the middle of a chunk", "greeted", async (peer) => {
  await offer(peer, 1);
  for (const chunk of [0, 1]) await peer.say(await chunkOf(1, chunk));
  await peer.say({ kind: "data", id: 1, chunk: 2, bytes: BYTES.slice(2 * MiB, 2 * MiB + 50) });
  await peer.say({ kind: "commit", id: 1, digest: await digestOf(BYTES) });
  await failsWith(peer, 1, "protocol");
});

/** Waits for the file that was committed and takes it away again. */
async function takeAway(target: Target, name: string): Promise<void> {
  const path = `${target.root}/shared_uploads/${name}`;
  const deadline = performance.now() + 10_000;
  while (!target.reports.some(({ receipt }) => receipt?.name === name)) {
    assert(performance.now() < deadline, `the server never reported ${name}`);
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  assert.deepEqual(Deno.readFileSync(path), BYTES);
  Deno.removeSync(path);
}

for (const again of ["commit", "chunk"] as const) {
  hostile(`${again} after COMMIT`, "greeted", async (peer, target) => {
    await offer(peer, 1);
    for (const chunk of [0, 1, 2]) await peer.say(await chunkOf(1, chunk));
    const commit = { kind: "commit", id: 1, digest: await digestOf(BYTES) } as const;
    // In one flight, so that the second comes while the first is being worked on.
    const says = [commit, again === "commit" ? commit : await chunkOf(1, 0)];
    await Promise.all(says.map((message) => peer.say(message)));
    await isRefused(peer);
    // What was complete before got its place, once.
    await takeAway(target, "evil");
    return ["protocol"];
  });
}

hostile("more open transfers than there may be", "greeted", async (peer) => {
  const size = 2 * MiB;
  for (let id = 1; id <= OPEN_TRANSFERS + 2; id++) {
    await peer.say({ kind: "entry", id, room: "private", name: `f${id}`, size });
  }
  const answers = new Map<number, string>();
  while (answers.size < OPEN_TRANSFERS + 2) {
    const message = await peer.hear();
    assert(message !== undefined);
    answers.set(message.id, message.kind === "error" ? message.code : message.kind);
  }
  const said = [...answers].sort(([a], [b]) => a - b).map(([, what]) => what);
  assert.deepEqual(said.slice(0, OPEN_TRANSFERS), Array(OPEN_TRANSFERS).fill("ready"));
  assert.deepEqual(said.slice(OPEN_TRANSFERS), ["busy", "busy"]);
  // One that is called off makes room for another.
  await peer.say({ kind: "error", id: 7, code: "interrupted", message: "" });
  await peer.say({ kind: "list", id: 100, room: "shared" });
  assert.equal((await peer.expect("items")).id, 100);
});

hostile("offers of the largest files there are", "greeted", async (peer, target) => {
  for (let id = 1; id <= OPEN_TRANSFERS; id++) {
    await peer.say({ kind: "entry", id, room: "shared", name: `huge ${id}`, size: FILE_BYTES });
    // Where the disk could hold it, it is taken at its word.
    const heard = await peer.hear();
    assert.equal(heard?.kind === "error" ? heard.code : "disk_full", "disk_full");
  }
  let staged = 0;
  for (const { name } of Deno.readDirSync(`${target.root}/.ft/staging`)) {
    staged += Deno.lstatSync(`${target.root}/.ft/staging/${name}`).size;
  }
  assert(staged < 100_000, `${staged} bytes for nothing`);
});

hostile("its end in the middle of a transfer", "greeted", async (peer, target) => {
  await offer(peer, 1);
  await peer.say(await chunkOf(1, 0));
  await peer.end();
  assert.equal(await peer.ending(), "silence");
  assert.deepEqual(target.reports.map(({ failure }) => failure?.code), ["lost"]);
  return [];
});

hostile("ERROR about a transfer with controls in it", "greeted", async (peer, target) => {
  await offer(peer, 1);
  const message = "\u001b]0;owned\u0007";
  await peer.say({ kind: "error", id: 1, code: "\u0000\u001b[2J", message });
  await peer.say({ kind: "list", id: 2, room: "shared" });
  await peer.expect("items");
  const [report] = target.reports;
  assert.equal(report?.failure?.code, "unexpected");
  assert.equal(report?.failure?.side, "there");
});

hostile("the resume of what another owner sent", "greeted", async (_, target) => {
  const about = { name: "mine", source: "version 1" };
  const ana = await target.greeted({ owner: "ana's secret", run: "run 1" });
  await offer(ana, 1, about);
  await ana.say(await chunkOf(1, 0));
  await ana.say(await chunkOf(1, 1));
  await ana.end();
  await ana.ending();
  ana.abort();
  // The hash of her secret, which the server keeps, is of no use either.
  const hash = (await sha256(new TextEncoder().encode("ft owner\nana's secret"))).toHex();
  for (const owner of ["ben's secret", "", hash.slice(0, 64)]) {
    const ben = await target.greeted({ owner, run: "run 1" });
    const heard = await offer(ben, 1, about);
    assert.deepEqual(heard.map(({ kind }) => kind), ["ready"]);
    ben.abort();
  }
  const again = await target.greeted({ owner: "ana's secret", run: "run 2" });
  const heard = await offer(again, 1, about);
  assert.deepEqual(heard.map(({ kind }) => kind), ["held", "ready"]);
  again.abort();
});

hostile("overwriting what is another's", "greeted", async (peer) => {
  const entry = { kind: "entry", room: "shared", conflict: "overwrite", size: 0 } as const;
  await peer.say({ ...entry, id: 1, name: "theirs.txt" });
  await failsWith(peer, 1, "denied");
});

hostile("questions about what is in the private room", "greeted", async (peer, target) => {
  const uploads = `${target.root}/uploads`;
  const empty = formatDigest(0, await sha256(new Uint8Array()));
  for (const [at, conflict] of (["rename", "overwrite", "skip", "fail"] as const).entries()) {
    // private.txt is there, of somebody else: no answer tells.
    const name = "private.txt";
    await peer.say({ kind: "entry", id: 2 * at + 1, room: "private", name, size: 0, conflict });
    await peer.say({ kind: "commit", id: 2 * at + 1, digest: empty });
    const told = await peer.hear();
    assert.equal(told?.kind, "done", conflict);
    assert.equal(told.name, name);
    for (const { name } of Deno.readDirSync(uploads)) {
      if (name !== "private.txt") Deno.removeSync(`${uploads}/${name}`);
    }
  }
});

/** Asks for the public file and hears what is said of it. */
async function request(
  peer: RawPeer,
  id: number,
  size?: number,
): Promise<Extract<Message, { kind: "entry" }>> {
  const about = size === undefined ? {} : { size };
  await peer.say({ kind: "request", id, room: "public", name: "public.bin", ...about });
  return await peer.expect("entry");
}

const BAD_RECEIVERS: [string, (id: number) => Message[]][] = [
  ["DONE new before all was sent", (id) => [
    { kind: "done", id, name: "x", digest: formatDigest(1, NO_DIGEST), outcome: "new" },
  ]],
  ["DONE with what is no digest", (id) => [
    { kind: "done", id, name: "x", digest: "x", outcome: "same" },
  ]],
  ["ACK of more than there is", (id) => [{ kind: "ack", id, verified: PUBLIC_BYTES.length + 1 }]],
  ["READY twice", (id) => [{ kind: "ready", id }, { kind: "ready", id }]],
  ["HELD after READY", (id) => [
    { kind: "ready", id },
    { kind: "held", id, first: 0, digests: NO_DIGEST },
  ]],
  ["HELD of the same twice", (id) => [
    { kind: "held", id, first: 1, digests: NO_DIGEST },
    { kind: "held", id, first: 1, digests: NO_DIGEST },
  ]],
  ["CHUNK", (id) => [{ kind: "chunk", id, chunk: 0, bytes: NO_DIGEST, digest: NO_DIGEST }]],
  ["COMMIT", (id) => [{ kind: "commit", id, digest: formatDigest(0, NO_DIGEST) }]],
  ["ENTRY", (id) => [{ kind: "entry", id, room: "shared", name: "evil", size: 0 }]],
];

for (const [name, messages] of BAD_RECEIVERS) {
  hostile(`a download with ${name}`, "greeted", async (peer) => {
    await request(peer, 1);
    for (const message of messages(1)) await peer.say(message);
    await isRefused(peer);
    return ["protocol"];
  });
}

hostile("HELD of chunks that there are not", "greeted", async (peer) => {
  await request(peer, 1);
  const digests = new Uint8Array(32 * 16_384);
  await peer.say({ kind: "held", id: 1, first: 3, digests });
  await peer.say({ kind: "held", id: 1, first: 0xffff_ffff, digests });
  await peer.say({ kind: "ready", id: 1 });
  const chunks: number[] = [];
  for (;;) {
    const message = await peer.hear();
    if (message?.kind !== "chunk") {
      assert.equal(message?.kind, "commit");
      assert.equal(message.digest, await digestOf(PUBLIC_BYTES));
      break;
    }
    chunks.push(message.chunk);
  }
  assert.deepEqual(chunks, [0, 1, 2]);
});

/** What the server says is the digest of the public file, to a client that may have it. */
async function toldDigest(target: Target): Promise<string | undefined> {
  const peer = await target.greeted();
  const { digest } = await request(peer, 1, PUBLIC_BYTES.length);
  peer.abort();
  return digest;
}

hostile(
  "a false digest, to make others believe that they have the file",
  "greeted",
  async (peer, target) => {
    await request(peer, 1);
    const digest = formatDigest(PUBLIC_BYTES.length, NO_DIGEST);
    await peer.say({ kind: "done", id: 1, name: "x", digest, outcome: "same" });
    await peer.say({ kind: "list", id: 2, room: "public" });
    await peer.expect("items");
    assert.equal(await toldDigest(target), await digestOf(PUBLIC_BYTES));
  },
);

hostile("false digests of what it says it holds", "greeted", async (peer, target) => {
  const { source } = await request(peer, 1);
  assert(source !== undefined);
  await peer.say({ kind: "held", id: 1, first: 0, digests: NO_DIGEST });
  await peer.say({ kind: "ready", id: 1, source });
  let message = await peer.hear();
  while (message?.kind === "chunk") message = await peer.hear();
  assert(message?.kind === "commit");
  assert.notEqual(message.digest, await digestOf(PUBLIC_BYTES));
  const { digest } = message;
  await peer.say({ kind: "done", id: 1, name: "x", digest, outcome: "new" });
  await peer.say({ kind: "list", id: 2, room: "public" });
  await peer.expect("items");
  assert.equal(await toldDigest(target), await digestOf(PUBLIC_BYTES));
});

hostile("a receipt with another digest", "greeted", async (peer, target) => {
  await request(peer, 1);
  await peer.say({ kind: "ready", id: 1 });
  let message = await peer.hear();
  while (message?.kind === "chunk") message = await peer.hear();
  assert.equal(message?.kind, "commit");
  const digest = formatDigest(PUBLIC_BYTES.length, NO_DIGEST);
  await peer.say({ kind: "done", id: 1, name: "x", digest, outcome: "new" });
  await peer.say({ kind: "list", id: 2, room: "public" });
  await peer.expect("items");
  assert.deepEqual(target.reports.map(({ failure }) => failure?.code)[0], "digest");
  assert.equal(await toldDigest(target), await digestOf(PUBLIC_BYTES));
});

hostile("downloads that it leaves in the middle", "greeted", async (peer, target) => {
  const peers = await Promise.all(Array.from({ length: 8 }, () => target.greeted()));
  await Promise.all([peer, ...peers].map(async (peer) => {
    for (let id = 1; id <= 4; id++) {
      await request(peer, id);
      await peer.say({ kind: "ready", id });
      assert.equal((await peer.hear())?.kind, "chunk");
      await peer.say({ kind: "error", id, code: "interrupted", message: "" });
      let message = await peer.hear();
      // The rest of what was under way, then the answer to the next word.
      await peer.say({ kind: "request", id: 10 * id + 100, room: "public", name: "no" });
      while (message?.kind === "chunk" || message?.kind === "commit") message = await peer.hear();
      assert.equal(message?.kind, "error");
      break;
    }
    peer.abort();
  }));
});
