/** Names that some file systems take for one, and files where folders should be, both ways. */
import assert from "node:assert/strict";
import type { Item } from "../../src/protocol/message.ts";
import { namesIn, writeFile } from "../files.ts";
import { done, Place } from "../process.ts";
import { FakeServer, welcome } from "./fake_server.ts";
import { answer, EMPTY, failure, giveText, type Offer, sendEmpty } from "./pieces.ts";
import type { RawPeer } from "./raw_peer.ts";
import { hostile } from "./target.ts";

const NFC = "caf\u00e9.txt";
const NFD = NFC.normalize("NFD");

/** Names that are two to ft, in the order they come. */
const TWINS: readonly (readonly [string, string, string])[] = [
  ["by case", "README", "readme"],
  ["by case beyond ASCII", "\u00c9t\u00e9", "\u00e9t\u00e9"],
  ["by a dotless i", "I", "\u0131"],
  ["by a sharp s", "stra\u00dfe", "strasse"],
  ["by a long s", "s", "\u017f"],
  ["by a final sigma", "\u03c3", "\u03c2"],
  ["by a Kelvin sign's look", "K", "\u041a"],
  ["by a joiner", "ab", "a\u200db"],
  ["by a soft hyphen", "ab", "a\u00adb"],
  ["by a variation selector", "a", "a\ufe0f"],
  ["by a zero width space", "ab", "a\u200bb"],
  ["by a ligature", "fi", "\ufb01"],
  ["by width", "A", "\uff21"],
  ["by a space at the end", "a", "a "],
  ["by a dot at the end", "a", "a."],
  ["by a space that does not break", "a b", "a\u00a0b"],
];

/** Sends an empty file; tells the name it got. */
async function sent(peer: RawPeer, id: number, fields: Offer): Promise<string> {
  const told = await sendEmpty(peer, id, fields);
  assert(told.kind === "done", JSON.stringify(told));
  return told.name;
}

for (const [how, first, second] of TWINS) {
  hostile(`names that differ ${how}`, "greeted", async (peer, target) => {
    if (Deno.build.os === "windows" && /end/.test(how)) return [];
    const room = `${target.root}/shared_uploads`;
    const names = [
      await sent(peer, 1, { name: first }),
      // Not even by one who may overwrite what is his own.
      await sent(peer, 2, { name: second, conflict: "overwrite" }),
      await sent(peer, 3, { name: `${second} folder/x` }),
      await sent(peer, 4, { name: `${first} folder/x` }),
    ];
    // Whatever the file system makes of them: four files, each under the name that was told.
    assert.equal(new Set(names).size, 4, `${names}`);
    await peer.say({ kind: "list", id: 5, room: "shared" });
    const { items } = await peer.expect("items");
    assert.deepEqual(items.map(({ name }) => name).sort(), ["theirs.txt", ...names].sort());
    for (const name of namesIn(room)) {
      if (name !== "theirs.txt") Deno.removeSync(`${room}/${name}`, { recursive: true });
    }
    return [];
  });
}

hostile("a name in normal form C where one in form D is on the disk", "greeted", async (
  peer,
  target,
) => {
  const room = `${target.root}/shared_uploads`;
  writeFile(`${room}/${NFD}`, "by hand");
  writeFile(`${room}/${NFD} folder/${NFD}`, "below");
  for (const [at, name] of [NFC, `${NFC} folder/${NFC}`].entries()) {
    const id = 10 * at;
    await peer.say({ kind: "request", id: id + 1, room: "shared", name });
    assert.equal((await peer.expect("entry")).size, at === 0 ? 7 : 5);
    await peer.say({ kind: "error", id: id + 1, code: "interrupted", message: "" });
    const conflicts = { overwrite: "denied", fail: "exists" } as const;
    for (const [at, conflict] of (["overwrite", "fail"] as const).entries()) {
      await peer.say({ kind: "entry", id: id + 2 + at, room: "shared", name, size: 0, conflict });
      await peer.say({ kind: "commit", id: id + 2 + at, digest: EMPTY });
      let told = await answer(peer);
      // The rest of the small file that was called off.
      while (told.id === id + 1) told = await answer(peer);
      assert.equal(told.kind === "error" && told.code, conflicts[conflict]);
    }
    assert.equal(await sent(peer, id + 4, { name }), name.replace(/\.txt$/, " (2).txt"));
  }
  assert.equal(Deno.readTextFileSync(`${room}/${NFD}`), "by hand");
  for (const name of namesIn(room)) {
    if (name !== "theirs.txt") Deno.removeSync(`${room}/${name}`, { recursive: true });
  }
  return [];
});

hostile("a file where a folder should be, and a folder where a file should be", "greeted", async (
  peer,
  target,
) => {
  const room = `${target.root}/shared_uploads`;
  assert.equal(await sent(peer, 1, { name: "a" }), "a");
  for (const [at, conflict] of (["rename", "overwrite", "fail", "skip"] as const).entries()) {
    await peer.say({ kind: "entry", id: 2 + at, room: "shared", name: "a/b/c", size: 0, conflict });
    await peer.say({ kind: "commit", id: 2 + at, digest: EMPTY });
    assert.equal(await failure(peer, 2 + at), "exists", conflict);
  }
  await peer.say({ kind: "request", id: 6, room: "shared", name: "a/b" });
  assert.equal(await failure(peer, 6), "not_found");
  assert.equal(await sent(peer, 7, { name: "d/e/f" }), "d/e/f");
  assert.equal(await sent(peer, 8, { name: "d/e" }), "d/e (2)");
  assert.equal(await sent(peer, 9, { name: "d" }), "d (2)");
  await peer.say({ kind: "entry", id: 10, room: "shared", name: "d", size: 0, conflict: "fail" });
  await peer.say({ kind: "commit", id: 10, digest: EMPTY });
  assert.equal(await failure(peer, 10), "exists");
  for (const name of ["d", "d/e"]) {
    await peer.say({ kind: "request", id: name === "d" ? 20 : 21, room: "shared", name });
    assert.equal(await failure(peer, name === "d" ? 20 : 21), "not_found");
  }
  for (const name of ["a", "d", "d (2)"]) Deno.removeSync(`${room}/${name}`, { recursive: true });
  return [];
});

hostile("the same in the private room, where no answer tells of it", "greeted", async (
  peer,
  target,
) => {
  const room = `${target.root}/uploads`;
  const names = ["private.txt/x", "private.txt/x/y", "a", "a/b", "a/b/c", "A", "A/b"];
  for (const [at, name] of names.entries()) {
    assert.equal(await sent(peer, at + 1, { room: "private", name }), name);
  }
  assert.equal(Deno.readTextFileSync(`${room}/private.txt`), "private");
  for (const name of namesIn(room)) {
    if (name !== "private.txt") Deno.removeSync(`${room}/${name}`, { recursive: true });
  }
  return [];
});

/** A server that gives every file its name as bytes, and lists what it likes. */
function giving(names: readonly string[]): FakeServer {
  return new FakeServer(async (peer) => {
    await welcome(peer);
    for (let message = await peer.hear(); message !== undefined; message = await peer.hear()) {
      const { id } = message;
      if (message.kind === "list") {
        const items = names.map((name): Item => ({ name, size: 0, time: 0, tag: "t" }));
        await peer.say({ kind: "items", id, items, last: true });
      } else if (message.kind === "request") {
        if (/^\d+$/.test(message.name)) {
          await peer.say({ kind: "error", id, code: "not_found", message: "none" });
          continue;
        }
        await giveText(peer, id, { name: message.name, text: message.name });
      } else if (message.kind === "browse") {
        await peer.say({ kind: "error", id, code: "not_found", message: "none" });
      }
    }
  });
}

for (const verb of ["get", "fetch"] as const) {
  Deno.test(`hostile server: twins by their numbers, to ft ${verb}`, async () => {
    await using place = new Place();
    const twins = TWINS.filter(([how]) => Deno.build.os !== "windows" || !/end/.test(how));
    const names = [...new Set(twins.flatMap(([, first, second]) => [first, second]))];
    await using fake = giving(names);
    const ana = place.client("ana", fake.address);
    await done(ana, "list", verb === "get" ? "public" : "shared", "--plain");
    await done(ana, verb, ...names.map((_, at) => String(at + 1)), "--plain");
    // None of them took the place of another.
    assert.equal(namesIn(ana.path("downloads")).length, names.length);
  });

  Deno.test(`hostile server: names of one file and of folders there, to ft ${verb}`, async () => {
    await using place = new Place();
    const names = ["x/a", "y/a", "a", "taken/a", "taken", NFC, NFD, `${NFC}/a`];
    await using fake = giving(names);
    const ana = place.client("ana", fake.address);
    writeFile(ana.path("downloads/taken/mine.txt"), "mine");
    writeFile(ana.path(`downloads/${NFD}`), "by hand");
    await done(ana, "list", verb === "get" ? "public" : "shared", "--plain");
    const end = await ana.ft(verb, ...names.map((_, at) => String(at + 1)), "--plain");
    // The one in normal form D is no name.
    assert.equal(end.code, 6, end.stderr);
    const told = namesIn(ana.path("downloads")).map((name) => name.normalize("NFC"));
    const five = ["a", "a (2)", "a (3)", "a (4)", "a (5)"];
    assert.deepEqual(told.sort(), [...five, NFC, "caf\u00e9 (2).txt", "taken", "taken (2)"].sort());
    assert.equal(Deno.readTextFileSync(ana.path("downloads/taken/mine.txt")), "mine");
    assert.equal(Deno.readTextFileSync(ana.path(`downloads/${NFD}`)), "by hand");
  });
}
