/**
 * What is staged on a server, and where it is to go, swapped for something else before a transfer
 * goes on or while it runs. Deno has no openat: a swap is detected, whoever is faster than ft is
 * not kept from it.
 */
import assert from "node:assert/strict";
import type { Message } from "../../src/protocol/message.ts";
import { exists, namesIn, until, writeFile } from "../files.ts";
import { Outside, SECRET } from "./outside.ts";
import { answer, chunkOf, DIGEST, offer } from "./pieces.ts";
import type { RawPeer } from "./raw_peer.ts";
import { hostile, type Target } from "./target.ts";

const ANA = { owner: "ana's secret", run: "run 1" };
const ABOUT = { name: "a/b/mine.bin", source: "version 1" };

/** The one file of an ending that is staged. */
function staged(target: Target, ending: string): string {
  const folder = `${target.root}/.ft/staging`;
  const [name, ...more] = namesIn(folder).filter((name) => name.endsWith(ending));
  assert(name !== undefined && more.length === 0, `${namesIn(folder)}`);
  return `${folder}/${name}`;
}

/** What came of a transfer: its outcome or how it failed. */
async function outcome(peer: RawPeer): Promise<string> {
  const message = await answer(peer);
  return message.kind === "error" ? message.code : message.kind === "done" ? message.outcome : "";
}

/** Sends what is missing after what was heard of an offer, and COMMIT. */
async function complete(peer: RawPeer, id: number, heard: readonly Message[]): Promise<string> {
  const held = new Set<number>();
  for (const message of heard) {
    if (message.kind !== "held") continue;
    const count = message.digests.length / 32;
    for (let at = 0; at < count; at++) held.add(message.first + at);
  }
  for (const chunk of [0, 1, 2]) if (!held.has(chunk)) await peer.say(await chunkOf(id, chunk));
  await peer.say({ kind: "commit", id, digest: DIGEST });
  return await outcome(peer);
}

type Swap = (path: string, outside: Outside) => void;

/** Takes away what is at a path and has something else made there. */
const instead = (make: Swap): Swap => (path, outside) => {
  Deno.removeSync(path, { recursive: true });
  make(path, outside);
};

const pipe = (path: string) => {
  assert(new Deno.Command("mkfifo", { args: [path] }).outputSync().success);
};

const FILES: readonly (readonly [string, Swap])[] = [
  [
    "a link to a file outside",
    instead((path, outside) => Deno.symlinkSync(outside.at("secret.txt"), path)),
  ],
  ["a link to nothing yet", instead((path, outside) => Deno.symlinkSync(outside.at("made"), path))],
  ["a link to a folder outside", instead((path, outside) => Deno.symlinkSync(outside.path, path))],
  ["a link to itself", instead((path) => Deno.symlinkSync(path, path))],
  ["a link to a device", instead((path) => Deno.symlinkSync("/dev/zero", path))],
  ["a pipe", instead(pipe)],
  ["a folder with something in it", instead((path) => writeFile(`${path}/x`, "x"))],
];

/** An upload that was interrupted after its first two chunks; another connection goes on with it. */
function resumed(
  name: string,
  ending: string,
  swap: Swap,
  expected: readonly string[],
): void {
  hostile(name, "greeted", async (_, target) => {
    using outside = new Outside(target.outside("outside"));
    const first = await target.greeted(ANA);
    await offer(first, 1, ABOUT);
    for (const chunk of [0, 1]) await first.say(await chunkOf(1, chunk));
    await first.end();
    await first.ending();
    first.abort();
    swap(staged(target, ending), outside);
    const again = await target.greeted({ ...ANA, run: "run 2" });
    const heard = await offer(again, 1, ABOUT);
    const told: string[] = heard.map((message) =>
      message.kind === "error" ? message.code : message.kind
    );
    if (told.at(-1) === "ready") told.push(await complete(again, 1, heard));
    again.abort();
    assert.deepEqual(told, expected);
    outside.assertUntouched();
    const room = `${target.root}/shared_uploads`;
    assert.equal(exists(`${room}/a/b/mine.bin`), expected.at(-1) === "new");
    if (exists(`${room}/a`)) Deno.removeSync(`${room}/a`, { recursive: true });
    Deno.removeSync(`${target.root}/.ft/staging`, { recursive: true });
    return [];
  });
}

for (const [what, swap] of FILES) {
  resumed(`goes on with what was staged when it is ${what}`, ".part", swap, ["io"]);
  // The journal is made anew beside it and put in its place; a folder there stays.
  const isFolder = what.startsWith("a folder");
  resumed(
    `goes on with what was staged when its journal is ${what}`,
    ".journal",
    swap,
    isFolder ? ["io"] : ["ready", "new"],
  );
  resumed(
    `goes on with what was staged when its next journal is ${what}`,
    ".journal",
    (path, outside) => {
      Deno.removeSync(path);
      writeFile(`${path}.new`, "");
      swap(`${path}.new`, outside);
    },
    isFolder ? ["io"] : ["ready", "new"],
  );
}

resumed(
  "goes on with what was staged when it is a file outside under a second name",
  ".part",
  (path) => {
    Deno.removeSync(path);
    // Of its own, because it gets another link.
    writeFile(`${path}.of another's`, SECRET);
    Deno.linkSync(`${path}.of another's`, path);
  },
  ["ready", "new"],
);

resumed(
  "goes on with what was staged when its journal vouches for other bytes",
  ".part",
  (path) => {
    const { mtime } = Deno.lstatSync(path);
    assert(mtime instanceof Date);
    const file = Deno.openSync(path, { write: true });
    file.writeSync(new Uint8Array(1000));
    file.close();
    Deno.utimeSync(path, mtime, mtime);
  },
  ["held", "ready", "digest"],
);

resumed(
  "goes on with what was staged when its journal is noise",
  ".journal",
  (path) => Deno.writeTextFileSync(path, "\0\ufffd".repeat(10_000)),
  ["ready", "new"],
);

/** An upload that has sent everything but COMMIT when something is swapped. */
function held(
  name: string,
  swap: (target: Target, outside: Outside) => () => void,
  expected: string,
  appears?: string,
): void {
  for (const kind of ["file", "stream"] as const) {
    hostile(`${name} (a ${kind})`, "greeted", async (_, target) => {
      using outside = new Outside(target.outside("outside"));
      const peer = await target.greeted(ANA);
      await peer.say({
        kind: "entry",
        id: 1,
        room: "shared",
        ...ABOUT,
        ...(kind === "file" ? { size: 2 * 2 ** 20 + 100 } : {}),
      });
      await peer.expect("ready");
      for (const chunk of [0, 1, 2]) await peer.say(await chunkOf(1, chunk));
      await until("staged bytes", () => Deno.statSync(staged(target, ".part")).size > 2 * 2 ** 20);
      const undo = swap(target, outside);
      await peer.say({ kind: "commit", id: 1, digest: DIGEST });
      assert.equal(await outcome(peer), expected);
      undo();
      outside.assertUntouched();
      const room = `${target.root}/shared_uploads`;
      if (appears === undefined) {
        assert(!exists(`${room}/a/b/mine.bin`));
        if (exists(`${room}/a`)) Deno.removeSync(`${room}/a`, { recursive: true });
        if (kind === "file" && namesIn(`${target.root}/.ft/staging`).length === 2) {
          // Once all is in its place again, it goes on.
          const heard = await offer(peer, 2, ABOUT);
          assert.equal(await complete(peer, 2, heard), "new");
        }
      } else assert(Deno.lstatSync(`${room}/${appears}`).isFile);
      peer.abort();
      if (exists(`${room}/a`)) Deno.removeSync(`${room}/a`, { recursive: true });
      return [];
    });
  }
}

const shared = (target: Target, name: string) => `${target.root}/shared_uploads/${name}`;

held("its folder was made a link to outside while it sent", (target, outside) => {
  Deno.symlinkSync(outside.at("a"), shared(target, "a"));
  return () => Deno.removeSync(shared(target, "a"));
}, "exists");

held("the folder in its folder was made a link while it sent", (target, outside) => {
  Deno.mkdirSync(shared(target, "a"));
  Deno.symlinkSync(outside.at("a/b"), shared(target, "a/b"));
  return () => Deno.removeSync(shared(target, "a"), { recursive: true });
}, "exists");

held("its folder was made a link to a sibling room while it sent", (target) => {
  Deno.symlinkSync(`${target.root}/uploads`, shared(target, "a"));
  return () => Deno.removeSync(shared(target, "a"));
}, "exists");

held("its folder was made a file while it sent", (target) => {
  Deno.writeTextFileSync(shared(target, "a"), "");
  return () => Deno.removeSync(shared(target, "a"));
}, "exists");

held(
  "its name was given to a link while it sent",
  (target, outside) => {
    Deno.mkdirSync(shared(target, "a/b"), { recursive: true });
    Deno.symlinkSync(outside.at("secret.txt"), shared(target, "a/b/mine.bin"));
    return () => {};
  },
  "new",
  "a/b/mine (2).bin",
);

held(
  "its name was given to a folder while it sent",
  (target) => {
    Deno.mkdirSync(shared(target, "a/b/mine.bin/x"), { recursive: true });
    return () => {};
  },
  "new",
  "a/b/mine (2).bin",
);

for (
  const [what, path] of [
    ["the room", "root/shared_uploads"],
    ["the server's own folder", "root/.ft"],
    ["the staging folder", "root/.ft/staging"],
    ["the root", "root"],
  ] as const
) {
  held(`${what} was made a link while it sent`, (target, outside) => {
    const [place, aside] = [target.outside(path), target.outside("aside")];
    Deno.renameSync(place, aside);
    Deno.symlinkSync(outside.path, place);
    return () => {
      Deno.removeSync(place);
      Deno.renameSync(aside, place);
    };
  }, "io");
}

for (const [what, swap] of FILES) {
  held(`what it staged was made ${what} while it sent`, (target, outside) => {
    const path = staged(target, ".part");
    Deno.renameSync(path, target.outside("aside"));
    writeFile(path, "");
    swap(path, outside);
    return () => {
      // A stream that failed has taken away what was in its place.
      if (exists(path)) Deno.removeSync(path, { recursive: true });
      Deno.renameSync(target.outside("aside"), path);
      if (!exists(path.replace(/part$/, "journal"))) Deno.removeSync(path);
    };
  }, "io");
}

held("what it staged was made another file while it sent", (target) => {
  const path = staged(target, ".part");
  Deno.renameSync(path, target.outside("aside"));
  writeFile(path, SECRET);
  return () => Deno.renameSync(target.outside("aside"), path);
}, "io");

held("what it staged was removed while it sent", (target) => {
  Deno.removeSync(staged(target, ".part"));
  return () => {};
}, "io");
