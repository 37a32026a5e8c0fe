/**
 * Names made of what has led out of folders elsewhere, in every encoding, both ways: whatever is
 * said, what is written lies below the room under the very name, and nothing else is read.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { FRAME_TYPES, type Item } from "../../src/protocol/message.ts";
import { nameFault } from "../../src/name.ts";
import { namesIn } from "../files.ts";
import { done, Place } from "../process.ts";
import { seed } from "../random.ts";
import { FakeServer, welcome } from "./fake_server.ts";
import { Outside, SECRET } from "./outside.ts";
import { answer, EMPTY, giveText } from "./pieces.ts";
import type { RawPeer } from "./raw_peer.ts";
import { hostile, type Target } from "./target.ts";

const MOVES = [
  "..",
  ".",
  "",
  "...",
  "....",
  ".. ",
  "..;",
  "..\0",
  "%2e%2e",
  "%2E%2e",
  "%252e%252e",
  "%c0%ae%c0%ae",
  "%uff0e%uff0e",
  "..%c0%af",
  "..%2f",
  "..%5c",
  "..\\",
  "\\..",
  "\uff0e\uff0e",
  "\u2024\u2024",
  "\u2025",
  ".\u200b.",
  ".\u00ad.",
  ".ft",
  ".FT",
  ".f\u200dt",
  "~",
  "C:",
  "file:",
  "CON",
  "a",
  "secret.txt",
  "outside",
  "uploads",
  "private.txt",
  "shared_uploads",
  "etc",
  "passwd",
];
const SEPARATORS = ["/", "/", "/", "//", "\\", "\u2215", "\uff0f", "\u2044", "%2f", "%5c", "/./"];

/** Paths of segments and separators that somebody hopes will be read in another way. */
const paths = fc.array(fc.tuple(fc.constantFrom(...MOVES), fc.constantFrom(...SEPARATORS)), {
  minLength: 1,
  maxLength: 6,
}).map((parts) => parts.flat().slice(0, -1).join(""));

/** As JSON, each character as itself or as an escape. */
const spellings = fc.tuple(paths, fc.infiniteStream(fc.boolean())).map(([path, coins]) => {
  const units = Array.from({ length: path.length }, (_, at) => path.charCodeAt(at));
  const spelled = units.map((unit) => {
    const escape = coins.next().value || unit < 0x20 || unit === 0x22 || unit === 0x5c;
    return escape ? `\\u${unit.toString(16).padStart(4, "0")}` : String.fromCharCode(unit);
  });
  return { path, json: `"${spelled.join("")}"` };
});

/** Where a path leads, as the system itself sees it; undefined where it leads nowhere. */
function resolved(path: string): string | undefined {
  try {
    return Deno.realPathSync(path);
  } catch {
    return undefined;
  }
}

const RUNS = { seed, numRuns: 300 };

/** Offers an empty file under a name, as it is spelled; asserts what comes of it. */
async function send(
  peer: RawPeer,
  target: Target,
  { id, path, json }: { id: number; path: string; json: string },
): Promise<void> {
  await peer.frame(FRAME_TYPES.entry, id, `{"room":"shared","size":0,"name":${json}}`);
  await peer.say({ kind: "commit", id, digest: EMPTY });
  const told = await answer(peer);
  const room = `${target.root}/shared_uploads`;
  if (nameFault(path) !== undefined) {
    assert.equal(told.kind === "error" && told.code, "bad_name", path);
    return;
  }
  // It may be in the way of another that came before it.
  if (told.kind === "error") return assert.equal(told.code, "exists", path);
  assert.equal(told.kind, "done", JSON.stringify(told));
  assert(told.kind === "done");
  assert.equal(resolved(`${room}/${told.name}`), `${room}/${told.name}`);
  const first = told.name.split("/")[0];
  if (first !== "theirs.txt") Deno.removeSync(`${room}/${first}`, { recursive: true });
}

hostile(`shares under paths that lead out (seed ${seed})`, "greeted", async (peer, target) => {
  let id = 0;
  await fc.assert(
    fc.asyncProperty(spellings, async (spelling) => {
      await send(peer, target, { id: ++id, ...spelling });
      target.assertUntouched();
    }),
    RUNS,
  );
  return [];
});

hostile(`puts under paths that lead out (seed ${seed})`, "greeted", async (peer, target) => {
  let id = 0;
  const room = `${target.root}/uploads`;
  await fc.assert(
    fc.asyncProperty(spellings, async ({ path, json }) => {
      await peer.frame(FRAME_TYPES.entry, ++id, `{"room":"private","size":0,"name":${json}}`);
      await peer.say({ kind: "commit", id, digest: EMPTY });
      const told = await answer(peer);
      const heard = told.kind === "error" ? told.code : told.kind === "done" && told.name;
      assert.equal(heard, nameFault(path) === undefined ? path : "bad_name");
      for (const name of namesIn(room)) {
        if (name !== "private.txt") Deno.removeSync(`${room}/${name}`, { recursive: true });
      }
      target.assertUntouched();
    }),
    RUNS,
  );
  return [];
});

for (const room of ["public", "shared"] as const) {
  hostile(`asks the ${room} room for paths that lead out (seed ${seed})`, "greeted", async (
    peer,
    target,
  ) => {
    using outside = new Outside(target.outside("outside"));
    let id = 0;
    await fc.assert(
      fc.asyncProperty(spellings, async ({ path, json }) => {
        await peer.frame(FRAME_TYPES.request, ++id, `{"room":"${room}","name":${json}}`);
        const told = await answer(peer);
        const code = nameFault(path) === undefined ? "not_found" : "bad_name";
        assert.equal(told.kind === "error" && told.code, code, path);
      }),
      RUNS,
    );
    outside.assertUntouched();
    return [];
  });
}

/** Bytes in the place of a name that are no UTF-8, or the same character in more bytes. */
const OVERLONG: readonly (readonly [string, readonly number[]])[] = [
  ["dots in two bytes", [0xc0, 0xae, 0xc0, 0xae, 0x2f, 0x78]],
  ["a slash in two bytes", [0x2e, 0x2e, 0xc0, 0xaf, 0x78]],
  ["a slash in three bytes", [0x2e, 0x2e, 0xe0, 0x80, 0xaf, 0x78]],
  ["a slash in four bytes", [0x2e, 0x2e, 0xf0, 0x80, 0x80, 0xaf, 0x78]],
  ["a backslash in two bytes", [0x2e, 0x2e, 0xc1, 0x9c, 0x78]],
  ["a quote in two bytes", [0x61, 0xc0, 0xa2, 0x2c]],
  ["NUL in two bytes", [0x61, 0xc0, 0x80]],
  ["half a character", [0x61, 0xc3]],
  ["half of a pair in three bytes", [0x61, 0xed, 0xa0, 0x80]],
  ["a pair in six bytes", [0x61, 0xed, 0xa0, 0xbd, 0xed, 0xb2, 0xa9]],
  ["a character past the last", [0x61, 0xf4, 0x90, 0x80, 0x80]],
  ["a byte that is none", [0x2e, 0x2e, 0xff, 0x2f]],
  ["a raw NUL", [0x61, 0x00, 0x62]],
  ["a raw line end", [0x61, 0x0a, 0x62]],
];

for (const [what, bytes] of OVERLONG) {
  for (const type of ["entry", "request"] as const) {
    hostile(`${type.toUpperCase()} with ${what} in its name`, "greeted", async (peer) => {
      const text = new TextEncoder();
      const payload = new Uint8Array([
        ...text.encode('{"room":"shared","size":0,"name":"'),
        ...bytes,
        ...text.encode('"}'),
      ]);
      await peer.frame(FRAME_TYPES[type], 1, payload);
      assert.equal(await peer.ending(), "protocol");
      return ["protocol"];
    });
  }
}

Deno.test(`hostile server: a list of paths that lead out, taken by number (seed ${seed})`, async () => {
  await using place = new Place();
  using outside = new Outside(`${place.path}/outside`);
  // A list has each name once. With a slash at its end it is that of a folder.
  const folders = ["../", "a/../", "./", "/", "outside/"];
  const names = [...new Set([...fc.sample(paths, { seed, numRuns: 60 }), ...folders])];
  const asked: string[] = [];
  await using fake = new FakeServer(async (peer) => {
    await welcome(peer);
    for (let message = await peer.hear(); message !== undefined; message = await peer.hear()) {
      const { id } = message;
      if (message.kind === "list") {
        const items = names.map((name): Item => ({ name, size: 5, time: 0, tag: "t" }));
        await peer.say({ kind: "items", id, items, last: true });
      } else if (message.kind === "request") {
        asked.push(message.name);
        if (/^[0-9]+$/.test(message.name)) {
          await peer.say({ kind: "error", id, code: "not_found", message: "none" });
          continue;
        }
        // Says that it is called something else, where it is in fact to be written.
        await giveText(peer, id, { name: "../../outside/secret.txt", text: message.name });
      } else if (message.kind === "browse") {
        asked.push(message.name);
        await peer.say({ kind: "error", id, code: "not_found", message: "none" });
      }
    }
  });
  const ana = place.client("ana", fake.address);
  await done(ana, "list", "shared", "--plain");
  const numbers = names.map((_, at) => String(at + 1));
  const end = await ana.ft("fetch", ...numbers, "--plain", "--retries", "0");
  const bare = names.map((name) => name.replace(/(?<=.)\/+$/, ""));
  const good = bare.filter((name) => nameFault(name) === undefined);
  assert.equal(end.code, 6, end.stderr);
  // It only asks for what is a name, and writes each under its last part alone.
  const wanted = asked.filter((name) => !/^[0-9]+$/.test(name));
  assert.deepEqual(wanted.sort(), [...good].sort());
  const written = namesIn(ana.path("downloads"));
  for (const name of written) {
    const path = ana.path(`downloads/${name}`);
    assert.equal(Deno.realPathSync(path), path);
    const asked = Deno.readTextFileSync(path);
    assert(good.includes(asked), asked);
    assert(asked.endsWith(name.replace(/ \(\d+\)/, "")), name);
  }
  assert.equal(written.length, names.filter((name) => nameFault(name) === undefined).length);
  assert.deepEqual(namesIn(ana.folder), ["downloads"]);
  assert.equal(Deno.readTextFileSync(outside.at("secret.txt")), SECRET);
  outside.assertUntouched();
});

Deno.test(`hostile server: receipts that name paths that lead out (seed ${seed})`, async () => {
  await using place = new Place();
  using outside = new Outside(`${place.path}/outside`);
  const names = fc.sample(paths, { seed, numRuns: 40 });
  let at = 0;
  await using fake = new FakeServer(async (peer) => {
    await welcome(peer);
    for (let message = await peer.hear(); message !== undefined; message = await peer.hear()) {
      if (message.kind !== "commit") continue;
      const { id, digest } = message;
      const name = names[at++ % names.length] ?? "";
      await peer.say({ kind: "done", id, name, digest, outcome: "new" });
    }
  });
  const ana = place.client("ana", fake.address);
  const mine = names.map((_, at) => `${at}.txt`);
  for (const name of mine) ana.write(name, name);
  const end = await done(ana, "share", ...mine, "--plain");
  // deno-lint-ignore no-control-regex -- they are what is looked for
  assert.doesNotMatch(end.stdout + end.stderr, /[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
  assert.deepEqual(namesIn(ana.folder), [...mine].sort());
  for (const name of mine) assert.equal(Deno.readTextFileSync(ana.path(name)), name);
  outside.assertUntouched();
});
