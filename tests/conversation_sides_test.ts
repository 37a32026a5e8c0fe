/** Files that travel over several connections of one conversation, and what ends those. */
import assert from "node:assert/strict";
import { FtError } from "../src/error.ts";
import { digestSource } from "../src/session/chunk_reader.ts";
import { FIRST_CHUNK_BYTES } from "../src/protocol/chunk.ts";
import { SIDE_CONNECTIONS } from "../src/protocol/limits.ts";
import type { Receipt } from "../src/storage/store.ts";
import { StreamStore } from "../src/storage/stream_store.ts";
import { MemorySource, type Talk, type TalkOptions, World } from "./conversation/world.ts";
import { type Direction, Link } from "./memory_connection.ts";
import { Random, seed } from "./random.ts";

const random = new Random(seed);
const SIZE = 24 * FIRST_CHUNK_BYTES + 7;

interface SidedTalk extends Talk {
  /** The side connections, in the order they were made. */
  readonly links: Link[];
}

/**
 * A conversation whose main connection stands still, once there is a side connection, until all of
 * those have carried some chunks in a direction.
 */
function talkOver(
  world: World,
  direction: Direction,
  options: TalkOptions = {},
  onSide: (link: Link, at: number) => void = () => {},
  some: number = options.compress === "on" ? 1 : 6,
): SidedTalk {
  const links: Link[] = [];
  const carried = () => links.reduce((sum, link) => sum + link.carried(direction), 0);
  const join = () => {
    const at = links.length;
    if (at === 0) talk.link.freeze();
    const link: Link = new Link({
      seed: seed + at,
      onCarried: () => {
        onSide(link, at);
        if (carried() > some * FIRST_CHUNK_BYTES) talk.link.thaw();
      },
    });
    links.push(link);
    return link;
  };
  const talk = world.talk({ seed, ...options, join });
  return { ...talk, links };
}

function put(talk: Talk, source: MemorySource, name = "a"): Promise<Receipt> {
  return talk.client.upload({ room: "private", name, source, conflict: "rename" });
}

Deno.test(`sides: a file travels over all of them, there and back (seed ${seed})`, async () => {
  await using world = new World();
  const up = talkOver(world, "up");
  const bytes = random.bytes(SIZE);
  const digest = await digestSource(new MemorySource(bytes), "a");
  assert.equal((await put(up, new MemorySource(bytes))).digest, digest);
  assert.deepEqual(world.read("private", "a"), bytes);
  assert.equal(up.links.length, SIDE_CONNECTIONS);

  world.lay("public", "a", bytes);
  const down = talkOver(world, "down");
  assert.equal((await world.download(down)).digest, digest);
  assert.deepEqual(world.read("downloads", "a"), bytes);
  // Those there are do for the next file.
  assert.equal((await put(down, new MemorySource(bytes), "b")).digest, digest);
  assert.equal(down.links.length, SIDE_CONNECTIONS);

  await up.client.close();
  await down.client.close();
  assert.deepEqual([await up.served, await down.served], [undefined, undefined]);
  const ends = await Promise.all(world.sides);
  assert.deepEqual(ends, new Array(2 * SIDE_CONNECTIONS).fill(undefined));
});

Deno.test(`sides: what shrinks travels so over all of them (seed ${seed})`, async () => {
  await using world = new World();
  const up = talkOver(world, "up", { compress: "on" });
  const bytes = random.text(SIZE);
  const { digest } = await put(up, new MemorySource(bytes));
  assert.equal(digest, await digestSource(new MemorySource(bytes), "a"));
  world.lay("public", "a", bytes);
  const down = talkOver(world, "down", { compress: "on" });
  assert.equal((await world.download(down)).digest, digest);
  const carried = [[up, "up"] as const, [down, "down"] as const].map(([{ link, links }, way]) =>
    [link, ...links].reduce((sum, one) => sum + one.carried(way), 0)
  );
  assert.ok(carried.every((count) => count < SIZE / 2), `${carried} of ${SIZE}`);
});

/** Cuts the side connections one after the other, each within a chunk, and never the last. */
function cutting(direction: Direction): (link: Link, at: number) => void {
  return (link, at) => {
    if (at === 0) return;
    if (link.carried(direction) > (at + 1) * FIRST_CHUNK_BYTES / 4) link.cut();
  };
}

Deno.test(`sides: those that are lost are made anew (seed ${seed})`, async () => {
  await using world = new World();
  const talk = talkOver(world, "up", {}, (link, at) => {
    const isOld = at < SIDE_CONNECTIONS;
    if (isOld && link.carried("up") > FIRST_CHUNK_BYTES) link.cut();
  });
  const bytes = random.bytes(2 * SIZE);
  await put(talk, new MemorySource(bytes));
  assert.deepEqual(world.read("private", "a"), bytes);
  assert.ok(talk.links.length > SIDE_CONNECTIONS, `${talk.links.length} were made`);
  assert.ok(talk.links.length <= 2 * SIDE_CONNECTIONS, `${talk.links.length} were made`);
});

for (const direction of ["up", "down"] as const) {
  Deno.test(`sides: what a lost one did not bring comes by another, ${direction} (seed ${seed})`, async () => {
    await using world = new World();
    const bytes = random.bytes(SIZE);
    const digest = await digestSource(new MemorySource(bytes), "a");
    world.lay("public", "a", bytes);
    const talk = talkOver(world, direction, {}, cutting(direction));
    const moved = direction === "up" ? put(talk, new MemorySource(bytes)) : world.download(talk);
    assert.equal((await moved).digest, digest);
    const place = direction === "up" ? "private" : "downloads";
    assert.deepEqual(world.read(place, "a"), bytes);
    const failed = (await Promise.all([talk.client.close(), ...world.sides])).slice(1);
    assert.ok(failed.some((end) => end instanceof FtError && end.code === "lost"));
  });
}

Deno.test(`sides: a small file comes by the main connection, whatever others there are (seed ${seed})`, async () => {
  await using world = new World();
  const talk = talkOver(world, "up");
  await put(talk, new MemorySource(random.bytes(SIZE)));
  const before = talk.links.map((link) => link.carried("up"));
  const small = random.bytes(FIRST_CHUNK_BYTES);
  for (const name of ["b", "c"]) await put(talk, new MemorySource(small), name);
  assert.deepEqual(world.read("private", "c"), small);
  assert.deepEqual(talk.links.map((link) => link.carried("up")), before);

  world.lay("public", "a", random.bytes(SIZE));
  await world.download(talk);
  const down = talk.links.map((link) => link.carried("down"));
  world.lay("public", "a", small);
  assert.equal((await world.download(talk)).name, "a (2)");
  assert.deepEqual(world.read("downloads", "a (2)"), small);
  assert.deepEqual(talk.links.map((link) => link.carried("down")), down);
  await talk.client.close();
  assert.deepEqual(await Promise.all(world.sides), talk.links.map(() => undefined));
});

Deno.test("sides: what need not travel makes none, nor what is too small for them", async () => {
  await using world = new World();
  const bytes = random.bytes(SIZE);
  const source = new MemorySource(bytes);
  const digest = await digestSource(source, "a");
  await put(world.talk(), source);
  const talk = talkOver(world, "up");
  const about = { room: "private", name: "a", source, conflict: "skip" } as const;
  assert.equal((await talk.client.upload(about)).outcome, "same");
  assert.equal(
    (await talk.client.upload({ ...about, conflict: "rename", digest })).outcome,
    "same",
  );
  await put(talk, new MemorySource(bytes.slice(0, 4 * FIRST_CHUNK_BYTES)), "b");
  assert.equal(talk.links.length, 0);
});

Deno.test(`sides: what is handed on as it comes makes none (seed ${seed})`, async () => {
  await using world = new World();
  const bytes = random.bytes(SIZE);
  world.lay("public", "a", bytes);
  const talk = talkOver(world, "down");
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  const store = new StreamStore({
    write: (piece) => Promise.resolve(void pieces.push(piece.slice())),
    close: () => Promise.resolve(),
  });
  await world.download(talk, { store });
  assert.deepEqual(await new Blob(pieces).bytes(), bytes);
  assert.equal(talk.links.length, 0);
});

for (const direction of ["up", "down"] as const) {
  Deno.test(`sides: the main connection is cut, and all that came is held, ${direction} (seed ${seed})`, async () => {
    await using world = new World();
    const bytes = random.bytes(SIZE);
    world.lay("public", "a", bytes);
    const cutOff = () => {
      // Of so many some have been answered, since each has two at most that are not.
      const carried = cut.links.reduce((sum, link) => sum + link.carried(direction), 0);
      if (carried >= (2 * SIDE_CONNECTIONS + 2) * FIRST_CHUNK_BYTES) cut.link.cut();
    };
    // The main connection stands still to the end, so the file is not complete before.
    const cut: SidedTalk = talkOver(world, direction, {}, cutOff, Infinity);
    const isUp = direction === "up";
    const upload = { room: "private", name: "a", conflict: "rename" } as const;
    const failed = isUp
      ? cut.client.upload({ ...upload, source: new MemorySource(bytes) })
      : world.download(cut);
    await assert.rejects(failed, { name: "FtError", code: "lost" });
    // They have ended with it, and what is held is there for another run.
    await Promise.all([cut.served, ...world.sides]);

    const again = world.talk({ run: "run 2" });
    let held = 0;
    const onReady = (bytes: number) => held = bytes;
    const source = new MemorySource(bytes);
    const receipt = await (isUp
      ? again.client.upload({ ...upload, source, onReady })
      : world.download(again, { onReady }));
    assert.equal(receipt.digest, await digestSource(new MemorySource(bytes), "a"));
    assert.deepEqual(world.read(isUp ? "private" : "downloads", "a"), bytes);
    assert(held >= FIRST_CHUNK_BYTES, `${held} were held`);
    const carried = again.link.carried(direction);
    assert(carried < SIZE - held + FIRST_CHUNK_BYTES, `${carried} bytes after ${held}`);
  });
}

Deno.test(`sides: a counted download comes over several and counts once (seed ${seed})`, async () => {
  await using world = new World();
  const bytes = random.bytes(SIZE);
  const source = new MemorySource(bytes);
  const terms = { downloads: 1 };
  await world.talk().client.upload({
    room: "shared",
    name: "a",
    source,
    conflict: "rename",
    terms,
  });
  const talk = talkOver(world, "down");
  await world.download(talk, { room: "shared" });
  assert.deepEqual(world.read("downloads", "a"), bytes);
  assert(talk.links.some((link) => link.carried("down") > FIRST_CHUNK_BYTES));
  await assert.rejects(world.download(talk, { room: "shared" }), {
    name: "FtError",
    code: "not_found",
  });
});
