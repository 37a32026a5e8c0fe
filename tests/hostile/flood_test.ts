/** Clients that try to wear a real server out. */
import assert from "node:assert/strict";
import { OPEN_TRANSFERS } from "../../src/protocol/limits.ts";
import { FRAME_TYPES, type Message } from "../../src/protocol/message.ts";
import { hostile } from "./target.ts";
import { rawFrame, type RawPeer } from "./raw_peer.ts";

/** Frames one after the other in one write. */
function joined(frames: readonly Uint8Array<ArrayBuffer>[]): Promise<Uint8Array<ArrayBuffer>> {
  return new Response(new Blob([...frames])).bytes();
}

/** Everything the server says until its ends have come for so many transfers. */
async function ends(peer: RawPeer, count: number): Promise<Message[]> {
  const heard: Message[] = [];
  while (heard.length < count) {
    const message = await peer.hear();
    assert(message !== undefined, "the server hung up");
    const isEnd = message.kind === "error" || message.kind === "done" ||
      message.kind === "items" && message.last;
    if (isEnd) heard.push(message);
  }
  return heard;
}

hostile("300 connections that say nothing", "raw", async (_, target) => {
  const others = await Promise.all(Array.from({ length: 300 }, () => target.raw()));
  await target.assertServing();
  for (const other of others) other.abort();
});

hostile("300 connections that greet and say nothing more", "raw", async (_, target) => {
  const others = await Promise.all(Array.from({ length: 300 }, () => target.greeted()));
  await target.assertServing();
  for (const other of others) other.abort();
});

hostile("300 connections that hang up at once", "raw", async (_, target) => {
  for (let at = 0; at < 300; at++) (await target.raw()).abort();
});

hostile("200,000 PINGs", "greeted", async (peer, target) => {
  const ping = rawFrame(FRAME_TYPES.ping, 0, "");
  const many = await joined(Array(20_000).fill(ping));
  for (let at = 0; at < 10; at++) await peer.write(many);
  await peer.say({ kind: "list", id: 1, room: "shared" });
  await peer.expect("items");
  await target.assertServing();
});

hostile("200,000 frames that nobody knows", "greeted", async (peer) => {
  const many = await joined(Array(20_000).fill(rawFrame(0x7f, 9, "?")));
  for (let at = 0; at < 10; at++) await peer.write(many);
  await peer.say({ kind: "list", id: 1, room: "shared" });
  await peer.expect("items");
});

hostile("5,000 lists at once", "greeted", async (peer, target) => {
  const asked = Array.from({ length: 5_000 }, (_, at) => {
    return rawFrame(FRAME_TYPES.list, at + 1, JSON.stringify({ room: "shared" }));
  });
  const writing = joined(asked).then((bytes) => peer.write(bytes));
  await target.assertServing();
  const heard = await ends(peer, asked.length);
  await writing;
  const refused = heard.filter((message) => message.kind === "error");
  assert(refused.every(({ code }) => code === "busy"));
  assert(heard.length - refused.length >= OPEN_TRANSFERS, "none was served");
});

hostile("5,000 requests for what is not there", "greeted", async (peer) => {
  const asked = Array.from({ length: 5_000 }, (_, at) => {
    const request = { name: `none ${at}`, room: "public" };
    return rawFrame(FRAME_TYPES.request, at + 1, JSON.stringify(request));
  });
  const writing = joined(asked).then((bytes) => peer.write(bytes));
  const heard = await ends(peer, asked.length);
  await writing;
  const codes = new Set(heard.map((message) => message.kind === "error" && message.code));
  assert.deepEqual([...codes].filter((code) => code !== "busy"), ["not_found"]);
});

hostile("1,000 offers that are called off at once", "greeted", async (peer) => {
  for (let id = 1; id <= 1_000; id++) {
    await peer.say({ kind: "entry", id, room: "shared", name: `${id}`, size: 2 ** 30 });
    await peer.say({ kind: "error", id, code: "interrupted", message: "" });
  }
  await peer.say({ kind: "list", id: 1_001, room: "shared" });
  for (;;) if ((await peer.hear())?.kind === "items") break;
});

hostile("asking for files and reading nothing of them", "greeted", async (peer, target) => {
  for (let id = 1; id <= OPEN_TRANSFERS; id++) {
    await peer.say({ kind: "request", id, name: "public.bin", room: "public" });
    await peer.say({ kind: "ready", id });
  }
  await target.assertServing();
});
