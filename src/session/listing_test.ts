import assert from "node:assert/strict";
import { RawPeer } from "../../tests/hostile/raw_peer.ts";
import { Link } from "../../tests/memory_connection.ts";
import { NAME_BYTES } from "../name.ts";
import { LIST_ITEMS, NOTE_UNITS, ROOM_CHARACTERS, ROOM_ITEMS } from "../protocol/limits.ts";
import type { Item } from "../storage/store.ts";
import { Channel } from "./channel.ts";
import { Listing } from "./listing.ts";

const SMALL: Item = { name: "a", size: 1, time: 0, tag: "t" };
const LARGE: Item = {
  ...SMALL,
  name: "n".repeat(NAME_BYTES),
  tag: "t".repeat(128),
  who: "w".repeat(64),
  note: "e".repeat(NOTE_UNITS),
  secret: "s".repeat(32),
};
const LARGE_UNITS = NAME_BYTES + 128 + 64 + NOTE_UNITS + 32;

for (
  const [what, item, most] of [
    ["items", SMALL, ROOM_ITEMS],
    ["words", LARGE, Math.floor(ROOM_CHARACTERS / LARGE_UNITS)],
  ] as const
) {
  Deno.test(`Listing takes as many ${what} as a room may have, and calls off what has more`, async () => {
    const link = new Link();
    const channel = new Channel(link.client, { side: "client" });
    const running = channel.run(() => {});
    let taken = 0;
    const listing = new Listing(channel, 1, { room: "shared" }, (items) => taken += items.length);
    const run = listing.run();
    run.catch(() => {});
    const say = (count: number) => {
      return listing.handle({ kind: "items", id: 1, items: Array(count).fill(item), last: false });
    };
    for (let left = most; left > 0; left -= LIST_ITEMS) await say(Math.min(left, LIST_ITEMS));
    assert.equal(taken, most);
    await say(1);
    await assert.rejects(run, { code: "limit" });
    assert.equal(taken, most);
    const peer = new RawPeer(link.server);
    await peer.preamble();
    await peer.expect("list");
    const { id, code } = await peer.expect("error");
    assert.deepEqual([id, code], [1, "limit"]);
    await peer.end();
    await running;
    channel.close();
  });
}
