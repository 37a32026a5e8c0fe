/**
 * Clients that want what is shared without being counted, or what is not theirs to know or remove.
 *
 * @module
 */
import assert from "node:assert/strict";
import { share } from "../../src/verbs/upload.ts";
import { addToken } from "../../src/verbs/tokens.ts";
import { digestOf } from "../fixtures/staged.ts";
import { Random } from "../random.ts";
import type { RawPeer } from "./raw_peer.ts";
import { hostile, type Target } from "./target.ts";

const MiB = 1024 * 1024;
/** Three chunks. */
const LARGE = new Random(11).bytes(2 * MiB + 5);
const SMALL = new Random(12).bytes(500);

/** Shares a file that can be downloaded once; its name. */
async function shareOnce(target: Target, bytes: Uint8Array): Promise<string> {
  const path = target.outside("prize");
  Deno.writeFileSync(path, bytes);
  const { server: { address }, root } = target;
  const state = target.outside("sharer");
  const options = { server: address, plain: true, state, downloads: 1, note: "a note" };
  const [result] = await share([path], options);
  assert.ok(result !== undefined && "receipt" in result);
  Deno.removeSync(path);
  Deno.removeSync(state, { recursive: true });
  assert.ok(Deno.statSync(`${root}/shared_uploads/prize`).isFile);
  return "prize";
}

/** What is left to download by a list; undefined when it lists nothing of the name. */
async function left(peer: RawPeer, id: number, name: string): Promise<number | undefined> {
  await peer.say({ kind: "list", id, room: "shared" });
  const { items } = await peer.expect("items");
  return items.find((item) => item.name === name)?.downloads;
}

/** The share is gone when a test ends, so that what is left is what was there. */
function clear(target: Target): void {
  Deno.removeSync(`${target.root}/shared_uploads/prize`);
}

for (const [what, bytes, chunks] of [["small", SMALL, []], ["large", LARGE, [1, 2]]] as const) {
  hostile(
    `a ${what} counted share is not sent whole before READY and ACK`,
    "greeted",
    async (peer, target) => {
      const name = await shareOnce(target, bytes);
      await peer.say({ kind: "request", id: 1, room: "shared", name, size: bytes.length });
      const entry = await peer.expect("entry");
      assert.deepEqual([entry.digest, entry.downloads], [undefined, 1]);
      if (chunks.length > 0) await peer.say({ kind: "ready", id: 1 });
      for (const chunk of chunks) {
        let message = await peer.hear();
        while (message?.kind === "data") message = await peer.hear();
        assert.ok(message?.kind === "chunk");
        assert.equal(message.chunk, chunk);
      }
      // Nothing more comes, whatever is asked; it is not counted, and nobody else has it meanwhile.
      assert.equal(await left(peer, 2, name), 1);
      const other = await target.greeted({ owner: "other" });
      await other.say({ kind: "request", id: 1, room: "shared", name });
      assert.equal((await other.expect("error")).code, "busy");
      // Called off it is free for the other.
      await peer.say({ kind: "error", id: 1, code: "lost", message: "" });
      assert.equal(await left(peer, 3, name), 1);
      await other.say({ kind: "request", id: 2, room: "shared", name });
      assert.equal((await other.expect("entry")).downloads, 1);
      other.abort();
      clear(target);
    },
  );
}

hostile(
  "a counted share is counted for who only says that it has the rest",
  "greeted",
  async (peer, target) => {
    const name = await shareOnce(target, LARGE);
    await peer.say({ kind: "request", id: 1, room: "shared", name });
    const { source } = await peer.expect("entry");
    // Proof of nothing: these are no digests of the file.
    await peer.say({ kind: "held", id: 1, first: 1, digests: new Uint8Array(64) });
    await peer.say({ kind: "ready", id: 1, ...(source === undefined ? {} : { source }) });
    const chunk = await peer.expect("chunk");
    assert.equal(chunk.chunk, 0);
    await peer.expect("commit");
    assert.equal(await left(peer, 2, name), undefined);
    const other = await target.greeted({ owner: "other" });
    await other.say({ kind: "request", id: 1, room: "shared", name });
    assert.equal((await other.expect("error")).code, "not_found");
    other.abort();
    clear(target);
  },
);

hostile(
  "a receiver that ends a counted download as one it has already is not counted, nor told what it is",
  "greeted",
  async (peer, target) => {
    const name = await shareOnce(target, SMALL);
    for (const [id, outcome] of [[1, "same"], [2, "skipped"]] as const) {
      await peer.say({ kind: "request", id, room: "shared", name, size: SMALL.length });
      assert.equal((await peer.expect("entry")).digest, undefined);
      const digest = outcome === "same" ? await digestOf(SMALL) : "";
      await peer.say({ kind: "done", id, name, digest, outcome });
    }
    assert.equal(await left(peer, 3, name), 1);
    await peer.say({ kind: "info", id: 4, room: "shared", name });
    const about = await peer.expect("about");
    assert.deepEqual([about.digest, about.downloads, about.note], [undefined, 1, "a note"]);
    clear(target);
  },
);

hostile(
  "a receiver that fails after it was counted gets it again, once",
  "greeted",
  async (peer, target) => {
    const name = await shareOnce(target, SMALL);
    peer.abort();
    let digest: string | undefined;
    for (let time = 0; time < 3; time++) {
      const again = await target.greeted({ owner: "thief", run: "same" });
      await again.say({ kind: "request", id: 1, room: "shared", name, size: SMALL.length });
      const entry = await again.expect("entry");
      // Once it counts it may be known what it is.
      assert.equal(entry.digest === undefined, time === 0);
      await again.say({ kind: "ready", id: 1 });
      assert.equal((await again.expect("chunk")).chunk, 0);
      digest = (await again.expect("commit")).digest;
      again.abort();
    }
    const last = await target.greeted({ owner: "thief", run: "same" });
    await last.say({ kind: "request", id: 1, room: "shared", name });
    // A small file that counts already is like any other: it comes at once.
    await last.expect("entry");
    await last.expect("chunk");
    await last.expect("commit");
    await last.say({ kind: "done", id: 1, name, digest: digest ?? "", outcome: "new" });
    await last.say({ kind: "request", id: 2, room: "shared", name });
    assert.equal((await last.expect("error")).code, "not_found");
    last.abort();
    while (has(target)) await turn();
  },
);

function has(target: Target): boolean {
  return [...Deno.readDirSync(`${target.root}/shared_uploads`)].some(({ name }) =>
    name === "prize"
  );
}

function turn(): Promise<void> {
  return new Promise((done) => setTimeout(done, 5));
}

hostile(
  "what another shared is not taken back, and called what is not there",
  "greeted",
  async (peer, target) => {
    await shareOnce(target, SMALL);
    const words: string[] = [];
    for (const [id, name] of [[1, "prize"], [2, "absent"], [3, "theirs.txt"]] as const) {
      await peer.say({ kind: "unshare", id, name });
      const { code, message } = await peer.expect("error");
      words.push(`${code} ${message.replaceAll(name, "NAME")}`);
    }
    assert.equal(new Set(words).size, 1);
    await peer.say({ kind: "unshare", id: 4, name: "../uploads/private.txt" });
    assert.equal((await peer.expect("error")).code, "bad_name");
    clear(target);
  },
);

hostile(
  "questions about the private room are denied, whatever is asked",
  "greeted",
  async (peer) => {
    await peer.say({ kind: "info", id: 1, room: "private", name: "private.txt" });
    assert.equal((await peer.expect("error")).code, "denied");
    await peer.say({ kind: "list", id: 2, room: "public", mine: true });
    assert.equal((await peer.expect("error")).code, "denied");
    // One's own may be seen; what lies there by hand is nobody's.
    await peer.say({ kind: "list", id: 3, room: "private", mine: true });
    assert.deepEqual((await peer.expect("items")).items, []);
  },
);

hostile(
  "INFO of what is no file, or lies outside, is answered like nothing",
  "greeted",
  async (peer, target) => {
    Deno.symlinkSync(target.outside("secret.txt"), `${target.root}/shared_files/link`);
    for (const [id, name] of [[1, "link"], [2, "nothing"], [3, "public.bin/x"]] as const) {
      await peer.say({ kind: "info", id, room: "public", name });
      assert.equal((await peer.expect("error")).code, "not_found");
    }
    await peer.say({ kind: "info", id: 4, room: "public", name: "../.ft/token" });
    assert.equal((await peer.expect("error")).code, "bad_name");
    Deno.removeSync(`${target.root}/shared_files/link`);
  },
);

hostile(
  "a token without the verb learns nothing by the new questions",
  "raw",
  async (_, target) => {
    const token = await addToken(target.root, "putter", ["put"]);
    const peer = await target.greeted({ token });
    let id = 0;
    for (const name of ["theirs.txt", "nothing"]) {
      await peer.say({ kind: "info", id: ++id, room: "shared", name });
      assert.equal((await peer.expect("error")).code, "denied");
      await peer.say({ kind: "info", id: ++id, room: "public", name });
      assert.equal((await peer.expect("error")).code, "denied");
      await peer.say({ kind: "unshare", id: ++id, name });
      assert.equal((await peer.expect("error")).code, "denied");
    }
    await peer.say({ kind: "list", id: ++id, room: "shared", mine: true });
    assert.equal((await peer.expect("error")).code, "denied");
    peer.abort();
  },
  { requireToken: true },
);

hostile("a pattern that is meant to take long keeps nobody waiting", "greeted", async (peer) => {
  await peer.say({ kind: "list", id: 1, room: "public", match: `${"*a".repeat(127)}*` });
  assert.deepEqual((await peer.expect("items")).items, []);
});
