/** Servers that break the rules against the real program of a client. */
import assert from "node:assert/strict";
import { FIRST_CHUNK_BYTES } from "../../src/protocol/chunk.ts";
import { ChunkDigests, sha256 } from "../../src/protocol/digest.ts";
import {
  FILE_BYTES,
  FRAME_BYTES,
  LIST_ITEMS,
  NOTE_UNITS,
  ROOM_CHARACTERS,
  ROOM_ITEMS,
} from "../../src/protocol/limits.ts";
import { NAME_BYTES } from "../../src/name.ts";
import {
  FRAME_TYPES,
  type Item,
  type Message,
  type MessageOf,
} from "../../src/protocol/message.ts";
import { namesIn } from "../files.ts";
import { type Client, Place } from "../process.ts";
import { Random } from "../random.ts";
import { FakeServer, type Script, WELCOME, welcome } from "./fake_server.ts";
import { rawFrame, type RawPeer } from "./raw_peer.ts";

const MiB = FIRST_CHUNK_BYTES;
/** Three chunks. */
const BYTES = new Random(11).bytes(2 * MiB + 100);
const SIZE = BYTES.length;
const EVIL = "evil\x1b[2J\x07\u202e\r\n\u0085Error: all is well";
const NO_DIGEST = new Uint8Array(32);

/** Everything below a folder, with its size. */
function below(folder: string): string[] {
  const found: string[] = [];
  const look = (path: string) => {
    for (const { name, isDirectory } of Deno.readDirSync(path)) {
      if (isDirectory) look(`${path}/${name}`);
      else found.push(`${path}/${name} ${Deno.lstatSync(`${path}/${name}`).size}`);
    }
  };
  look(folder);
  return found.sort();
}

/** What a case expects beyond the exit code. */
interface Expected {
  readonly code: number;
  /** What standard error says. */
  readonly says?: RegExp;
  /** Names that appear in downloads/. */
  readonly appears?: readonly string[];
}

/**
 * A test of one kind of bad server: the client's command ends with its code and sentence, nothing
 * appears but what is expected, no untrusted byte reaches the terminal, and the same client is
 * served by an honest server afterwards.
 */
function hostile(
  name: string,
  args: readonly string[],
  { code, says, appears = [] }: Expected,
  script: Script,
): void {
  Deno.test(`hostile server: ${name}`, async () => {
    await using place = new Place();
    await using fake = new FakeServer(script);
    const ana = place.client("ana", fake.address);
    ana.write("mine.bin", BYTES);
    ana.write("small.txt", "small");
    const before = below(place.path);
    const end = await ana.ft(...args, "--plain", "--retries", "0");
    const all = end.stdout + end.stderr;
    assert.equal(end.code, code, all);
    if (says !== undefined) assert.match(end.stderr, says);
    // deno-lint-ignore no-control-regex -- they are what is looked for
    assert.doesNotMatch(all, /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/);
    assert.deepEqual(namesIn(ana.path("downloads")).filter((name) => name !== ".ft"), appears);
    const isOwn = (path: string) =>
      path.includes("/state of ana/") || path.includes("/ana/downloads/");
    assert.deepEqual(below(place.path).filter((path) => !isOwn(path)), before);
    await servedHonestly(place, ana);
  });
}

async function servedHonestly(place: Place, ana: Client): Promise<void> {
  const honest = await place.serve();
  const end = await ana.ft("share", "small.txt", "--server", honest.address);
  assert.equal(end.code, 0, end.stderr);
}

/** A bad server from the greeting on, to `ft list shared`. */
function listing(name: string, expected: Expected, script: Answer): void {
  answering(name, ["list", "shared"], "list", expected, script);
}

/** A bad server from the greeting on, to `ft get x.bin`. */
function download(name: string, expected: Expected, script: Answer): void {
  answering(name, ["get", "x.bin"], "request", expected, script);
}

/** A bad server from the greeting on, to `ft share mine.bin`. */
function upload(name: string, expected: Expected, script: Answer): void {
  answering(name, ["share", "mine.bin"], "entry", expected, script);
}

/** What a server says about the transfer that a client begins. */
type Answer = (peer: RawPeer, id: number) => Promise<void>;

function answering(
  name: string,
  args: readonly string[],
  kind: "list" | "request" | "entry",
  expected: Expected,
  answer: Answer,
): void {
  hostile(name, args, expected, async (peer) => {
    await welcome(peer);
    await answer(peer, (await peer.expect(kind)).id);
  });
}

/** Says the start of an honest answer to a request, and waits until the client wants the bytes. */
async function offer(
  peer: RawPeer,
  id: number,
  fields: Partial<MessageOf<"entry">> = {},
): Promise<void> {
  await peer.say({ kind: "entry", id, name: "x.bin", size: SIZE, ...fields });
  await peer.expect("ready");
}

async function chunkOf(id: number, chunk: number, bytes = BYTES): Promise<Message> {
  const piece = bytes.slice(chunk * MiB, (chunk + 1) * MiB);
  return { kind: "chunk", id, chunk, bytes: piece, digest: await sha256(piece) };
}

async function sendAll(peer: RawPeer, id: number, bytes = BYTES): Promise<void> {
  for (const chunk of [0, 1, 2]) await peer.say(await chunkOf(id, chunk, bytes));
}

async function digestOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digests = new ChunkDigests();
  for (const chunk of [0, 1, 2]) {
    digests.set(chunk, await sha256(bytes.slice(chunk * MiB, (chunk + 1) * MiB)));
  }
  return await digests.file(bytes.length, 3);
}

const item = (name: string): Item => ({ name, size: 1, time: 0, tag: "t" });

// The greeting.

hostile(
  "a version that nobody speaks",
  ["list"],
  { code: 4, says: /^Error: .*version/im },
  async (peer) => {
    await peer.preamble(99);
  },
);

hostile("WELCOME that is no JSON", ["list"], { code: 4 }, async (peer) => {
  await peer.preamble();
  await peer.frame(FRAME_TYPES.welcome, 0, "{");
});

hostile("HELLO in place of WELCOME", ["list"], { code: 4 }, async (peer) => {
  await peer.preamble();
  await peer.say({ kind: "hello", id: 0, agent: "x", features: [], require: [] });
});

hostile("an answer in place of WELCOME", ["list", "shared"], {
  code: 4,
  says: /^Error: The first message is WELCOME\.$/m,
}, async (peer) => {
  await peer.preamble();
  await peer.expect("hello");
  await peer.say({ kind: "items", id: 1, items: [], last: true });
});

hostile("WELCOME twice", ["list"], {
  code: 4,
  says: /^Error: 'welcome' is out of place\.$/m,
}, async (peer) => {
  await welcome(peer);
  await peer.say(WELCOME);
});

hostile("a frame of 4 GiB", ["list"], { code: 4 }, async (peer) => {
  await peer.preamble();
  await peer.write(rawFrame(FRAME_TYPES.items, 1, "", 0xffff_ffff));
});

hostile("a frame just over the limit", ["list"], { code: 4 }, async (peer) => {
  await peer.preamble();
  await peer.write(rawFrame(FRAME_TYPES.items, 1, "", FRAME_BYTES + 1));
});

hostile("an ERROR about all, with controls in its words", ["list"], {
  code: 6,
  says: /^Error: evil\\u\{1b\}\[2J\\u\{7\}\\u\{202e\}\\u\{d\}\\u\{a\}\\u\{85\}Error/m,
}, async (peer) => {
  await welcome(peer);
  await peer.say({ kind: "error", id: 0, code: "denied", message: EVIL, hint: EVIL });
});

hostile("an ERROR of a code that nobody knows", ["list"], { code: 1 }, async (peer) => {
  await welcome(peer);
  await peer.say({ kind: "error", id: 0, code: "__proto__", message: "x" });
});

hostile("words about a transfer that never was", ["list"], { code: 4 }, async (peer) => {
  await welcome(peer);
  await peer.expect("list");
  await peer.say({ kind: "done", id: 900, name: "x", digest: "", outcome: "skipped" });
});

hostile("an offer that nobody asked for", ["list"], { code: 4 }, async (peer) => {
  await welcome(peer);
  await peer.expect("list");
  await peer.say({ kind: "entry", id: 901, name: "../x", size: 1 });
});

hostile("hanging up in the middle of a frame", ["list"], {
  code: 3,
  says: /^Error: The connection/m,
}, async (peer) => {
  await welcome(peer);
  await peer.write(rawFrame(FRAME_TYPES.items, 1, "{", 1000));
});

// Listings.

/** How a client ends that is told too much. */
const TOO_LONG = {
  code: 6,
  says: /^Error: The list is too long to be taken\.\n {2}Ask for a part of it, .*--match/m,
};

/** Says a list that has a part, and a little more, of all the words that a client takes. */
async function sayLong(peer: RawPeer, id: number, part: number, mark = ""): Promise<void> {
  const words = { tag: "t".repeat(128), who: "w".repeat(64), secret: "s".repeat(32) };
  const more = { ...words, note: "n".repeat(NOTE_UNITS) };
  const items = Array.from({ length: LIST_ITEMS }, (_, at) => {
    return { ...item(`${mark} ${at}`.padEnd(NAME_BYTES, "a")), ...more };
  });
  const page = rawFrame(FRAME_TYPES.items, id, JSON.stringify({ items, last: false }));
  const said = LIST_ITEMS * (NAME_BYTES + NOTE_UNITS + 128 + 64 + 32);
  for (let all = 0; all <= part * ROOM_CHARACTERS; all += said) await peer.write(page);
}

/** A test of a server that tells too much over so many connections, one after the other. */
function hostileTalks(
  name: string,
  args: readonly string[],
  script: (peer: RawPeer, talk: number) => Promise<void>,
  talks: number,
): void {
  Deno.test(`hostile server: ${name}`, async () => {
    await using place = new Place();
    let talk = 0;
    await using fake = new FakeServer(async (peer) => {
      talk++;
      await welcome(peer);
      await script(peer, talk);
    });
    const { code, stderr } = await place.client("ana", fake.address).ft(...args, "--plain");
    assert.equal(code, TOO_LONG.code, stderr);
    assert.match(stderr, TOO_LONG.says);
    assert.equal(talk, talks);
  });
}

listing("a list with names that are none", { code: 0 }, async (peer, id) => {
  const items = ["../../etc/passwd", "/etc/passwd", EVIL, "\ud800", ".ft"].map(item);
  await peer.say({ kind: "items", id, items, last: true });
});

listing("a list with a size below zero", { code: 4 }, async (peer, id) => {
  const items = [{ ...item("x"), size: -1 }];
  await peer.frame(FRAME_TYPES.items, id, JSON.stringify({ items, last: true }));
});

listing("a page of a list over its limit", { code: 4 }, async (peer, id) => {
  const items = Array.from({ length: LIST_ITEMS + 1 }, (_, at) => item(`${at}`));
  await peer.frame(FRAME_TYPES.items, id, JSON.stringify({ items, last: true }));
});

listing(
  "a list without an end",
  TOO_LONG,
  async (peer, id) => {
    const items = Array.from({ length: LIST_ITEMS }, (_, at) => item(`${at}`));
    const page = rawFrame(FRAME_TYPES.items, id, JSON.stringify({ items, last: false }));
    for (let told = 0; told <= ROOM_ITEMS; told += LIST_ITEMS) await peer.write(page);
  },
);

listing("a list of few items and long words", TOO_LONG, async (peer, id) => {
  await sayLong(peer, id, 1);
});

hostileTalks(
  "a list that gets longer with every connection",
  ["list", "shared"],
  async (peer, talk) => {
    const { id } = await peer.expect("list");
    await sayLong(peer, id, 0.4, `${talk}`);
  },
  3,
);

hostileTalks("patterns that mean too much together", ["get", "*", "?*"], async (peer) => {
  for (let pattern = 0; pattern < 2; pattern++) {
    const { id, name } = await peer.expect("info");
    await peer.say({ kind: "error", id, code: "not_found", message: name });
    const list = await peer.expect("list");
    await sayLong(peer, list.id, 0.6);
    await peer.say({ kind: "items", id: list.id, items: [], last: true });
  }
}, 1);

hostile("a pattern that is answered with other names", ["get", "*.txt"], {
  code: 4,
  says: /^Error: The list has a name that was not asked for\.$/m,
}, async (peer) => {
  await welcome(peer);
  const { id, name } = await peer.expect("info");
  await peer.say({ kind: "error", id, code: "not_found", message: name });
  const list = await peer.expect("list");
  const items = [item("a.txt"), item(".profile")];
  await peer.say({ kind: "items", id: list.id, items, last: true });
});

listing("a list with a name that is too long to be one", {
  code: 4,
  says: /^Error: The list has a name that is too long to be one\.$/m,
}, async (peer, id) => {
  const items = [item("\u{65e5}".repeat(NAME_BYTES / 3 + 1))];
  await peer.say({ kind: "items", id, items, last: true });
});

listing("a list with names as long as they can be", { code: 0 }, async (peer, id) => {
  const items = [item("n".repeat(NAME_BYTES)), item("\u{65e5}".repeat(NAME_BYTES / 3))];
  await peer.say({ kind: "items", id, items, last: true });
});

listing("a list of empty pages without an end", {
  code: 4,
  says: /^Error: The list has no end\.$/m,
}, async (peer, id) => {
  await peer.say({ kind: "items", id, items: [], last: false });
});

listing("bytes in place of a list", { code: 4 }, async (peer, id) => {
  await peer.say(await chunkOf(id, 0));
});

/** Whether a message asks for a name: as a file, or after that as a folder. */
function isAsked(message: Message): message is MessageOf<"request"> | MessageOf<"browse"> {
  return message.kind === "request" || message.kind === "browse";
}

Deno.test("hostile server: a list that names files outside, taken by their numbers", async () => {
  await using place = new Place();
  const names = ["../../up.txt", "/tmp/absolute.txt", "a/../../b", "back\\slash", ".ft/x", EVIL];
  await using fake = new FakeServer(async (peer) => {
    await welcome(peer);
    for (;;) {
      const message = await peer.hear();
      if (message === undefined) return;
      const { id } = message;
      if (message.kind === "list") {
        await peer.say({ kind: "items", id, items: names.map(item), last: true });
      } else if (isAsked(message) && /^[0-9]+$/.test(message.name)) {
        await peer.say({ kind: "error", id, code: "not_found", message: "none" });
      } else throw new Error("a name that is none was asked for");
    }
  });
  const ana = place.client("ana", fake.address);
  assert.equal((await ana.ft("list", "shared", "--plain")).code, 0);
  for (const [at] of names.entries()) {
    const end = await ana.ft("fetch", String(at + 1), "--plain");
    assert.equal(end.code, 6, end.stderr);
    assert.match(end.stderr, /^Error: Cannot use the name /m);
  }
  assert.deepEqual(below(ana.folder), []);
});

// Downloads.

download("an answer under another name", { code: 0, appears: ["x.bin"] }, async (peer, id) => {
  await offer(peer, id, { name: "../../../outside.bin" });
  await sendAll(peer, id);
  await peer.say({ kind: "commit", id, digest: await digestOf(BYTES) });
});

download("bytes before they are offered", { code: 4 }, async (peer, id) => {
  await peer.say(await chunkOf(id, 0));
});

download("two offers for one request", { code: 4 }, async (peer, id) => {
  await offer(peer, id);
  await peer.say({ kind: "entry", id, name: "x.bin", size: SIZE });
});

download(
  "a wrong digest of a chunk",
  { code: 7, says: /^Error: .*changed on the way/m },
  async (peer, id) => {
    await offer(peer, id);
    await peer.say({ ...await chunkOf(id, 0), digest: NO_DIGEST } as Message);
  },
);

download("a wrong digest of the whole", { code: 7 }, async (peer, id) => {
  await offer(peer, id);
  await sendAll(peer, id);
  const digest = (await digestOf(BYTES)).replace(/.$/, (last) => last === "0" ? "1" : "0");
  await peer.say({ kind: "commit", id, digest });
});

download("fewer bytes than offered", { code: 4 }, async (peer, id) => {
  await offer(peer, id);
  await peer.say(await chunkOf(id, 0));
  await peer.say({ kind: "commit", id, digest: await digestOf(BYTES) });
});

download("a whole of another size", { code: 4 }, async (peer, id) => {
  await offer(peer, id);
  await sendAll(peer, id);
  const digest = await digestOf(BYTES);
  await peer.say({ kind: "commit", id, digest: digest.replace(`:${SIZE}:`, ":5:") });
});

download("more bytes than offered", { code: 4 }, async (peer, id) => {
  await offer(peer, id);
  await sendAll(peer, id);
  await peer.say(await chunkOf(id, 0).then((chunk) => ({ ...chunk, chunk: 3 } as Message)));
});

download("a chunk of the largest index", { code: 4 }, async (
  peer,
  id,
) => {
  await offer(peer, id);
  await peer.say({ ...await chunkOf(id, 0), chunk: 0xffff_ffff } as Message);
});

download("a chunk twice", { code: 4 }, async (peer, id) => {
  await offer(peer, id);
  await peer.say(await chunkOf(id, 0));
  await peer.say(await chunkOf(id, 0));
});

download("a chunk within another", { code: 4 }, async (peer, id) => {
  await offer(peer, id);
  await peer.say({ kind: "data", id, chunk: 0, bytes: BYTES.slice(0, 10) });
  await peer.say(await chunkOf(id, 1));
});

const room = { code: 8, says: /It needs 17592186044416 bytes/ };
download("a file of 16 TiB", room, async (peer, id) => {
  await offer(peer, id, { size: FILE_BYTES });
  await peer.say(await chunkOf(id, 0));
});

download("a file that does not come", { code: 3 }, async (peer, id) => {
  await offer(peer, id);
  await peer.say(await chunkOf(id, 0));
});

download("a file over the largest", { code: 4 }, async (peer, id) => {
  const entry = JSON.stringify({ name: "x.bin", size: FILE_BYTES + 1 });
  await peer.frame(FRAME_TYPES.entry, id, entry);
});

download("a small file that waits for READY in vain", { code: 3 }, async (peer, id) => {
  await peer.say({ kind: "entry", id, name: "x", size: 10 });
});

for (
  const [name, message] of [
    ["DONE", { kind: "done", name: "x.bin", digest: "", outcome: "skipped" }],
    ["READY", { kind: "ready" }],
    ["ACK", { kind: "ack", verified: 1 }],
    ["HELD", { kind: "held", first: 0, digests: NO_DIGEST }],
    ["ITEMS", { kind: "items", items: new Array<Item>(), last: true }],
    ["REQUEST", { kind: "request", name: "x", room: "shared" }],
    ["LIST", { kind: "list", room: "shared" }],
  ] as const
) {
  download(`${name} from who sends`, { code: 4 }, async (peer, id) => {
    await offer(peer, id);
    await peer.say({ ...message, id });
  });
}

download(
  "an ERROR about a file, with controls",
  { code: 5, says: /^Error: evil\\u\{1b\}/m },
  async (peer, id) => {
    await peer.say({ kind: "error", id, code: "not_found", message: EVIL, hint: EVIL });
    // It could be a folder.
    const { id: again } = await peer.expect("browse");
    await peer.say({ kind: "error", id: again, code: "not_found", message: EVIL, hint: EVIL });
  },
);

download("an ERROR after all but the last byte", { code: 7 }, async (peer, id) => {
  await offer(peer, id);
  for (const chunk of [0, 1]) await peer.say(await chunkOf(id, chunk));
  await peer.say({ kind: "data", id, chunk: 2, bytes: BYTES.slice(2 * MiB, SIZE - 1) });
  await peer.say({ kind: "error", id, code: "changed", message: "The source changed." });
});

download("a stream that ends in the middle", { code: 3 }, async (peer, id) => {
  await peer.say({ kind: "entry", id, name: "x.bin" });
  await peer.expect("ready");
  await peer.say(await chunkOf(id, 0));
});

download("a stream whose chunks leave one out", { code: 4 }, async (peer, id) => {
  await peer.say({ kind: "entry", id, name: "x.bin" });
  await peer.expect("ready");
  await peer.say(await chunkOf(id, 1));
});

// Uploads.

upload("DONE before anything was sent", { code: 4 }, async (peer, id) => {
  await peer.say({
    kind: "done",
    id,
    name: "mine.bin",
    digest: await digestOf(BYTES),
    outcome: "new",
  });
});

upload("a receipt for other bytes", { code: 7 }, async (peer, id) => {
  await peer.say({ kind: "ready", id });
  let heard: Message | undefined;
  do heard = await peer.hear(); while (heard?.kind !== "commit");
  const digest = await digestOf(new Random(12).bytes(SIZE));
  await peer.say({ kind: "done", id, name: "mine.bin", digest, outcome: "new" });
});

upload("a receipt that is none", { code: 4 }, async (peer, id) => {
  await peer.say({ kind: "ready", id });
  let heard: Message | undefined;
  do heard = await peer.hear(); while (heard?.kind !== "commit");
  await peer.say({ kind: "done", id, name: "x", digest: "ft1:0:../../x", outcome: "new" });
});

upload("'there already' of another size", { code: 7 }, async (peer, id) => {
  const digest = `ft1:5:${"0".repeat(64)}`;
  await peer.say({ kind: "done", id, name: "mine.bin", digest, outcome: "same" });
});

upload("a receipt with controls in its name", { code: 0 }, async (peer, id) => {
  await peer.say({ kind: "ready", id });
  let heard: Message | undefined;
  do heard = await peer.hear(); while (heard?.kind !== "commit");
  await peer.say({ kind: "done", id, name: EVIL, digest: heard.digest, outcome: "new" });
});

upload("HELD of chunks that were never sent", { code: 0 }, async (peer, id) => {
  await peer.say({ kind: "held", id, first: 0, digests: new Uint8Array(3 * 32).fill(7) });
  // Another version, so that the client compares.
  await peer.say({ kind: "ready", id, source: "another" });
  const sent = new Set<number>();
  let heard: Message | undefined;
  do {
    heard = await peer.hear();
    if (heard?.kind === "chunk") sent.add(heard.chunk);
  } while (heard?.kind !== "commit");
  assert.deepEqual([...sent], [0, 1, 2], "the client believed what it could have compared");
  await peer.say({ kind: "done", id, name: "x", digest: heard.digest, outcome: "new" });
});

for (
  const [name, first, second] of [
    ["READY twice", { kind: "ready" }, { kind: "ready" }],
    ["HELD after READY", { kind: "ready" }, { kind: "held", first: 0, digests: NO_DIGEST }],
    ["HELD backwards", { kind: "held", first: 1, digests: NO_DIGEST }, {
      kind: "held",
      first: 0,
      digests: NO_DIGEST,
    }],
    ["ACK of more than there is", { kind: "ready" }, { kind: "ack", verified: SIZE + 1 }],
    ["CHUNK from who receives", { kind: "ready" }, {
      kind: "chunk",
      chunk: 0,
      bytes: new Uint8Array(1),
      digest: NO_DIGEST,
    }],
    ["COMMIT from who receives", { kind: "ready" }, { kind: "commit", digest: "" }],
    ["ENTRY from who receives", { kind: "ready" }, { kind: "entry", name: "x" }],
  ] as const
) {
  upload(name, { code: 4 }, async (peer, id) => {
    await peer.say({ ...first, id });
    await peer.say({ ...second, id });
  });
}
