/** Files that travel over several connections of one conversation, and what ends those. */
import assert from "node:assert/strict";
import { FtError } from "../src/error.ts";
import { VERBS } from "../src/session/access.ts";
import { Channel } from "../src/session/channel.ts";
import { digestSource } from "../src/session/chunk_reader.ts";
import { ServerSession } from "../src/session/server_session.ts";
import { FIRST_CHUNK_BYTES } from "../src/protocol/chunk.ts";
import { SIDE_CONNECTIONS } from "../src/protocol/limits.ts";
import type { Message, MessageOf } from "../src/protocol/message.ts";
import type { Receipt } from "../src/storage/store.ts";
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
 * A conversation whose main connection stands still, once it has begun to carry a file in a
 * direction, until the side connections have carried some chunks of it.
 */
function talkOver(
  world: World,
  direction: Direction,
  options: TalkOptions = {},
  onSide: (link: Link, at: number) => void = () => {},
): SidedTalk {
  const links: Link[] = [];
  let isHeld = false;
  const carried = () => links.reduce((sum, link) => sum + link.carried(direction), 0);
  const join = () => {
    const at = links.length;
    const link: Link = new Link({
      seed: seed + at,
      onCarried: () => {
        onSide(link, at);
        if (carried() > 6 * FIRST_CHUNK_BYTES) talk.link.thaw();
      },
    });
    links.push(link);
    return link;
  };
  const talk = world.talk({
    seed,
    ...options,
    join,
    onCarried: (way, bytes) => {
      options.onCarried?.(way, bytes);
      if (isHeld || way !== direction || bytes < FIRST_CHUNK_BYTES) return;
      isHeld = true;
      talk.link.freeze();
    },
  });
  return { ...talk, links };
}

function put(talk: Talk, source: MemorySource, name = "a"): Promise<Receipt> {
  return talk.client.upload({ room: "private", name, source, conflict: "rename" });
}

function get(world: World, talk: Talk): Promise<Receipt> {
  return talk.client.download({
    room: "public",
    name: "a",
    target: "a",
    store: world.downloads,
    conflict: "rename",
    origin: "server",
  });
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
  assert.equal((await get(world, down)).digest, digest);
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

/** Cuts the side connections one after the other, each within a chunk, and never the last. */
function cutting(direction: Direction): (link: Link, at: number) => void {
  return (link, at) => {
    if (at === 0) return;
    if (link.carried(direction) > (at + 1) * FIRST_CHUNK_BYTES / 4) link.cut();
  };
}

for (const direction of ["up", "down"] as const) {
  Deno.test(`sides: what a lost one did not bring comes by another, ${direction} (seed ${seed})`, async () => {
    await using world = new World();
    const bytes = random.bytes(SIZE);
    const digest = await digestSource(new MemorySource(bytes), "a");
    world.lay("public", "a", bytes);
    const talk = talkOver(world, direction, {}, cutting(direction));
    const moved = direction === "up" ? put(talk, new MemorySource(bytes)) : get(world, talk);
    assert.equal((await moved).digest, digest);
    const place = direction === "up" ? "private" : "downloads";
    assert.deepEqual(world.read(place, "a"), bytes);
    const failed = (await Promise.all([talk.client.close(), ...world.sides])).slice(1);
    assert.ok(failed.some((end) => end instanceof FtError && end.code === "lost"));
  });
}
