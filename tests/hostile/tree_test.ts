/** Clients that break the rules with whole folders, and servers that do. */
import assert from "node:assert/strict";
import { sha256 } from "../../src/protocol/digest.ts";
import { PACKED_BYTES } from "../../src/protocol/limits.ts";
import type { Message, MessageOf, TreeEntry } from "../../src/protocol/message.ts";
import { PackBuilder } from "../../src/protocol/pack.ts";
import { addToken } from "../../src/verbs/tokens.ts";
import { share } from "../../src/verbs/upload.ts";
import { exists, namesIn, writeFile } from "../files.ts";
import { hostile, type Target } from "./target.ts";
import { failure } from "./pieces.ts";
import type { RawPeer } from "./raw_peer.ts";

const TEXT = new TextEncoder().encode("small");
const FILE: TreeEntry = { path: "a", kind: "file", size: TEXT.length };

async function packOf(
  id: number,
  index = 0,
  bytes = TEXT,
  digest?: Uint8Array<ArrayBuffer>,
): Promise<Message> {
  const pack = new PackBuilder(new Uint8Array(bytes.length + 100));
  const into = pack.next(bytes.length);
  assert.ok(into !== undefined);
  into.set(bytes);
  pack.add({ index, digest: digest ?? await sha256(bytes), bytes: into });
  return { kind: "pack", id, bytes: pack.payload };
}

/** Offers a folder; returns what the server says up to its last WANT, or to the failure. */
async function offer(
  peer: RawPeer,
  id: number,
  entries: readonly TreeEntry[],
  name = "evil",
): Promise<Message[]> {
  await peer.say({ kind: "tree", id, name, room: "shared" });
  await peer.say({ kind: "manifest", id, entries: [...entries], last: true });
  const heard: Message[] = [];
  for (;;) {
    const message = await peer.hear();
    assert(message !== undefined, "the server hung up");
    heard.push(message);
    if (message.kind === "error" || message.kind === "want" && message.last) return heard;
  }
}

/** What was sent as folders is removed: all else must be as it was. */
function tidy({ root }: Target): void {
  const folder = `${root}/shared_uploads/evil`;
  if (exists(folder)) Deno.removeSync(folder, { recursive: true });
}

async function isRefused(peer: RawPeer): Promise<void> {
  assert.equal(await peer.ending(), "protocol");
}

const OUT_OF_PLACE: [string, (id: number) => Message | Promise<Message>][] = [
  ["a pack of what is not wanted", (id) => packOf(id, 1)],
  ["a pack of another size", (id) => packOf(id, 0, new TextEncoder().encode("smaller"))],
  ["a malformed pack", (id) => ({ kind: "pack", id, bytes: new Uint8Array(41) })],
  ["another manifest", (id) => ({ kind: "manifest", id, entries: [FILE], last: true })],
  ["TREE again", (id) => ({ kind: "tree", id, name: "evil", room: "shared" })],
  ["WANT", (id) => ({ kind: "want", id, runs: [], last: true })],
  ["DONE", (id) => ({ kind: "done", id, name: "evil", digest: "", outcome: "new" })],
  ["COMMIT", (id) => ({ kind: "commit", id, digest: "" })],
];

for (const [name, message] of OUT_OF_PLACE) {
  hostile(`a folder with ${name}`, "greeted", async (peer, target) => {
    assert.equal((await offer(peer, 1, [FILE])).at(-1)?.kind, "want");
    await peer.say(await message(1));
    await isRefused(peer);
    tidy(target);
    return ["protocol"];
  });
}

for (const entries of [[], [FILE]]) {
  hostile(`a folder whose pack comes after ${entries.length} of its nodes`, "greeted", async (
    peer,
    target,
  ) => {
    await peer.say({ kind: "tree", id: 1, name: "evil", room: "shared" });
    await peer.say({ kind: "manifest", id: 1, entries, last: false });
    await peer.say(await packOf(1));
    await isRefused(peer);
    assert.ok(!exists(`${target.root}/shared_uploads/evil`));
    return ["protocol"];
  });
}

hostile("a second folder while the first is being sent", "greeted", async (peer, target) => {
  await offer(peer, 1, [FILE]);
  await peer.say({ kind: "tree", id: 2, name: "evil too", room: "private" });
  await peer.say({ kind: "manifest", id: 2, entries: [FILE], last: true });
  assert.equal(await failure(peer, 2), "busy");
  // The first goes on, and then there is room for another, which may be called off for a third.
  await peer.say(await packOf(1));
  await peer.say({ kind: "seal", id: 1 });
  for (;;) if ((await peer.hear())?.kind === "done") break;
  assert.equal((await offer(peer, 3, [FILE])).at(-1)?.kind, "want");
  await peer.say({ kind: "error", id: 3, code: "interrupted", message: "" });
  assert.equal((await offer(peer, 4, [FILE])).at(-1)?.kind, "want");
  // One that is fetched has nothing to do with it.
  await peer.say({ kind: "browse", id: 5, room: "shared", name: "evil" });
  await peer.expect("tree");
  peer.abort();
  tidy(target);
  return [];
});

hostile("a second folder while the first is being fetched", "greeted", async (peer, target) => {
  const slides = `${target.root}/shared_files/slides`;
  writeFile(`${slides}/small.bin`, TEXT);
  const wish = { kind: "browse", room: "public", name: "slides" } as const;
  const fetched = async (id: number) => {
    await peer.say({ ...wish, id });
    await peer.expect("tree");
    await peer.expect("manifest");
  };
  await fetched(1);
  await peer.say({ ...wish, id: 2 });
  assert.equal(await failure(peer, 2), "busy");
  await peer.say({ kind: "want", id: 1, runs: [], last: true });
  await peer.expect("seal");
  await peer.say({ kind: "done", id: 1, name: "slides", digest: "", outcome: "new" });
  await fetched(3);
  await peer.say({ kind: "error", id: 3, code: "interrupted", message: "" });
  await fetched(4);
  await peer.say({ kind: "error", id: 4, code: "interrupted", message: "" });
  // At once, before the first was looked for.
  await peer.say({ ...wish, id: 5 }, { ...wish, id: 6 });
  const heard = new Map<number, string>();
  while (heard.size < 2) {
    const message = await peer.hear();
    if (message !== undefined && !heard.has(message.id)) heard.set(message.id, message.kind);
  }
  assert.deepEqual([heard.get(5), heard.get(6)], ["tree", "error"]);
  peer.abort();
  Deno.removeSync(slides, { recursive: true });
  return [];
});

/** Paths that lead out, or are none; each fails alone. */
const PATHS: readonly string[] = [
  "../secret.txt",
  "a/../../secret.txt",
  "/etc/passwd",
  "a//b",
  ".",
  "",
  "a/.ft/records.db",
  ".FT/x",
  "a\\..\\b",
  "a\u0000b",
  "\u202egpj.exe",
  "a\nb",
  "e\u0301",
  "x".repeat(300),
];

hostile("a folder with paths that lead out of it", "greeted", async (peer, target) => {
  const entries = PATHS.map((path): TreeEntry => ({ path, kind: "file", size: 5 }));
  const heard = await offer(peer, 1, [...entries, FILE]);
  const failed = heard.flatMap((message) => message.kind === "result" ? message.failed ?? [] : []);
  assert.deepEqual(failed.map(({ index }) => index), PATHS.map((_, at) => at));
  for (const { code } of failed) assert.equal(code, "bad_name");
  await peer.say(await packOf(1, PATHS.length));
  await peer.say({ kind: "seal", id: 1 });
  for (;;) if ((await peer.hear())?.kind === "done") break;
  assert.deepEqual(namesIn(`${target.root}/shared_uploads/evil`), ["a"]);
  peer.abort();
  tidy(target);
  return [];
});

/** Links that lead out, in one step or in several; and files that go through links. */
const LINKS: readonly TreeEntry[] = [
  { path: "out", kind: "link", target: "../../../secret.txt" },
  { path: "absolute", kind: "link", target: "/etc/passwd" },
  { path: "sub/up", kind: "link", target: "../.." },
  { path: "chain", kind: "link", target: "sub/up/../secret.txt" },
  { path: "through", kind: "link", target: "sub" },
  { path: "nul", kind: "link", target: "a\u0000b" },
];

hostile("a folder with links that lead out of it", "greeted", async (peer, target) => {
  await offer(peer, 1, [...LINKS, { path: "through/a", kind: "file", size: 5 }]);
  await peer.say(await packOf(1, LINKS.length));
  await peer.say({ kind: "seal", id: 1 });
  const failed: number[] = [];
  for (let message = await peer.hear(); message?.kind !== "done"; message = await peer.hear()) {
    assert.ok(message !== undefined);
    if (message.kind === "result") failed.push(...(message.failed ?? []).map(({ index }) => index));
  }
  const folder = `${target.root}/shared_uploads/evil`;
  // The file made a folder where the link was to be.
  assert.deepEqual(failed.sort(), [0, 1, 2, 3, 4, 5]);
  for (const name of namesIn(folder)) {
    assert.ok(!Deno.lstatSync(`${folder}/${name}`).isSymlink, name);
  }
  assert.deepEqual(namesIn(`${folder}/through`), ["a"]);
  peer.abort();
  tidy(target);
  return [];
});

hostile("a folder whose bytes have another digest", "greeted", async (peer, target) => {
  await offer(peer, 1, [FILE]);
  await peer.say(await packOf(1, 0, TEXT, new Uint8Array(32)));
  const message = await peer.hear();
  assert.equal(message?.kind === "result" && message.failed?.[0]?.code, "digest");
  assert.deepEqual(namesIn(`${target.root}/shared_uploads/evil`), []);
  peer.abort();
  tidy(target);
  return [];
});

hostile("a folder that is offered twice the same path", "greeted", async (peer, target) => {
  const heard = await offer(peer, 1, [FILE, FILE]);
  const result = heard.find((message) => message.kind === "result");
  assert.deepEqual(result?.failed?.map(({ index, code }) => [index, code]), [[1, "bad_name"]]);
  peer.abort();
  tidy(target);
  return [];
});

hostile("a large file of a folder that is not being sent", "greeted", async (peer, target) => {
  await offer(peer, 1, [FILE]);
  const large = { kind: "entry", room: "shared", size: PACKED_BYTES + 1 } as const;
  await peer.say({ ...large, id: 2, name: "x", tree: 7, index: 0 });
  const first = await peer.hear();
  assert.equal(first?.kind === "error" && first.code, "denied");
  await peer.say({ ...large, id: 3, name: "x", tree: 1, index: 0 });
  const second = await peer.hear();
  assert.equal(second?.kind === "error" && second.code, "protocol");
  assert.ok(!exists(`${target.root}/x`));
  peer.abort();
  tidy(target);
  return [];
});

for (const [room, other] of [["shared", "private"], ["private", "shared"]] as const) {
  hostile(`a large file of a folder of the ${room} room for the ${other} one`, "raw", async (
    peer,
    { root },
  ) => {
    const token = await addToken(root, "ana", ["put", "share"]);
    await addToken(root, "ben", ["put"]);
    await peer.greet({ token });
    // In the private room that is the folder of what ben sends.
    await peer.say({ kind: "tree", id: 1, name: "ben", room });
    const large = { size: PACKED_BYTES + 1 } as const;
    const entries = [{ path: "a", kind: "file", ...large }] as const;
    await peer.say({ kind: "manifest", id: 1, entries: [...entries], last: true });
    await peer.expect("want");
    const file = { kind: "entry", name: "x", tree: 1, index: 0, ...large } as const;
    for (const [at, wrong] of [{ room: other }, { room: "public" } as const, {}].entries()) {
      await peer.say({ ...file, ...wrong, id: 2 + at });
      assert.equal(await failure(peer, 2 + at), "protocol");
    }
    peer.abort();
    const made = room === "shared" ? `${root}/shared_uploads/ben` : `${root}/uploads/ana`;
    Deno.removeSync(made, { recursive: true });
    return [];
  }, { requireToken: true });
}

/** What somebody may say that a file of the folder is which he fetches. */
const OTHER_FILES: readonly [string, Pick<MessageOf<"request">, "room" | "name">][] = [
  ["somebody else's share", { room: "shared", name: "prize" }],
  ["another file of the room", { room: "public", name: "small.txt" }],
  ["the same name in another room", { room: "shared", name: "slides/large.bin" }],
  ["its path alone", { room: "public", name: "large.bin" }],
  ["another file of the folder", { room: "public", name: "slides/small.bin" }],
  ["a name that leads out", { room: "public", name: "slides/../../secret.txt" }],
];

for (const [what, wish] of OTHER_FILES) {
  hostile(`a large file of a folder, said to be ${what}`, "greeted", async (peer, target) => {
    const mine = target.outside("mine");
    writeFile(`${mine}/prize`, "prize");
    const options = { server: target.server.address, plain: true, state: `${mine}/state` };
    await share([`${mine}/prize`], { ...options, downloads: 1 });
    const slides = `${target.root}/shared_files/slides`;
    writeFile(`${slides}/large.bin`, new Uint8Array(PACKED_BYTES + 1));
    writeFile(`${slides}/small.bin`, TEXT);
    await peer.say({ kind: "browse", id: 1, room: "public", name: "slides" });
    await peer.expect("tree");
    const { entries } = await peer.expect("manifest");
    const index = entries.findIndex(({ path }) => path === "large.bin");
    await peer.say({ kind: "want", id: 1, runs: [index, 1], last: true });
    await peer.expect("seal");
    await peer.say({ kind: "request", id: 2, ...wish, size: PACKED_BYTES + 1, tree: 1, index });
    assert.equal(await failure(peer, 2), "protocol");
    // As what it is it comes, and the share is as it was.
    const right = { room: "public", name: "slides/large.bin" } as const;
    await peer.say({ kind: "request", id: 3, ...right, tree: 1, index });
    assert.equal((await peer.expect("entry")).size, PACKED_BYTES + 1);
    await peer.say({ kind: "info", id: 4, room: "shared", name: "prize" });
    assert.equal((await peer.expect("about")).downloads, 1);
    peer.abort();
    for (const path of [mine, slides]) Deno.removeSync(path, { recursive: true });
    Deno.removeSync(`${target.root}/shared_uploads/prize`);
    return [];
  });
}

hostile(
  "a large file of a folder whose manifest is not complete",
  "greeted",
  async (peer, target) => {
    await peer.say({ kind: "tree", id: 1, name: "evil", room: "shared", downloads: 1 });
    const large = { size: PACKED_BYTES + 1 } as const;
    const entries = [{ path: "a", kind: "file", ...large }] as const;
    await peer.say({ kind: "manifest", id: 1, entries: [...entries], last: false });
    const file = { kind: "entry", room: "shared", name: "x", tree: 1, index: 0, ...large } as const;
    await peer.say({ ...file, id: 2 });
    assert.equal(await failure(peer, 2), "protocol");
    // The folder goes on.
    await peer.say({ kind: "manifest", id: 1, entries: [], last: true });
    await peer.expect("want");
    await peer.say({ ...file, id: 3 });
    await peer.expect("ready");
    peer.abort();
    tidy(target);
    return [];
  },
);

hostile(
  "a folder that is given up is not half there for others",
  "greeted",
  async (peer, target) => {
    await peer.say({ kind: "tree", id: 1, name: "evil", room: "shared" });
    await peer.say({ kind: "manifest", id: 1, entries: [FILE], last: false });
    await peer.say({ kind: "list", id: 2, room: "shared" });
    const message = await peer.hear();
    assert.ok(message?.kind === "items");
    assert.ok(!message.items.some(({ name }) => name.includes("evil")));
    await peer.say({ kind: "browse", id: 3, room: "shared", name: "evil" });
    const answer = await peer.hear();
    assert.equal(answer?.kind === "error" && answer.code, "not_found");
    peer.abort();
    assert.deepEqual(namesIn(`${target.root}/shared_uploads/evil`), []);
    return [];
  },
);

for (const name of ["../root", "..", "/", ".ft", "theirs.txt/x"]) {
  hostile(`a wish for the folder '${name}'`, "greeted", async (peer) => {
    await peer.say({ kind: "browse", id: 1, room: "shared", name });
    const answer = await peer.hear();
    assert.ok(answer?.kind === "error" && ["bad_name", "not_found"].includes(answer.code));
    peer.abort();
    return [];
  });
}

hostile("a wish for a large file of a counted folder before it was counted", "greeted", async (
  peer,
  target,
) => {
  const mine = target.outside("mine");
  writeFile(`${mine}/evil/large.bin`, new Uint8Array(PACKED_BYTES + 1));
  const options = { server: target.server.address, plain: true, state: `${mine}/state` };
  const [shared] = await share([`${mine}/evil`], { ...options, downloads: 1 });
  assert.ok(shared !== undefined && "tree" in shared);
  await peer.say({ kind: "browse", id: 1, room: "shared", name: "evil" });
  await peer.expect("tree");
  await peer.expect("manifest");
  await peer.say({ kind: "want", id: 1, runs: [0, 1], last: false });
  const wish = { room: "shared", name: "evil/large.bin" } as const;
  await peer.say({ kind: "request", id: 2, ...wish, tree: 1, index: 0 });
  const first = await peer.hear();
  assert.equal(first?.kind === "error" && first.code, "protocol");
  await peer.say({ kind: "request", id: 3, ...wish });
  const second = await peer.hear();
  assert.equal(second?.kind === "error" && second.code, "not_found");
  peer.abort();
  tidy(target);
  Deno.removeSync(mine, { recursive: true });
  return [];
});
