/** Peers that break the frames, the greeting and the messages of FT/1 against a real server. */
import assert from "node:assert/strict";
import {
  CONTROL_BYTES,
  FILE_BYTES,
  FRAME_BYTES,
  HELD_DIGESTS,
  PIECE_BYTES,
} from "../src/protocol/limits.ts";
import { FRAME_TYPES, type Message } from "../src/protocol/message.ts";
import { loadZstd } from "../src/protocol/zstd.ts";
import { hostile } from "./hostile/target.ts";
import { rawFrame, type RawPeer } from "./hostile/raw_peer.ts";

const encoder = new TextEncoder();

async function isRefused(peer: RawPeer, code = "protocol"): Promise<void> {
  assert.equal(await peer.ending(), code);
}

hostile("another protocol", "raw", async (peer) => {
  await peer.write(encoder.encode("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
  await isRefused(peer);
  return ["protocol"];
});

hostile("a magic that is wrong in its last byte, one byte at a time", "raw", async (peer) => {
  for (const byte of encoder.encode("FT\r\r")) await peer.write(new Uint8Array([byte]));
  await isRefused(peer);
});

hostile("a magic whose line end was changed on the way", "raw", async (peer) => {
  await peer.write(encoder.encode("FT\n\0\u0001\0\0"));
  await isRefused(peer);
});

hostile("half a preamble and the end", "raw", async (peer) => {
  await peer.write(encoder.encode("FT\r\n\0"));
  await peer.end();
  assert.equal(await peer.ending(), "silence");
  return ["lost"];
});

hostile("a preamble and the end", "raw", async (peer) => {
  await peer.preamble();
  await peer.end();
  assert.equal(await peer.ending(), "silence");
  return [];
});

for (const version of [0, 2, 65_535]) {
  hostile(`version ${version}`, "raw", async (peer) => {
    await peer.preamble(version);
    const told = await peer.expect("error");
    assert.equal(told.code, "version");
    assert.deepEqual(told.supported, [1]);
    assert.equal(peer.version, 1);
  });
}

const TOO_LONG: [string, number, number][] = [
  ["HELLO of 4 GiB", FRAME_TYPES.hello, 0xffff_ffff],
  ["HELLO just over the limit", FRAME_TYPES.hello, CONTROL_BYTES + 1],
  ["PING with a body over the limit", FRAME_TYPES.ping, CONTROL_BYTES + 1],
  ["frame of unknown type over the limit", 0x7f, CONTROL_BYTES + 1],
  ["CHUNK just over the limit", FRAME_TYPES.chunk, FRAME_BYTES + 1],
  ["DATA of 2 GiB", FRAME_TYPES.data, 0x8000_0000],
  ["HELD of 4 GiB", FRAME_TYPES.held, 0xffff_fff0],
];

for (const [name, type, length] of TOO_LONG) {
  hostile(`a ${name}`, "raw", async (peer) => {
    await peer.preamble();
    // Refused by its header: the body is never sent.
    await peer.write(rawFrame(type, 1, "", length));
    await isRefused(peer);
  });
}

/** The largest payload, all zero, in as few bytes as that takes. */
const ZSTD = (await loadZstd())
  .compress({ kind: "pack", id: 1, bytes: new Uint8Array(FRAME_BYTES) });

const FIRST: [string, Message][] = [
  ["LIST", { kind: "list", id: 1, room: "shared" }],
  ["ENTRY", { kind: "entry", id: 1, name: "a", room: "shared", size: 0 }],
  ["REQUEST", { kind: "request", id: 1, name: "small.txt", room: "public" }],
  ["COMMIT", { kind: "commit", id: 1, digest: "" }],
  ["ZSTD", ZSTD],
  ["WELCOME", {
    kind: "welcome",
    id: 0,
    agent: "",
    features: [],
    verbs: [],
    transfers: 1,
  }],
];

for (const [name, message] of FIRST) {
  hostile(`${name} before HELLO`, "raw", async (peer) => {
    await peer.preamble();
    await peer.say(message);
    await isRefused(peer);
  });
}

hostile("HELLO twice", "greeted", async (peer) => {
  await peer.say({ kind: "hello", id: 0, agent: "", features: [], require: [] });
  await isRefused(peer);
});

hostile("WELCOME from a client", "greeted", async (peer) => {
  await peer.say({ kind: "welcome", id: 0, agent: "", features: [], verbs: [], transfers: 1 });
  await isRefused(peer);
});

hostile("HELLO with the id of a transfer", "raw", async (peer) => {
  await peer.preamble();
  await peer.say({ kind: "hello", id: 1, agent: "", features: [], require: [] });
  await isRefused(peer);
});

hostile("a feature that nobody has", "raw", async (peer) => {
  await peer.preamble();
  await peer.say({ kind: "hello", id: 0, agent: "", features: [], require: ["telepathy"] });
  await isRefused(peer, "version");
});

const HELLO = { agent: "", features: [], require: [] };
const BAD_JSON: [string, string | Uint8Array<ArrayBuffer>][] = [
  ["nothing", ""],
  ["no JSON", "hello"],
  ["half an object", '{"agent":"'],
  ["null", "null"],
  ["a list", "[]"],
  ["a number", "7"],
  ["a string", '"agent"'],
  ["two objects", JSON.stringify(HELLO).repeat(2)],
  ["bytes that are no UTF-8", new Uint8Array([0x7b, 0xff, 0xfe, 0x7d])],
  ["an overlong encoding", new Uint8Array([0x22, 0xc0, 0xaf, 0x22])],
  ["60,000 lists in one another", "[".repeat(60_000)],
  ["10,000 objects in one another", '{"a":'.repeat(10_000) + "1" + "}".repeat(10_000)],
  ["fields of the prototype alone", '{"__proto__":{"agent":"","features":[],"require":[]}}'],
  ["a missing field", JSON.stringify({ agent: "", features: [] })],
  ["null in place of a field", JSON.stringify({ ...HELLO, owner: null })],
  ["a number as agent", JSON.stringify({ ...HELLO, agent: 7 })],
  ["an agent of 129", JSON.stringify({ ...HELLO, agent: "a".repeat(129) })],
  ["a word as features", JSON.stringify({ ...HELLO, features: "x" })],
  ["an object as features", JSON.stringify({ ...HELLO, features: { length: 0 } })],
  ["65 features", JSON.stringify({ ...HELLO, features: Array(65).fill("x") })],
  ["a feature of 65", JSON.stringify({ ...HELLO, require: ["x".repeat(65)] })],
  ["an owner of 65", JSON.stringify({ ...HELLO, owner: "o".repeat(65) })],
  ["a run that is an object", JSON.stringify({ ...HELLO, run: {} })],
];

for (const [name, payload] of BAD_JSON) {
  hostile(`HELLO that is ${name}`, "raw", async (peer) => {
    await peer.preamble();
    await peer.frame(FRAME_TYPES.hello, 0, payload);
    await isRefused(peer);
  });
}

const ENTRY = { name: "a", room: "shared", size: 5 };
const BAD_ENTRIES: [string, string][] = [
  ["a size below zero", JSON.stringify({ ...ENTRY, size: -1 })],
  ["half a byte", JSON.stringify({ ...ENTRY, size: 1.5 })],
  ["a size past all numbers", '{"name":"a","room":"shared","size":1e999}'],
  ["a size past 2^53", '{"name":"a","room":"shared","size":9007199254740993}'],
  ["one byte over the largest file", JSON.stringify({ ...ENTRY, size: FILE_BYTES + 1 })],
  ["a size in words", JSON.stringify({ ...ENTRY, size: "5" })],
  ["a time past all dates", JSON.stringify({ ...ENTRY, mtime: 8.64e15 + 1 })],
  ["a time with a fraction", JSON.stringify({ ...ENTRY, mtime: 0.5 })],
  ["a room that there is not", JSON.stringify({ ...ENTRY, room: "attic" })],
  ["a room of the prototype", JSON.stringify({ ...ENTRY, room: "constructor" })],
  ["a conflict that there is not", JSON.stringify({ ...ENTRY, conflict: "destroy" })],
  ["a name of 8193", JSON.stringify({ ...ENTRY, name: "n".repeat(8_193) })],
  ["a name that is a list", JSON.stringify({ ...ENTRY, name: ["a"] })],
  ["a source of 129", JSON.stringify({ ...ENTRY, source: "s".repeat(129) })],
  ["no name", JSON.stringify({ room: "shared" })],
];

for (const [name, payload] of BAD_ENTRIES) {
  hostile(`ENTRY with ${name}`, "greeted", async (peer) => {
    await peer.frame(FRAME_TYPES.entry, 1, payload);
    await isRefused(peer);
  });
}

const BAD_BYTES: [string, number, number][] = [
  ["DATA without bytes", FRAME_TYPES.data, 4],
  ["DATA without an index", FRAME_TYPES.data, 3],
  ["DATA with a byte too many", FRAME_TYPES.data, 4 + PIECE_BYTES + 1],
  ["CHUNK without bytes", FRAME_TYPES.chunk, 36],
  ["CHUNK with half a digest", FRAME_TYPES.chunk, 20],
  ["CHUNK with a byte too many", FRAME_TYPES.chunk, 36 + PIECE_BYTES + 1],
  ["an empty CHUNK", FRAME_TYPES.chunk, 0],
  ["HELD without digests", FRAME_TYPES.held, 4],
  ["HELD with half a digest", FRAME_TYPES.held, 4 + 48],
  ["HELD with a digest too many", FRAME_TYPES.held, 4 + 32 * (HELD_DIGESTS + 1)],
  ["ZSTD without bytes", FRAME_TYPES.zstd, 5],
  ["ZSTD of nothing that can be compressed", FRAME_TYPES.zstd, 100],
];

for (const [name, type, length] of BAD_BYTES) {
  hostile(name, "greeted", async (peer) => {
    await peer.say({ kind: "request", id: 1, name: "public.bin", room: "public" });
    await peer.expect("entry");
    await peer.frame(type, 1, new Uint8Array(length));
    await isRefused(peer);
  });
}

const BAD_ZSTD: [string, Message][] = [
  ["that is less than it says", { ...ZSTD, length: ZSTD.length + 1 }],
  ["that is more than it says", { ...ZSTD, length: ZSTD.length - 1 }],
  ["of another kind", { ...ZSTD, type: FRAME_TYPES.commit }],
  ["with a length over the limit", { ...ZSTD, length: FRAME_BYTES + 1 }],
  ["that is cut", { ...ZSTD, bytes: ZSTD.bytes.slice(0, -1) }],
  ["that is none", { ...ZSTD, bytes: new Uint8Array(50).fill(0x61) }],
  ["of a PACK where none is due", ZSTD],
];

for (const [name, message] of BAD_ZSTD) {
  hostile(`ZSTD ${name}`, "greeted", async (peer) => {
    await peer.say({ kind: "entry", id: 1, ...ENTRY, room: "shared" });
    await peer.say(message);
    await isRefused(peer);
  });
}

const OF_NOBODY: Message[] = [
  { kind: "data", id: 9, chunk: 0, bytes: new Uint8Array(1) },
  { kind: "chunk", id: 9, chunk: 0, bytes: new Uint8Array(1), digest: new Uint8Array(32) },
  { ...ZSTD, id: 9 },
  { kind: "commit", id: 9, digest: "" },
  { kind: "ready", id: 9 },
  { kind: "held", id: 9, first: 0, digests: new Uint8Array(32) },
  { kind: "ack", id: 9, verified: 1 },
  { kind: "done", id: 9, name: "", digest: "", outcome: "skipped" },
  { kind: "items", id: 9, items: [], last: true },
  { kind: "error", id: 9, code: "denied", message: "" },
];

for (const message of OF_NOBODY) {
  hostile(`${message.kind} for a transfer that never was`, "greeted", async (peer) => {
    await peer.say(message);
    await isRefused(peer);
  });
}

for (const type of ["entry", "request", "list", "data", "commit", "done"] as const) {
  hostile(`${type} with id 0`, "greeted", async (peer) => {
    const payload = JSON.stringify({ ...ENTRY, digest: "", outcome: "same" });
    await peer.frame(FRAME_TYPES[type], 0, payload);
    await isRefused(peer);
  });
}

hostile("an id that was used", "greeted", async (peer) => {
  await peer.say({ kind: "list", id: 5, room: "shared" });
  await peer.expect("items");
  await peer.say({ kind: "list", id: 5, room: "shared" });
  await isRefused(peer);
});

hostile("an id that is in use", "greeted", async (peer) => {
  const entry = { kind: "entry", id: 5, room: "shared", name: "a", size: 2_000_000 } as const;
  await peer.say(entry);
  await peer.expect("ready");
  await peer.say(entry);
  await isRefused(peer);
});

hostile("ids that go down", "greeted", async (peer) => {
  await peer.say({ kind: "list", id: 5, room: "shared" });
  await peer.say({ kind: "list", id: 4, room: "shared" });
  await isRefused(peer);
});

hostile("the last id there is, and one more", "greeted", async (peer) => {
  await peer.say({ kind: "list", id: 0xffff_ffff, room: "shared" });
  assert.equal((await peer.expect("items")).id, 0xffff_ffff);
  await peer.say({ kind: "list", id: 1, room: "shared" });
  await isRefused(peer);
});

hostile("its end in the middle of a header", "greeted", async (peer) => {
  await peer.write(new Uint8Array(5));
  await peer.end();
  assert.equal(await peer.ending(), "silence");
  return ["lost"];
});

hostile("its end in the middle of a frame", "greeted", async (peer) => {
  await peer.write(rawFrame(FRAME_TYPES.entry, 1, "{", 1_000));
  await peer.end();
  assert.equal(await peer.ending(), "silence");
  return ["lost"];
});

hostile("its disappearance in the middle of a frame", "greeted", async (peer) => {
  await peer.write(rawFrame(FRAME_TYPES.entry, 1, "{", 1_000));
  peer.abort();
});

hostile("ERROR about all, with controls and an unknown code", "greeted", async (peer) => {
  await peer.say({ kind: "error", id: 0, code: "\u001b[2J", message: "\u001b]0;gone\u0007" });
  assert.equal(await peer.hear(), undefined);
  return [];
});

hostile("ERROR over its limits", "greeted", async (peer) => {
  await peer.say({ kind: "error", id: 0, code: "x", message: "m".repeat(4_097) });
  await isRefused(peer);
});
