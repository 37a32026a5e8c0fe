/** Names that lead elsewhere, in every message that has a name, both ways. */
import assert from "node:assert/strict";
import { hostile } from "./target.ts";
import { BAD_NAMES, ODD_NAMES } from "./names.ts";

for (const [why, name] of BAD_NAMES) {
  hostile(`a name with ${why}`, "greeted", async (peer, target) => {
    let id = 0;
    for (const room of ["private", "shared"] as const) {
      // One that waits for READY and one that comes at once.
      await peer.say({ kind: "entry", id: ++id, room, name, size: 2_000_000 });
      assert.deepEqual((await peer.expect("error")).code, "bad_name");
      await peer.say({ kind: "entry", id: ++id, room, name, size: 1 });
      const bytes = new Uint8Array(1);
      await peer.say({ kind: "chunk", id, chunk: 0, bytes, digest: new Uint8Array(32) });
      await peer.say({ kind: "commit", id, digest: `ft1:1:${"0".repeat(64)}` });
      assert.deepEqual((await peer.expect("error")).code, "bad_name");
    }
    for (const room of ["public", "shared"] as const) {
      await peer.say({ kind: "request", id: ++id, room, name });
      assert.deepEqual((await peer.expect("error")).code, "bad_name");
    }
    // The connection is as good as before.
    await peer.say({ kind: "list", id: ++id, room: "shared" });
    const { items } = await peer.expect("items");
    assert.deepEqual(items.map(({ name }) => name), ["theirs.txt"]);
    assert.deepEqual(target.reports.map(({ failure }) => failure?.code).slice(0, 6), [
      ...Array(6).fill("bad_name"),
    ]);
    return [];
  });
}

hostile("names of things it may not have", "greeted", async (peer) => {
  const wanted = [
    ["public", "../uploads/private.txt", "bad_name"],
    ["public", "uploads/private.txt", "not_found"],
    ["public", "theirs.txt", "not_found"],
    ["shared", "private.txt", "not_found"],
    ["shared", "small.txt", "not_found"],
    ["private", "private.txt", "denied"],
    ["private", "nothing", "denied"],
    ["private", "../shared_files/small.txt", "denied"],
  ] as const;
  for (const [at, [room, name, code]] of wanted.entries()) {
    await peer.say({ kind: "request", id: at + 1, room, name });
    const error = await peer.expect("error");
    assert.equal(error.code, code, name);
    assert(!/uploads\/|shared_files\/[^s]|tmp/.test(error.message) || name.includes("uploads"));
  }
  await peer.say({ kind: "list", id: 100, room: "private" });
  assert.equal((await peer.expect("error")).code, "denied");
});

hostile("ENTRY into rooms that take nothing", "greeted", async (peer) => {
  for (const [at, room] of ["public", undefined].entries()) {
    const about = room === undefined ? {} : { room: "public" } as const;
    await peer.say({ kind: "entry", id: at + 1, name: "a", size: 0, ...about });
    assert.equal((await peer.expect("error")).code, "denied");
  }
});

hostile("names of what is there and is no file", "greeted", async (peer, target) => {
  const shared = `${target.root}/shared_uploads`;
  Deno.mkdirSync(`${shared}/folder`);
  Deno.symlinkSync(target.outside("secret.txt"), `${shared}/link.txt`);
  Deno.symlinkSync(target.outside(""), `${shared}/out`);
  Deno.symlinkSync(target.outside("nowhere"), `${shared}/dangling`);
  try {
    let id = 0;
    for (const name of ["folder", "link.txt", "out/secret.txt", "out", "dangling", "folder/x"]) {
      await peer.say({ kind: "request", id: ++id, room: "shared", name });
      assert.equal((await peer.expect("error")).code, "not_found", name);
    }
    // Into a linked folder, below a file, in place of a folder.
    for (const name of ["out/evil", "theirs.txt/evil"]) {
      await peer.say({ kind: "entry", id: ++id, room: "shared", name, size: 0 });
      await peer.say({ kind: "commit", id, digest: `ft1:0:${EMPTY}` });
      const error = await peer.expect("error");
      assert(["exists", "io"].includes(error.code), `${name}: ${error.code}`);
      assert(!error.message.includes(target.root), error.message);
    }
    // A link in the way is not written through: what is sent gets another name.
    for (const name of ["dangling", "link.txt", "folder"]) {
      await peer.say({ kind: "entry", id: ++id, room: "shared", name, size: 0 });
      await peer.say({ kind: "commit", id, digest: `ft1:0:${EMPTY}` });
      const done = await peer.expect("done");
      assert.equal(done.name, name.replace(/^(\w+)/, "$1 (2)"));
      Deno.removeSync(`${shared}/${done.name}`);
    }
    await peer.say({ kind: "list", id: ++id, room: "shared" });
    const { items } = await peer.expect("items");
    assert.deepEqual(items.map(({ name }) => name), ["theirs.txt"]);
  } finally {
    for (const name of ["folder", "link.txt", "out", "dangling"]) {
      Deno.removeSync(`${shared}/${name}`);
    }
  }
});

/** SHA-256 of nothing. */
const EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

hostile("names that only look dangerous", "greeted", async (peer, target) => {
  if (Deno.build.os === "windows") return;
  const shared = `${target.root}/shared_uploads`;
  for (const [at, name] of ODD_NAMES.entries()) {
    await peer.say({ kind: "entry", id: at + 1, room: "shared", name, size: 0 });
    await peer.say({ kind: "commit", id: at + 1, digest: `ft1:0:${EMPTY}` });
    const done = await peer.expect("done");
    assert.equal(done.name, name);
    assert(Deno.lstatSync(`${shared}/${name}`).isFile);
  }
  for (const name of ODD_NAMES) {
    Deno.removeSync(`${shared}/${name.split("/")[0]}`, { recursive: true });
  }
  target.assertUntouched();
});
