/** Links, pipes, sockets and devices where a server looks for files and folders. */
import assert from "node:assert/strict";
import { Outside } from "./outside.ts";
import { failure, offer, refusal, sendEmpty } from "./pieces.ts";
import type { RawPeer } from "./raw_peer.ts";
import { hostile, type Target } from "./target.ts";

/** Makes what has no call of its own; false where that is not allowed. */
function made(command: string, ...args: readonly string[]): boolean {
  try {
    const { success } = new Deno.Command(command, { args: [...args], stderr: "null" }).outputSync();
    return success;
  } catch {
    return false;
  }
}

/** Puts something at a path; what it returns is closed at the end. */
type Plant = (path: string, outside: Outside, target: Target) => Disposable | void;

const THINGS: readonly (readonly [string, Plant])[] = [
  ["a link to a file outside", (path, outside) => Deno.symlinkSync(outside.at("secret.txt"), path)],
  ["a link to a folder outside", (path, outside) => Deno.symlinkSync(outside.path, path)],
  ["a relative link out of the root", (path) => Deno.symlinkSync("../../outside/a", path)],
  ["a link to nothing yet", (path, outside) => Deno.symlinkSync(outside.at("made"), path)],
  ["a link to itself", (path) => Deno.symlinkSync(path, path)],
  ["a link to the private room", (path, _, { root }) => Deno.symlinkSync(`${root}/uploads`, path)],
  [
    "a link to a private file",
    (path, _, { root }) => Deno.symlinkSync(`${root}/uploads/private.txt`, path),
  ],
  [
    "a link to the server's own folder",
    (path, _, { root }) => Deno.symlinkSync(`${root}/.ft`, path),
  ],
  [
    "a link to the records",
    (path, _, { root }) => Deno.symlinkSync(`${root}/.ft/records.db`, path),
  ],
  ["a link to a device without an end", (path) => Deno.symlinkSync("/dev/zero", path)],
  ["a pipe", (path) => void made("mkfifo", path)],
  // Where no device may be made it is one more pipe.
  ["a device", (path) => void (made("mknod", path, "c", "1", "5") || made("mkfifo", path))],
  ["a socket", (path) => {
    const listener = Deno.listen({ transport: "unix", path });
    return { [Symbol.dispose]: () => listener.close() };
  }],
];

/** A test with something planted as `thing.txt` in a room while the server runs. */
function planted(
  name: string,
  room: string,
  plant: Plant,
  act: (peer: RawPeer, target: Target) => Promise<void>,
): void {
  hostile(name, "greeted", async (peer, target) => {
    using outside = new Outside(target.outside("outside"));
    const path = `${target.root}/${room}/thing.txt`;
    using _planted = plant(path, outside, target) ?? undefined;
    const before = Deno.lstatSync(path);
    await act(peer, target);
    const { ino, mtime } = Deno.lstatSync(path);
    assert.deepEqual([ino, mtime], [before.ino, before.mtime], "what was planted changed");
    Deno.removeSync(path);
    outside.assertUntouched();
    return [];
  });
}

for (const [what, plant] of THINGS) {
  for (
    const [room, folder] of [["public", "shared_files"], ["shared", "shared_uploads"]] as const
  ) {
    planted(`takes ${what} out of the ${room} room`, folder, plant, async (peer) => {
      const names = ["thing.txt", "thing.txt/secret.txt", "thing.txt/b/secret.txt", "thing.txt/x"];
      for (const [at, name] of names.entries()) {
        assert.equal(await refusal(peer, at + 1, room, name), "not_found", name);
      }
      await peer.say({ kind: "list", id: 10, room });
      const { items } = await peer.expect("items");
      assert(items.every(({ name }) => !name.startsWith("thing")), JSON.stringify(items));
    });
  }

  planted(`sends to ${what} in the shared room`, "shared_uploads", plant, async (peer, target) => {
    const name = "thing.txt";
    let id = 0;
    for (const conflict of ["overwrite", "fail", "skip"] as const) {
      const told = await sendEmpty(peer, ++id, { name, conflict });
      const heard = told.kind === "error" ? told.code : told.kind === "done" && told.outcome;
      assert.equal(heard, { overwrite: "denied", fail: "exists", skip: "skipped" }[conflict]);
    }
    const told = await sendEmpty(peer, ++id, { name });
    assert.equal(told.kind === "done" && told.name, "thing (2).txt");
    Deno.removeSync(`${target.root}/shared_uploads/thing (2).txt`);
    for (const name of ["thing.txt/evil", "thing.txt/folder/evil", "thing.txt/new/evil"]) {
      await sendEmpty(peer, ++id, { name }).then((told) =>
        assert.equal(told.kind === "error" && told.code, "exists", name)
      );
    }
  });

  planted(`sends to ${what} in the private room`, "uploads", plant, async (peer, target) => {
    const uploads = `${target.root}/uploads`;
    for (const [at, conflict] of (["rename", "overwrite", "fail", "skip"] as const).entries()) {
      // No answer tells that there is anything.
      const told = await sendEmpty(peer, 2 * at + 1, {
        room: "private",
        name: "thing.txt",
        conflict,
      });
      assert.equal(told.kind === "done" && told.outcome, "new", JSON.stringify(told));
      const below = { room: "private", name: "thing.txt/secret.txt", conflict } as const;
      assert.equal((await sendEmpty(peer, 2 * at + 2, below)).kind, "done");
      for (const { name } of Deno.readDirSync(uploads)) {
        const isPlanted = name === "thing.txt" || name === "private.txt";
        if (!isPlanted) Deno.removeSync(`${uploads}/${name}`, { recursive: true });
      }
    }
  });
}

/** What the folder that a link leads to has, so that every path below it leads somewhere. */
const ROOMS = ["uploads", "shared_files", "shared_uploads"];

/** Folders of a running server that are replaced by links, and who then hears of it. */
const SWAPPED:
  readonly (readonly [string, string, readonly ("private" | "shared" | "public")[]])[] = [
    ["the shared room", "root/shared_uploads", ["shared"]],
    ["the public room", "root/shared_files", ["public"]],
    ["the private room", "root/uploads", ["private"]],
    ["its own folder", "root/.ft", ["private", "shared"]],
    ["its staging", "root/.ft/staging", ["private", "shared"]],
    ["its root", "root", ["private", "shared", "public"]],
  ];

/** Everything that a client can ask of a room; tells how each was refused. */
async function refusals(
  peer: RawPeer,
  from: number,
  room: "private" | "shared" | "public",
): Promise<string[]> {
  if (room === "public") {
    const first = await refusal(peer, from, room, "secret.txt");
    await peer.say({ kind: "list", id: from + 1, room });
    return [first, await failure(peer, from + 1)];
  }
  const small = await sendEmpty(peer, from, { room, name: "evil" });
  const [big] = await offer(peer, from + 1, { room, name: "a/b/big" });
  return [small, big].map((told) => told?.kind === "error" ? told.code : `${told?.kind}`);
}

for (const [what, path, rooms] of SWAPPED) {
  hostile(
    `finds ${what} replaced by a link while the server runs`,
    "greeted",
    async (peer, target) => {
      const place = target.outside(path);
      const aside = target.outside("aside");
      Deno.mkdirSync(place, { recursive: true });
      {
        using outside = new Outside(target.outside("outside"), ROOMS);
        Deno.renameSync(place, aside);
        Deno.symlinkSync(outside.path, place);
        try {
          for (const [at, room] of rooms.entries()) {
            assert.deepEqual(await refusals(peer, 10 * at + 1, room), ["io", "io"], room);
          }
          outside.assertUntouched();
        } finally {
          Deno.removeSync(place);
          Deno.renameSync(aside, place);
        }
      }
      return [];
    },
  );
}
