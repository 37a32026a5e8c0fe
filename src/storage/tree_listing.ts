import { findInside } from "./confine.ts";
import type { Records } from "./records.ts";
import { termsIn } from "./shared_room.ts";
import { isOver, type ShareRecord } from "./shares.ts";
import type { Item, Room, View } from "./store.ts";
import { isFolderOf, type TreeRecord } from "./trees.ts";

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
      // A folder that was removed by hand is dropped quietly, and what has its place is the server's.
      const info = findInside(root, tree.name)?.info;
      if (info === undefined || !isFolderOf(tree, info)) continue;
      const share = room === "shared"
        ? records?.shares.get(tree.name, String(info.ino))
        : undefined;
      this.#trees.set(tree.name, { tree, share, files: 0, bytes: 0 });
    }
  }

  /** The trees, as far as those who ask may see them, with the time that each has in a list. */
  get trees(): { readonly name: string; readonly time: number }[] {
    return [...this.#trees.values()].filter((listed) => this.#isShown(listed))
      .map(({ tree: { name, published } }) => ({ name, time: published }));
  }

  /** Whether a folder is a tree. */
  has(name: string): boolean {
    return this.#trees.has(name);
  }

  /** Whether a file is in one of the trees, whose it then counts for. */
  takes(name: string, { size }: Deno.FileInfo): boolean {
    const listed = this.#around(name);
    if (listed === undefined) return false;
    listed.files++;
    listed.bytes += size;
    return true;
  }

  /** The outermost tree that something is in. */
  #around(name: string): Listed | undefined {
    if (this.#trees.size === 0) return undefined;
    for (let end = name.indexOf("/"); end > 0; end = name.indexOf("/", end + 1)) {
      const listed = this.#trees.get(name.slice(0, end));
      if (listed !== undefined) return listed;
    }
    return undefined;
  }

  /** Whether the files of a tree count for a tree around it. */
  isInner(name: string): boolean {
    return this.#around(name) !== undefined;
  }

  #isShown({ tree, share }: Listed): boolean {
    const { owner, mine } = this.#view ?? {};
    if (mine ? tree.owner !== owner : tree.listed === 0) return false;
    return share === undefined || !isOver(share, Date.now());
  }

  /** A tree as an item, once all its files were looked at; undefined where it is not to be seen. */
  item(name: string): Item | undefined {
    const listed = this.#trees.get(name);
    if (listed === undefined || !this.#isShown(listed)) return undefined;
    const { owner, mine, blind } = this.#view ?? {};
    const { tree, share, files, bytes } = listed;
    const missing = this.#missing(tree.name);
    return {
      name: mine && blind ? tree.requested : tree.name,
      size: bytes,
      time: tree.published,
      tag: tagOf(tree),
      files,
      ...(missing > 0 ? { missing } : {}),
      ...(tree.who === "" ? {} : { who: tree.who }),
      ...termsIn(share),
      ...(tree.owner === owner ? { mine: true } : {}),
    };
  }
}

/** The tag of a tree in a list: it changes when the tree was sent to. */
export function tagOf({ published, changed }: TreeRecord): string {
  return `tree-${published}-${changed}`;
}
