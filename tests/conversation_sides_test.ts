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
import { Link, type LinkOptions } from "./memory_connection.ts";
import { Random, seed } from "./random.ts";

const random = new Random(seed);
const SIZE = 24 * FIRST_CHUNK_BYTES + 7;

/** A conversation of which each side connection is one of the links it lists. */
function talkOver(
  world: World,
  options: TalkOptions = {},
  link: (at: number) => LinkOptions = () => ({ seed }),
): Talk & { readonly links: Link[] } {
  const links: Link[] = [];
  const join = () => {
    const made = new Link(link(links.length));
    links.push(made);
    return made;
  };
  return { ...world.talk({ seed, ...options, join }), links };
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
  const talk = talkOver(world);
  const bytes = random.bytes(SIZE);
  const digest = await digestSource(new MemorySource(bytes), "a");
  assert.equal((await put(talk, new MemorySource(bytes))).digest, digest);
  assert.deepEqual(world.read("private", "a"), bytes);
  assert.equal(talk.links.length, SIDE_CONNECTIONS);
  for (const link of talk.links) assert.ok(link.carried("up") > FIRST_CHUNK_BYTES);

  world.lay("public", "a", bytes);
  assert.equal((await get(world, talk)).digest, digest);
  assert.deepEqual(world.read("downloads", "a"), bytes);
  // Those there are do for the next file.
  assert.equal(talk.links.length, SIDE_CONNECTIONS);
  for (const link of talk.links) assert.ok(link.carried("down") > FIRST_CHUNK_BYTES);

  await talk.client.close();
  assert.equal(await talk.served, undefined);
  assert.deepEqual(await Promise.all(world.sides), talk.links.map(() => undefined));
});
