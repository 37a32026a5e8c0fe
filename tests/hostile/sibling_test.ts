/** Clients that try to reach what is beside their own: others' transfers, receipts and files. */
import assert from "node:assert/strict";
import { formatDigest, sha256 } from "../../src/protocol/digest.ts";
import type { MessageOf } from "../../src/protocol/message.ts";
import { assertBytes, namesIn } from "../files.ts";
import { answer, BYTES, chunkOf, DIGEST, failure, finish, type Offer, offer } from "./pieces.ts";
import type { RawPeer } from "./raw_peer.ts";
import { type Greeting, hostile, PUBLIC_BYTES, type Target } from "./target.ts";

const ANA = { owner: "ana's secret", run: "run 1" };
const ABOUT = { room: "private", name: "mine.bin", source: "version 1" } as const;

/** All that a stranger may have learnt of ana's run but her secret. */
const STRANGERS: readonly (readonly [string, Greeting])[] = [
  ["with her run", { owner: "ben's secret", run: ANA.run }],
  ["with her run and no secret", { run: ANA.run }],
  ["with her run and an empty secret", { owner: "", run: ANA.run }],
  ["with her secret in capitals", { owner: ANA.owner.toUpperCase(), run: ANA.run }],
  ["with her secret and a line end", { owner: `${ANA.owner}\n`, run: ANA.run }],
  ["with her run in the secret", { owner: `${ANA.owner}\n${ANA.run}`, run: "" }],
];

for (const [how, greeting] of STRANGERS) {
  for (const room of ["private", "shared"] as const) {
    hostile(`goes on with another's upload to the ${room} room, ${how}`, "greeted", async (
      _,
      target,
    ) => {
      const about = { ...ABOUT, room };
      const ana = await target.greeted(ANA);
      await offer(ana, 1, about);
      for (const chunk of [0, 1]) await ana.say(await chunkOf(1, chunk));
      const ben = await target.greeted(greeting);
      // Nothing of hers is said to be held, whatever is claimed of the file.
      const heard = await offer(ben, 1, { ...about, digest: DIGEST });
      assert.deepEqual(heard.map(({ kind }) => kind), ["ready"]);
      await ben.say({ kind: "commit", id: 1, digest: DIGEST });
      assert.equal(await failure(ben, 1), "protocol");
      ben.abort();
      // Hers goes on as if nothing had been, and is hers.
      await ana.say(await chunkOf(1, 2));
      await ana.say({ kind: "commit", id: 1, digest: DIGEST });
      const told = await answer(ana);
      assert.equal(told.kind === "done" && told.name, "mine.bin");
      ana.abort();
      const folder = room === "private" ? "uploads" : "shared_uploads";
      assertBytes(`${target.root}/${folder}/mine.bin`, BYTES);
      Deno.removeSync(`${target.root}/${folder}/mine.bin`);
      return [];
    });

    hostile(`claims another's upload in the ${room} room as sent, ${how}`, "greeted", async (
      _,
      target,
    ) => {
      const about = { ...ABOUT, room };
      const folder = `${target.root}/${room === "private" ? "uploads" : "shared_uploads"}`;
      const ana = await target.greeted(ANA);
      await offer(ana, 1, about);
      await finish(ana, 1);
      assert.equal((await answer(ana)).kind, "done");
      // To herself it is there already.
      const again = await offer(ana, 2, about);
      assert.deepEqual(again.map((told) => told.kind === "done" && told.outcome), ["same"]);
      ana.abort();
      const ben = await target.greeted(greeting);
      let id = 0;
      for (const conflict of ["rename", "overwrite", "skip", "fail"] as const) {
        const claim: Offer = { ...about, conflict, digest: DIGEST };
        const [told] = await offer(ben, ++id, claim);
        if (room === "shared" && conflict !== "rename") {
          // What everybody sees in the list may be told.
          const heard = told?.kind === "error" ? told.code : told?.kind === "done" && told.outcome;
          assert.equal(heard, { overwrite: "denied", skip: "skipped", fail: "exists" }[conflict]);
          continue;
        }
        assert.equal(told?.kind, "ready", conflict);
        await ben.say({ kind: "commit", id, digest: DIGEST });
        assert.equal(await failure(ben, id), "protocol");
      }
      // Other bytes under her digest, then under her name.
      const other = BYTES.slice().fill(7, 0, 10);
      await offer(ben, ++id, about);
      for (const chunk of [0, 1, 2]) await ben.say(await chunkOf(id, chunk, other));
      await ben.say({ kind: "commit", id, digest: DIGEST });
      assert.equal(await failure(ben, id), "digest");
      ben.abort();
      assertBytes(`${folder}/mine.bin`, BYTES);
      Deno.removeSync(`${folder}/mine.bin`);
      return [];
    });
  }
}

hostile("replays the receipt of its own upload", "greeted", async (peer, target) => {
  await offer(peer, 1, ABOUT);
  await finish(peer, 1);
  const done = await answer(peer);
  assert(done.kind === "done");
  Deno.removeSync(`${target.root}/uploads/mine.bin`);
  // Late words about what has ended are nothing.
  await peer.say(done);
  await peer.say({ kind: "commit", id: 1, digest: DIGEST });
  assert.deepEqual((await offer(peer, 2, ABOUT)).map(({ kind }) => kind), ["ready"]);
  await peer.say({ ...done, id: 2 });
  assert.equal(await peer.ending(), "protocol");
  assert.deepEqual(namesIn(`${target.root}/uploads`), ["private.txt"]);
  return ["protocol"];
});

hostile("replays a receipt on another connection", "greeted", async (peer, target) => {
  await offer(peer, 1, ABOUT);
  await finish(peer, 1);
  const done = await answer(peer);
  assert(done.kind === "done");
  Deno.removeSync(`${target.root}/uploads/mine.bin`);
  const another = await target.greeted();
  await another.say(done);
  assert.equal(await another.ending(), "protocol");
  another.abort();
  return ["protocol"];
});

/** The tag that a list tells of a file. */
async function tagOf(peer: RawPeer, id: number, room: "public" | "shared", name: string) {
  await peer.say({ kind: "list", id, room });
  const { items } = await peer.expect("items");
  const item = items.find((item) => item.name === name);
  assert(item !== undefined);
  return item.tag;
}

hostile("asks for one file by the tag of another", "greeted", async (peer, target) => {
  const tags = [
    await tagOf(peer, 1, "public", "public.bin"),
    await tagOf(peer, 2, "shared", "theirs.txt"),
    privateTag(target),
    "",
    "../uploads/private.txt",
    "0-0-0",
  ];
  for (const [at, tag] of tags.entries()) {
    await peer.say({ kind: "request", id: 10 + at, room: "public", name: "small.txt", tag });
    assert.equal(await failure(peer, 10 + at), "stale", tag);
  }
  return [];
});

/** What the tag of the private file would be: its inode and size are no secret to a local user. */
function privateTag({ root }: Target): string {
  const { ino, size, mtime } = Deno.statSync(`${root}/uploads/private.txt`);
  return `${ino}-${size}-${mtime?.getTime()}`;
}

for (
  const name of [
    "1",
    "0",
    "01",
    "-1",
    "1e0",
    "4294967297",
    "private.txt",
    "uploads",
    "shared_uploads",
    "shared_uploads-plus",
    "theirs.txt-plus",
    "records.db",
    "theirs",
    "theirs.txt ",
    "THEIRS.TXT",
    "*",
    "t?eirs.txt",
    "theirs.tx[t]",
    "theirs.txt::$DATA",
  ]
) {
  hostile(`asks for '${name}', which is beside what is shared`, "greeted", async (peer, target) => {
    // Where the file system has no cases, that is the file.
    if (Deno.build.os !== "linux" && /^theirs|^THEIRS/.test(name)) return;
    for (const [at, tag] of [undefined, privateTag(target)].entries()) {
      const about = tag === undefined ? {} : { tag };
      await peer.say({ kind: "request", id: 2 * at + 1, room: "shared", name, ...about });
      assert.equal(await failure(peer, 2 * at + 1), "not_found");
      await peer.say({ kind: "request", id: 2 * at + 2, room: "public", name, ...about });
      assert.equal(await failure(peer, 2 * at + 2), "not_found");
    }
    return [];
  });
}

hostile("asks whether it has the bytes of what it may not see", "greeted", async (peer, target) => {
  // The answers to a right and a wrong guess at a private file's bytes are the same.
  const right = formatDigest(7, await sha256(new TextEncoder().encode("private")));
  const wrong = formatDigest(7, new Uint8Array(32));
  const told: MessageOf<"done">[] = [];
  for (const [at, digest] of [right, wrong].entries()) {
    const about = { room: "private", name: "private.txt", size: 7, digest } as const;
    const id = at + 1;
    assert.deepEqual((await offer(peer, id, about)).map(({ kind }) => kind), ["ready"]);
    const bytes = new TextEncoder().encode("another");
    await peer.say({ kind: "chunk", id, chunk: 0, bytes, digest: await sha256(bytes) });
    await peer.say({ kind: "commit", id, digest: formatDigest(7, await sha256(bytes)) });
    const done = await answer(peer);
    assert(done.kind === "done", JSON.stringify(done));
    told.push({ ...done, id: 0 });
    for (const name of namesIn(`${target.root}/uploads`)) {
      if (name !== "private.txt") Deno.removeSync(`${target.root}/uploads/${name}`);
    }
  }
  assert.deepEqual(told[0], told[1]);
  return [];
});

hostile("says that it has a file that it wants to see the digest of", "greeted", async (peer) => {
  // A size that is wrong gets no digest; only who has as many bytes is told.
  for (const [at, size] of [0, 1, PUBLIC_BYTES.length - 1, PUBLIC_BYTES.length + 1].entries()) {
    await peer.say({ kind: "request", id: at + 1, room: "public", name: "public.bin", size });
    assert.equal((await peer.expect("entry")).digest, undefined);
    await peer.say({ kind: "error", id: at + 1, code: "interrupted", message: "" });
  }
  return [];
});
