/**
 * What a room has, as lists show it: oldest first.
 *
 * @module
 */
import { findInside } from "./confine.ts";
import { readFailure } from "./failure.ts";
import { holds } from "./file_record.ts";
import type { Records } from "./records.ts";
import { byAge, RoomIndex, turn, TURN_FILES } from "./room_index.ts";
import { itemOf } from "./shared_room.ts";
import { isOver } from "./shares.ts";
import type { Item, Room, View } from "./store.ts";
import type { TreeListing } from "./tree_listing.ts";
import { filesBelow } from "./walk.ts";

/** Most files of a room that are known between lists: about 45 MB. */
const KEPT_FILES = 131_072;

/** What makes the lists of rooms. */
export class RoomItems {
  readonly #records: Records | undefined;
  readonly #now: () => number;
  readonly #kept = new Map<Room, RoomIndex>();

  constructor(records: Records | undefined, now: () => number = Date.now) {
    this.#records = records;
    this.#now = now;
  }

  /**
   * What `view` may see of a room whose folder is `root`, page by page. What is over is not among
   * it. A file whose time went back since the last list comes late.
   */
  async *pages(
    room: Room,
    root: string,
    view: View | undefined,
    trees: TreeListing,
  ): AsyncGenerator<readonly Item[]> {
    try {
      if (view?.mine) yield await ownItems(room, root, this.#records, view, trees);
      else yield* this.#all(room, root, view, trees);
    } catch (thrown) {
      throw readFailure(thrown, `list the ${room} room`);
    }
  }

  async *#all(
    room: Room,
    root: string,
    view: View | undefined,
    trees: TreeListing,
  ): AsyncGenerator<readonly Item[]> {
    const index = this.#kept.get(room) ?? new RoomIndex(room, root, this.#records, this.#now);
    // Lists that are made at once share what they learn, however much that is.
    this.#kept.set(room, index);
    const began = index.files.round;
    const { files, times } = await index.refresh((name) => trees.has(name));
    if (files.length > KEPT_FILES) this.#kept.delete(room);
    const folders = trees.trees.sort(byAge);
    // What was looked at and has its place further on.
    let late: Item[] = [];
    for (let at = 0; at < files.length || folders.length > 0; at += TURN_FILES) {
      const next = files[at + TURN_FILES];
      let bound = { time: times[at + TURN_FILES] ?? Infinity, name: next?.item.name ?? "" };
      for (const { item, owner } of index.files.look(files.slice(at, at + TURN_FILES), began)) {
        late.push(owner !== "" && owner === view?.owner ? { ...item, mine: true } : item);
      }
      for (let looked = 0; folders[0] !== undefined && byAge(folders[0], bound) < 0;) {
        if (looked > TURN_FILES) bound = folders[0];
        else {
          const item = await treeItem(root, folders[0].name, trees);
          if (item !== undefined) late.push(item);
          looked += 1 + (item?.files ?? 0);
          folders.shift();
        }
      }
      late.sort(byAge);
      const now = this.#now();
      const end = late.findIndex((item) => byAge(item, bound) >= 0);
      const due = end < 0 ? late : late.slice(0, end);
      late = end < 0 ? [] : late.slice(end);
      yield due.filter((item) => !hasEnded(item, now));
      await turn();
    }
  }
}

/** A tree as an item. Its files are looked at one by one: of them nothing is known but the sum. */
async function treeItem(
  root: string,
  name: string,
  trees: TreeListing,
): Promise<Item | undefined> {
  const path = findInside(root, name)?.path;
  if (path === undefined) return undefined;
  let looked = 0;
  if (!trees.isInner(name)) {
    for (const { name: inner, info } of filesBelow(path, `${name}/`)) {
      if (info !== undefined) trees.takes(inner, info);
      if (++looked % TURN_FILES === 0) await turn();
    }
  }
  return trees.item(name);
}

/** Whether something is to be seen no more. */
function hasEnded({ expires, downloads }: Item, now: number): boolean {
  return isOver({ expires: expires ?? null, downloads: downloads ?? null }, now);
}

/** What an owner sent into a room and is there still, by the names it was sent under if it is blind. */
async function ownItems(
  room: Room,
  root: string,
  records: Records | undefined,
  view: View,
  trees: TreeListing,
): Promise<Item[]> {
  const items: Item[] = [];
  const shares = room === "shared" ? records?.shares : undefined;
  const now = Date.now();
  let looked = 0;
  for (const row of records?.owned(view.owner, room) ?? []) {
    if (++looked % TURN_FILES === 0) await turn();
    const info = findInside(root, row.name)?.info;
    if (info === undefined || !holds(row, info) || trees.takes(row.name, info)) continue;
    const share = shares?.get(row.name, row.ino);
    if (share !== undefined && isOver(share, now)) continue;
    const item = itemOf(row.name, info, { row, share, view });
    items.push(view.blind ? { ...item, name: row.requested } : item);
  }
  for (const { name } of trees.trees) {
    const item = trees.item(name);
    if (item !== undefined) items.push(item);
  }
  return items.sort(byAge);
}
