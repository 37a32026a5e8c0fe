import { FtError } from "../error.ts";
import { nameFault } from "../name.ts";
import { findInside, nameAround } from "./confine.ts";
import { storageFailure } from "./failure.ts";
import { FolderTree, type FoundPlace } from "./folder_tree.ts";
import { requireHoldable } from "./holdable.ts";
import { findListed } from "./listed_name.ts";
import { knownDigest } from "./local_source.ts";
import { makeNewTree } from "./new_tree.ts";
import type { Records } from "./records.ts";
import type { Space } from "./space.ts";
import type { Staging } from "./staging.ts";
import { isPlain, type SharedRoom } from "./shared_room.ts";
import type { Claimant, Room, StageRequest, View } from "./store.ts";
import type { StagedTree, TreeRequest, TreeSource, TreeStore } from "./tree.ts";
import { foldersAround, treeAround } from "./tree_around.ts";
import { tagOf, TreeListing } from "./tree_listing.ts";
import { requireThere } from "./tree_there.ts";
import { isFolderOf, type TreeRecord } from "./trees.ts";
import { WalkedTree } from "./walked_tree.ts";

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

/** What is sent where, and by whom. */
type Addressed = Pick<StageRequest, "room" | "name" | "owner" | "blind" | "again">;

/** The whole folders of a store that keeps files in folders. */
export class FolderTrees implements TreeStore {
  readonly #options: FolderTreesOptions;
  /** The trees that files go into by their names. */
  readonly #entered = new WeakMap<StageRequest, TreeRecord>();

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
    for (const tree of records?.trees.room(room) ?? []) {
      const info = findInside(root, tree.name)?.info;
      if (info === undefined || !isFolderOf(tree, info)) records?.trees.forget(room, tree.name);
      else if (tree.ino === "") records?.trees.bind(room, tree.name, info);
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
   * Looks whether a file may go where its name says, and remembers the tree that it goes into.
   *
   * @throws FtError as {@linkcode placeOf}.
   */
  enter(request: StageRequest): void {
    const tree = this.#tree(request.room, folderOf(this.placeOf(request)));
    if (tree === undefined) return;
    this.#entered.set(request, tree);
    this.#requireEntered(request);
  }

  /** The tree that it goes into is there still. */
  #requireEntered(request: StageRequest): void {
    const { room } = request;
    const { records, shared } = this.#options;
    const tree = this.#entered.get(request);
    if (tree === undefined || records === undefined) return;
    requireThere(tree, { room, root: this.#options.root(room), records, shared });
  }

  /**
   * The name that a file gets if nothing has it. What is in a tree is given with it to whoever is
   * given that, so it has no terms of its own.
   *
   * @throws FtError `denied` in a tree of somebody else's, and for terms in one's own; `not_found`
   * when the tree that it entered is over.
   */
  placeOf(request: StageRequest): string {
    this.#requireEntered(request);
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

  /** A file has its place: it is missing in no tree that it is in. */
  placed(room: Room, name: string): void {
    for (const folder of foldersAround(name)) {
      const tree = this.#named(room, folder);
      const path = name.slice(folder.length + 1);
      if (tree !== undefined) this.#options.records?.trees.found(room, folder, [path]);
    }
  }

  /** Whether a file is in a tree. */
  isInside(room: Room, name: string): boolean {
    return this.#tree(room, folderOf(name)) !== undefined;
  }

  #tree(room: Room, name: string): TreeRecord | undefined {
    return treeAround(this.#options.records, room, this.#options.root(room), name);
  }

  /** The tree of that very name. */
  #named(room: Room, name: string): TreeRecord | undefined {
    const info = findInside(this.#options.root(room), name)?.info;
    return this.#options.records?.trees.get(room, name, info);
  }

  async openTree(
    room: Room,
    name: string,
    tag?: string,
    claimant?: Claimant,
  ): Promise<TreeSource> {
    const root = this.#options.root(room);
    const tree = this.#tree(room, name);
    if (tree !== undefined) this.#requireListed(room, tree, name);
    const found = await findListed(root, name);
    const top = tree === undefined ? undefined : findInside(root, tree.name);
    // It may be gone since it was looked for.
    if (!found?.info.isDirectory || tree !== undefined && top === undefined) {
      throw new FtError("not_found", `File '${name}' not found.`);
    }
    if (tag !== undefined && tree !== undefined && tag !== tagOf(tree)) {
      throw new FtError("stale", `'${name}' is not the folder that was listed.`, {
        hint: "List again and choose from the new list.",
      });
    }
    const claim = room !== "shared" || tree === undefined || top === undefined
      ? undefined
      : this.#options.shared?.admit(tree.name, top.info, claimant, tree.name === name);
    return new WalkedTree(found.path, {
      mtime: found.info.mtime?.getTime(),
      claim,
      // What was received is given as it was received.
      walk: { ignoreFiles: false, title: name },
      known: (path, info) => {
        const row = this.#options.records?.get(room, `${name}/${path}`, info);
        return { digest: knownDigest(row, info) };
      },
    });
  }

  async has(room: Room, name: string): Promise<boolean> {
    if (nameFault(name) !== undefined) return false;
    return (await findListed(this.#options.root(room), name))?.info.isDirectory === true;
  }

  stageTree(request: TreeRequest): StagedTree {
    requireHoldable(request.name);
    const { staging, records, space, shared, fits } = this.#options;
    try {
      const root = this.#options.root(request.room);
      if (request.room === "shared") shared?.clear(request.name);
      const found = this.#place(request, root);
      return new FolderTree({ request, root, ...found, staging, records, space, shared, fits });
    } catch (thrown) {
      throw storageFailure(thrown, `stage '${request.name}'`);
    }
  }

  /** The tree of a request: one's own of that name, else a new one under a name that is free. */
  #place(
    request: TreeRequest,
    root: string,
  ): { place: FoundPlace; make: (() => FoundPlace) | undefined } {
    const { room, name, conflict, blind } = request;
    const own = this.#options.records !== undefined
      ? this.#own(request, root)
      : findInside(root, name)?.info.isDirectory === true
      ? { name, isOld: true }
      : undefined;
    if (own === undefined) this.#placeOutside(request, root);
    const isTaken = own !== undefined ||
      !blind && findInside(root, name) !== undefined && !this.#isOver(room, name);
    if (isTaken && (conflict === "fail" || conflict === "skip" && own === undefined)) {
      throw taken(name);
    }
    if (own !== undefined) return { place: own, make: undefined };
    return { place: { name, isOld: false }, make: () => this.#makeNew(request, root) };
  }

  /** The tree that an owner sent under a name before. */
  #own({ room, owner, name }: TreeRequest, root: string): FoundPlace | undefined {
    const record = this.#options.records?.trees.own(owner, room, name).find((tree) =>
      // One that is over and still fetched is to be gone: it is not brought up to date.
      isFolderOf(tree, findInside(root, tree.name)?.info) && !this.#isOver(room, tree.name)
    );
    return record && { name: record.name, isOld: true, record };
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
  #makeNew(request: TreeRequest, root: string): FoundPlace {
    // Another run of the same owner may have been faster.
    const own = this.#own(request, root);
    if (own !== undefined && request.conflict === "fail") throw taken(request.name);
    if (own !== undefined) return own;
    const { room } = request;
    // What is around it may have come meanwhile, too.
    const wanted = this.#placeOutside(request, root);
    const made = makeNewTree({ ...request, root }, wanted, this.#options.records);
    return { name: made, isOld: false, record: this.#named(room, made) };
  }
}

/** The failure of a folder that does not want to be brought up to date. */
function taken(name: string): FtError {
  return new FtError("exists", `'${name}' exists.`, {
    hint: "Choose another name, or leave out --on-conflict.",
  });
}

/** The folder that a name is in; empty for none. */
function folderOf(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf("/")));
}
