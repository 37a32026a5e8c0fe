import { FtError } from "../error.ts";
import { nameFault, numberedName } from "../name.ts";
import { findInside, makeFolders, nameAround } from "./confine.ts";
import { storageFailure } from "./failure.ts";
import { FolderTree } from "./folder_tree.ts";
import { requireHoldable } from "./holdable.ts";
import { knownDigest } from "./local_source.ts";
import type { Records } from "./records.ts";
import type { Space } from "./space.ts";
import type { Staging } from "./staging.ts";
import { isPlain, type SharedRoom } from "./shared_room.ts";
import type { Claimant, Room, StageRequest, View } from "./store.ts";
import type { StagedTree, TreeRequest, TreeSource, TreeStore } from "./tree.ts";
import { tagOf, TreeListing } from "./tree_listing.ts";
import type { TreeRecord } from "./trees.ts";
import { WalkedTree } from "./walked_tree.ts";

/** Highest number a name gets before a further folder of that name is refused. */
const NUMBERS = 100_000;

/** What the folders of a store are kept in. */
export interface FolderTreesOptions {
  /** The folder of a room. */
  readonly root: (room: Room) => string;
  readonly staging: Staging;
  readonly records: Records | undefined;
  readonly space: Space | undefined;
  readonly fits: ((bytes: number) => Promise<void>) | undefined;
  /** The life of what is shared, where there are records of it. */
  readonly shared: SharedRoom | undefined;
}

/** Where a tree goes, and whether it was there before. */
interface TreePlaceFound {
  readonly name: string;
  readonly isOld: boolean;
}

/** What is sent where, and by whom. */
type Addressed = Pick<StageRequest, "room" | "name" | "owner" | "blind" | "again">;

/** The whole folders of a store that keeps files in folders. */
export class FolderTrees implements TreeStore {
  readonly #options: FolderTreesOptions;

  constructor(options: FolderTreesOptions) {
    this.#options = options;
  }

  /** What a list says of a room's trees, while its files are looked through. */
  listing(room: Room, view?: View): TreeListing {
    const { records } = this.#options;
    return new TreeListing(room, this.#options.root(room), records, view);
  }

  /** Forgets the trees of a room whose folders are gone. */
  forgetGone(room: Room): void {
    const { records } = this.#options;
    const root = this.#options.root(room);
    for (const { name } of records?.trees.room(room) ?? []) {
      if (!isFolderInside(root, name)) records?.trees.forget(room, name);
    }
  }

  /**
   * Of a tree nothing is there before its manifest was complete, nor when it is over; and of one that
   * has only so many downloads nothing is given, or told, but the whole.
   *
   * @throws FtError `not_found` when `name` is in such a tree.
   */
  requireListed(room: Room, name: string): void {
    const tree = this.#tree(room, name);
    if (tree === undefined || tree.name === name) return;
    this.#requireListed(room, tree, name);
    const info = findInside(this.#options.root(room), tree.name)?.info;
    if (room === "shared" && info !== undefined) {
      this.#options.shared?.admit(tree.name, info, undefined);
    }
  }

  #requireListed(room: Room, { listed, name: tree }: TreeRecord, name: string): void {
    if (listed === 0) throw new FtError("not_found", `File '${name}' not found.`);
    if (room === "shared") this.#options.shared?.clear(tree);
  }

  /** Whether a folder is a tree of somebody else's, or in one. */
  #isOthers(room: Room, owner: string, folder: string): boolean {
    const tree = this.#tree(room, folder);
    return tree !== undefined && tree.owner !== owner;
  }

  /**
   * The name that a file gets if nothing has it. What is in a tree is given with it to whoever is
   * given that, so it has no terms of its own.
   *
   * @throws FtError `denied` in a tree of somebody else's, and for terms in one's own.
   */
  placeOf(request: StageRequest): string {
    const { room, terms, name, owner } = request;
    const isTaken = (folder: string) =>
      this.#isOthers(room, owner, folder) || this.#isClosed(request, folder);
    const place = this.#around(request, isTaken);
    this.#requireOwn(request, place);
    if (!isPlain(terms) && this.#tree(room, folderOf(place)) !== undefined) {
      throw new FtError("denied", `'${name}' is in a folder that is shared as one, on its terms.`, {
        hint: "Share it under a name outside of that folder, or the folder on these terms.",
      });
    }
    return place;
  }

  /** A name around what its sender may not know of, or nobody any more, where a folder should be. */
  #around(request: Addressed, isTaken: (folder: string) => boolean): string {
    const { room, name, blind } = request;
    if (!blind && !this.#isClosed(request, folderOf(name))) return name;
    return nameAround(this.#options.root(room), name, isTaken);
  }

  /** Whether a folder is over; what is of a tree that is over meanwhile goes with it all the same. */
  #isClosed({ room, again }: Addressed, folder: string): boolean {
    return !again && this.#isOver(room, folder);
  }

  /**
   * Nobody adds anything to somebody else's tree; who may not know of it gets another name.
   *
   * @throws FtError `denied`
   */
  #requireOwn({ room, owner, blind }: Addressed, place: string): void {
    const folder = folderOf(place);
    if (blind || folder === "" || !this.#isOthers(room, owner, folder)) return;
    throw new FtError("denied", `'${folder}' is somebody else's folder.`, {
      hint: "Choose another name.",
    });
  }

  #tree(room: Room, name: string): TreeRecord | undefined {
    return this.#options.records?.treeOf(room, name);
  }

  openTree(room: Room, name: string, tag?: string, claimant?: Claimant): TreeSource {
    const root = this.#options.root(room);
    const tree = this.#tree(room, name);
    if (tree !== undefined) this.#requireListed(room, tree, name);
    const found = findInside(root, name);
    if (!found?.info.isDirectory) {
      throw new FtError("not_found", `File '${name}' not found.`);
    }
    if (tag !== undefined && tree !== undefined && tag !== tagOf(tree)) {
      throw new FtError("stale", `'${name}' is not the folder that was listed.`, {
        hint: "List again and choose from the new list.",
      });
    }
    const top = tree === undefined ? undefined : findInside(root, tree.name);
    const claim = room !== "shared" || tree === undefined || top === undefined
      ? undefined
      : this.#options.shared?.admit(tree.name, top.info, claimant, tree.name === name);
    return new WalkedTree(found.path, {
      mtime: found.info.mtime?.getTime(),
      claim,
      // What was received is given as it was received.
      walk: { ignoreFiles: false },
      known: (path, info) => {
        const row = this.#options.records?.get(room, `${name}/${path}`, info);
        return { digest: knownDigest(row, info) };
      },
    });
  }

  has(room: Room, name: string): boolean {
    return nameFault(name) === undefined && isFolderInside(this.#options.root(room), name);
  }

  stageTree(request: TreeRequest): StagedTree {
    requireHoldable(request.name);
    const { staging, records, space, shared, fits } = this.#options;
    try {
      const root = this.#options.root(request.room);
      if (request.room === "shared") shared?.clear(request.name);
      const place = this.#place(request, root);
      return new FolderTree({ request, root, ...place, staging, records, space, shared, fits });
    } catch (thrown) {
      throw storageFailure(thrown, `stage '${request.name}'`);
    }
  }

  /** The tree of a request: one's own of that name, else a new one under a name that is free. */
  #place(
    request: TreeRequest,
    root: string,
  ): { name: string; isOld: boolean; make: (() => TreePlaceFound) | undefined } {
    const { name, conflict, blind } = request;
    const { records } = this.#options;
    const isFolder = (name: string) => isFolderInside(root, name);
    const own = records === undefined
      ? isFolder(name) ? name : undefined
      : this.#own(request, root);
    if (own === undefined) this.#placeOutside(request, root);
    const isTaken = own !== undefined ||
      !blind && findInside(root, name) !== undefined && !this.#isOver(request.room, name);
    if (isTaken && (conflict === "fail" || conflict === "skip" && own === undefined)) {
      throw new FtError("exists", `'${name}' exists.`, {
        hint: "Choose another name, or leave out --on-conflict.",
      });
    }
    if (own !== undefined) return { name: own, isOld: true, make: undefined };
    return { name, isOld: false, make: () => this.#makeNew(request, root) };
  }

  /** The tree that an owner sent under a name before. */
  #own({ room, owner, name }: TreeRequest, root: string): string | undefined {
    const trees = this.#options.records?.trees.own(owner, room, name) ?? [];
    const isOwn = ({ name }: TreeRecord) => isFolderInside(root, name) && !this.#isOver(room, name);
    return trees.find(isOwn)?.name;
  }

  #isOver(room: Room, name: string): boolean {
    return room === "shared" && name !== "" && this.#options.shared?.isOver(name) === true;
  }

  /**
   * The name that a new tree gets if nothing has it: it is in no other one.
   *
   * @throws FtError `denied` in somebody else's, `exists` in one's own.
   */
  #placeOutside(request: TreeRequest, root: string): string {
    const { room, name, blind } = request;
    const place = this.#around(request, (folder) => this.#tree(room, folder) !== undefined);
    this.#requireOwn(request, place);
    // Who may not know what its own is called here knows it by the name that it sent.
    const isInside = blind
      ? foldersAround(name).some((name) => this.#own({ ...request, name }, root) !== undefined)
      : this.#tree(room, folderOf(place)) !== undefined;
    if (!isInside) return place;
    throw new FtError("exists", `'${name}' is in a folder that was sent as one.`, {
      hint: "Send that folder again with this one in it, or choose another name.",
    });
  }

  /** Makes the folder of a new tree under a name that is free; returns that. */
  #makeNew(request: TreeRequest, root: string): TreePlaceFound {
    // Another run of the same owner may have been faster.
    const own = this.#own(request, root);
    if (own !== undefined) return { name: own, isOld: true };
    // What is around it may have come meanwhile, too.
    const wanted = this.#placeOutside(request, root);
    const { folder } = makeFolders(root, wanted);
    for (let number = 1; number <= NUMBERS; number++) {
      const candidate = number === 1 ? wanted : numberedName(wanted, number);
      if (findInside(root, candidate) !== undefined) continue;
      if (this.#make(request, folder, candidate)) return { name: candidate, isOld: false };
    }
    throw new FtError("exists", `Too many folders have the name '${request.name}'.`);
  }

  /** Makes the folder of a new tree, unless something has its name. */
  #make(
    { room, name: requested, owner, who = "" }: TreeRequest,
    folder: string,
    name: string,
  ): boolean {
    const { records } = this.#options;
    const now = Date.now();
    const row = { name, requested, owner, who, published: now, changed: now, listed: 0 } as const;
    // What was known of a folder that is gone is of another tree.
    records?.trees.forget(room, name);
    records?.trees.put(room, row);
    try {
      Deno.mkdirSync(`${folder}/${name.slice(name.lastIndexOf("/") + 1)}`);
      return true;
    } catch (thrown) {
      records?.trees.forget(room, name);
      if (thrown instanceof Deno.errors.AlreadyExists) return false;
      throw thrown;
    }
  }
}

/** The folder that a name is in; empty for none. */
function folderOf(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf("/")));
}

/** The folders that a name is in, the outermost first. */
function foldersAround(name: string): string[] {
  const parts = name.split("/").slice(0, -1);
  return parts.map((_, at) => parts.slice(0, at + 1).join("/"));
}

function isFolderInside(root: string, name: string): boolean {
  return findInside(root, name)?.info.isDirectory === true;
}
