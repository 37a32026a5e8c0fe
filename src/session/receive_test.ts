import assert from "node:assert/strict";
import { Link } from "../../tests/memory_connection.ts";
import { RawPeer } from "../../tests/hostile/raw_peer.ts";
import { Random, seed } from "../../tests/random.ts";
import { FtError } from "../error.ts";
import { FIRST_CHUNK_BYTES } from "../protocol/chunk.ts";
import { DIGEST_BYTES, sha256 } from "../protocol/digest.ts";
import { HEADER_BYTES, PREAMBLE_BYTES } from "../protocol/limits.ts";
import type { Message } from "../protocol/message.ts";
import type { Partial, StageRequest } from "../storage/store.ts";
import { Channel } from "./channel.ts";
import { extentOf, Incoming } from "./receive.ts";

const CHUNKS = 5;
const SIZE = CHUNKS * FIRST_CHUNK_BYTES;
const ENTRY = { kind: "entry", id: 1, name: "a", size: SIZE } as const;
const REQUEST: StageRequest = {
  room: "shared",
  name: "a",
  owner: "ana",
  blind: false,
  size: SIZE,
  mtime: undefined,
  version: undefined,
  run: "run",
  conflict: "rename",
  extent: extentOf(SIZE),
};

/** Until all that can has happened. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise<void>((go) => setImmediate(go));
}

/** Bytes of the preamble and HELD. */
const HELD_BYTES = PREAMBLE_BYTES + HEADER_BYTES + 4 + CHUNKS * DIGEST_BYTES;

/** A file on its way in, all of whose chunks are held, from a peer that takes `room` bytes at first. */
async function deaf(room: number, bytes: Uint8Array<ArrayBuffer>): Promise<{
  incoming: Incoming;
  /** All chunks have come anew. */
  verified: Promise<void>;
  /** The peer takes everything: what it is told until there is no more. */
  listen: () => Promise<Message[]>;
}> {
  const link = new Link({ room });
  link.freeze();
  const channel = new Channel(link.server, { side: "server" });
  const digest = await sha256(bytes);
  const partial: Partial = {
    held: Array.from({ length: CHUNKS }, (_, index) => ({ index, digest })),
    version: undefined,
    write: () => {},
    keep: () => {},
    publish: () => Promise.reject(new FtError("io")),
    close: () => Promise.resolve(),
    discard: () => Promise.resolve(),
  };
  const store = {
    open: () => Promise.reject(new FtError("not_found")),
    stage: () => Promise.resolve(partial),
  };
  const ready = Promise.withResolvers<void>();
  const verified = Promise.withResolvers<void>();
  let left = CHUNKS;
  const incoming = new Incoming({
    channel,
    id: 1,
    store,
    onReady: () => ready.resolve(),
    onVerified: () => --left === 0 && verified.resolve(),
  });
  const said = incoming.begin(ENTRY, REQUEST);
  await ready.promise;
  await settle();
  const listen = async () => {
    link.thaw();
    const peer = new RawPeer(link.client);
    await said;
    await settle();
    const finished = channel.finish();
    const heard: Message[] = [];
    for (let next = await peer.hear(); next !== undefined; next = await peer.hear()) {
      heard.push(next);
    }
    await finished;
    channel.close();
    peer.abort();
    return heard;
  };
  return { incoming, verified: verified.promise, listen };
}

Deno.test("Incoming stays open, though it was called off, until its sender takes what it was told", async () => {
  const { incoming, listen } = await deaf(1, new Uint8Array(FIRST_CHUNK_BYTES));
  let isOpen = true;
  const over = incoming.outcome.catch(() => isOpen = false);
  // Nothing waits for it to be taken: a sender that is itself waiting to be heard goes on.
  await incoming.end(new FtError("interrupted"));
  await settle();
  assert(isOpen, "what was not taken counts for nobody");
  const kinds = (await listen()).map(({ kind }) => kind);
  assert.deepEqual(kinds, ["held", "ready"]);
  await over;
});

Deno.test(`Incoming has one ACK under way, with the newest to follow (seed ${seed})`, async () => {
  const bytes = new Random(seed).bytes(FIRST_CHUNK_BYTES);
  const digest = await sha256(bytes);
  const { incoming, verified, listen } = await deaf(HELD_BYTES, bytes);
  for (let chunk = 0; chunk < CHUNKS; chunk++) {
    await incoming.handle({ kind: "chunk", id: 1, chunk, bytes: bytes.slice(), digest });
  }
  await verified;
  const heard = await listen();
  assert.deepEqual(heard.map(({ kind }) => kind), ["held", "ready", "ack", "ack"]);
});
