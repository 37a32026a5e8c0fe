/**
 * What a room has, as lists show it.
 *
 * @module
 */
import { findInside } from "./confine.ts";
import type { TreeListing } from "./tree_listing.ts";
import { storageFailure } from "./failure.ts";
import { type FileRecord, holds } from "./file_record.ts";
import type { Records } from "./records.ts";
import { itemOf } from "./shared_room.ts";
import { isOver } from "./shares.ts";
import type { Item, Room, View } from "./store.ts";
import { filesBelow } from "./walk.ts";

/** Entries looked at before other work gets a turn. */
const TURN_ENTRIES = 500;

/** The files of a room whose folder is `root`. What is over is not among them. */
export async function* roomItems(
  room: Room,
  root: string,
  records: Records | undefined,
  view: View | undefined,
  trees: TreeListing,
): AsyncGenerator<Item> {
  try {
    const shares = room === "shared" ? records?.shares : undefined;
    const now = Date.now();
    let looked = 0;
    for (const { name, info, row, requested } of entries(room, root, records, view)) {
      if (++looked % TURN_ENTRIES === 0) await new Promise<void>((turn) => setImmediate(turn));
      if (trees.takes(name, info)) continue;
      const share = row && shares?.get(row.name, row.ino);
      if (share !== undefined && isOver(share, now)) continue;
      const item = itemOf(name, info, { row, share, view });
      // Its owner knows it by the name it was sent under, which is not told otherwise.
      yield requested === undefined || !view?.blind ? item : { ...item, name: requested };
    }
    yield* trees.items();
  } catch (thrown) {
    throw storageFailure(thrown, `list the ${room} room`);
  }
}

/** A file of a room, and what is known of it; the name it was sent under where that is asked for. */
interface Entry {
  readonly name: string;
  readonly info: Deno.FileInfo;
  readonly row: FileRecord | undefined;
  readonly requested?: string;
}

/** The regular files of a room, each with the record of what was sent as it. */
function* entries(
  room: Room,
  root: string,
  records: Records | undefined,
  view: View | undefined,
): Generator<Entry> {
  if (view?.mine) {
    for (const row of records?.owned(view.owner, room) ?? []) {
      const info = findInside(root, row.name)?.info;
      if (info !== undefined && holds(row, info)) {
        yield { name: row.name, info, row, requested: row.requested };
      }
    }
    return;
  }
  for (const { name, info } of filesBelow(root)) {
    if (info === undefined) continue;
    // One by one: all rows of a room at once cost twice the memory, and hold up everybody.
    const row = records?.get(room, name, info);
    yield { name, info, row: row?.owner === "" ? undefined : row };
  }
}
