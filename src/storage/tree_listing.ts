import { findInside } from "./confine.ts";
import type { Records } from "./records.ts";
import { termsIn } from "./shared_room.ts";
import { isOver, type ShareRecord } from "./shares.ts";
import type { Item, Room, View } from "./store.ts";
import type { TreeRecord } from "./trees.ts";

/** A tree, and what was counted of it. */
interface Listed {
  readonly tree: TreeRecord;
  readonly share: ShareRecord | undefined;
  files: number;
  bytes: number;
}

/** Gathers what a list says of trees from the files that are in them. */
export class TreeListing {
  readonly #trees = new Map<string, Listed>();
  readonly #view: View | undefined;
  readonly #missing: (name: string) => number;

  constructor(room: Room, root: string, records: Records | undefined, view: View | undefined) {
    this.#view = view;
    this.#missing = (name) => records?.trees.missing(room, name) ?? 0;
    for (const tree of records?.trees.room(room) ?? []) {
      // A folder that was removed by hand is dropped quietly.
      const info = findInside(root, tree.name)?.info;
      if (!info?.isDirectory) continue;
      const share = room === "shared"
        ? records?.shares.get(tree.name, String(info.ino))
        : undefined;
      this.#trees.set(tree.name, { tree, share, files: 0, bytes: 0 });
    }
  }

  /** Whether a file is in one of the trees, whose it then counts for. */
  takes(name: string, { size }: Deno.FileInfo): boolean {
    if (this.#trees.size === 0) return false;
    for (let end = name.indexOf("/"); end > 0; end = name.indexOf("/", end + 1)) {
      const listed = this.#trees.get(name.slice(0, end));
      if (listed === undefined) continue;
      listed.files++;
      listed.bytes += size;
      return true;
    }
    return false;
  }

  /** The trees as items, once all files were looked at. */
  *items(): Generator<Item> {
    const { owner, mine, blind } = this.#view ?? {};
    const now = Date.now();
    for (const { tree, share, files, bytes } of this.#trees.values()) {
      const isMine = tree.owner === owner;
      if (mine ? !isMine : tree.listed === 0) continue;
      if (share !== undefined && isOver(share, now)) continue;
      const missing = this.#missing(tree.name);
      yield {
        name: mine && blind ? tree.requested : tree.name,
        size: bytes,
        time: tree.published,
        tag: tagOf(tree),
        files,
        ...(missing > 0 ? { missing } : {}),
        ...(tree.who === "" ? {} : { who: tree.who }),
        ...termsIn(share),
        ...(isMine ? { mine: true } : {}),
      };
    }
  }
}

/** The tag of a tree in a list: it changes when the tree was sent to. */
export function tagOf({ published, changed }: TreeRecord): string {
  return `tree-${published}-${changed}`;
}
