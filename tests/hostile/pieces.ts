/**
 * A file of three chunks, and what a client that knows the rules says to send it.
 *
 * @module
 */
import assert from "node:assert/strict";
import { FIRST_CHUNK_BYTES } from "../../src/protocol/chunk.ts";
import { ChunkDigests, formatDigest, sha256 } from "../../src/protocol/digest.ts";
import type { Message, MessageOf } from "../../src/protocol/message.ts";
import { Random } from "../random.ts";
import type { RawPeer } from "./raw_peer.ts";

const MiB = FIRST_CHUNK_BYTES;

/** Three chunks. */
export const BYTES: Uint8Array<ArrayBuffer> = new Random(13).bytes(2 * MiB + 100);
/** The digest of an empty file. */
export const EMPTY: string = formatDigest(0, await sha256(new Uint8Array()));
/** The digest of {@linkcode BYTES}. */
export const DIGEST: string = await digestOf(BYTES);

/** The message that carries a whole chunk of some bytes. */
export async function chunkOf(
  id: number,
  chunk: number,
  bytes: Uint8Array<ArrayBuffer> = BYTES,
): Promise<Message> {
  const piece = bytes.slice(chunk * MiB, (chunk + 1) * MiB);
  return { kind: "chunk", id, chunk, bytes: piece, digest: await sha256(piece) };
}

/** The digest of a file of more than one chunk. */
export async function digestOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digests = new ChunkDigests();
  const count = Math.ceil(bytes.length / MiB);
  for (let chunk = 0; chunk < count; chunk++) {
    digests.set(chunk, await sha256(bytes.slice(chunk * MiB, (chunk + 1) * MiB)));
  }
  return await digests.file(bytes.length, count);
}

/** Gives a small file of such a text, as a server. */
export async function giveText(
  peer: RawPeer,
  id: number,
  { name, text }: { readonly name: string; readonly text: string },
): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  const chunk = await chunkOf(id, 0, bytes);
  const digest = formatDigest(bytes.length, await sha256(bytes));
  const size = bytes.length;
  await peer.say({ kind: "entry", id, name, size }, chunk, { kind: "commit", id, digest });
}

/** The next message that is no ACK. */
export async function answer(peer: RawPeer): Promise<Message> {
  for (;;) {
    const message = await peer.hear();
    assert(message !== undefined, "the other side hung up");
    if (message.kind !== "ack") return message;
  }
}

/** The next message that is no ACK, which must be an ERROR about a transfer; tells its code. */
export async function failure(peer: RawPeer, id: number): Promise<string> {
  const message = await answer(peer);
  assert.equal(message.kind, "error", JSON.stringify(message));
  assert.equal(message.id, id);
  return message.code;
}

/** What an upload offers beyond its id. */
export type Offer = Partial<Omit<MessageOf<"entry">, "kind" | "id">>;

/** Offers {@linkcode BYTES} to the shared room; tells what was said up to READY or an end. */
export async function offer(peer: RawPeer, id: number, fields: Offer = {}): Promise<Message[]> {
  const about = { room: "shared", name: "evil", size: BYTES.length, ...fields } as const;
  await peer.say({ kind: "entry", id, ...about });
  const heard: Message[] = [];
  for (;;) {
    const message = await answer(peer);
    heard.push(message);
    if (message.kind !== "held") return heard;
  }
}

/** Sends all chunks of {@linkcode BYTES} and COMMIT. */
export async function finish(peer: RawPeer, id: number, digest: string = DIGEST): Promise<void> {
  for (const chunk of [0, 1, 2]) await peer.say(await chunkOf(id, chunk));
  await peer.say({ kind: "commit", id, digest });
}

/** Sends an empty file in one go; tells what comes of it. */
export async function sendEmpty(peer: RawPeer, id: number, fields: Offer): Promise<Message> {
  await peer.say({ kind: "entry", id, room: "shared", name: "evil", size: 0, ...fields });
  await peer.say({ kind: "commit", id, digest: EMPTY });
  return await answer(peer);
}

/** Asks for a file; tells the code of the refusal. */
export async function refusal(
  peer: RawPeer,
  id: number,
  room: "public" | "shared",
  name: string,
): Promise<string> {
  await peer.say({ kind: "request", id, room, name });
  return await failure(peer, id);
}
