import { FtError } from "../error.ts";
import { nameFault, numberedName } from "../name.ts";
import { findInside, makeFolders, nameAround } from "./confine.ts";
import { storageFailure } from "./failure.ts";
import { FolderTree, type FoundPlace } from "./folder_tree.ts";
import { requireHoldable } from "./holdable.ts";
import { findListed } from "./listed_name.ts";
import { knownDigest } from "./local_source.ts";
import type { Records } from "./records.ts";
import type { Space } from "./space.ts";
import type { Staging } from "./staging.ts";
import type { SharedRoom } from "./shared_room.ts";
import type { Claimant, Room, StageRequest, View } from "./store.ts";
import type { StagedTree, TreeRequest, TreeSource, TreeStore } from "./tree.ts";
import { tagOf, TreeListing } from "./tree_listing.ts";
import { requireThere } from "./tree_there.ts";
import { isFolderOf, type TreeRecord } from "./trees.ts";
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
   * Of a tree nothing is there for others before its manifest was complete, nor when it is over; and
   * of one that has only so many downloads nothing is given but the whole.
   *
   * @throws FtError `not_found` when `name` is in such a tree.
   */
  requireListed(room: Room, name: string): void {
    const tree = this.#tree(room, name);
    if (tree === undefined) return;
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
  isOthers(room: Room, owner: string, folder: string): boolean {
    const tree = this.#tree(room, folder);
    return tree !== undefined && tree.owner !== owner;
  }

  /**
   * Nobody adds anything to somebody else's tree; who may not know of it gets another name.
   *
   * @throws FtError `denied`
   */
  requireOwn(
    { room, name, owner, blind }: Pick<TreeRequest, "room" | "name" | "owner" | "blind">,
  ): void {
    const folder = name.slice(0, Math.max(0, name.lastIndexOf("/")));
    if (blind || folder === "" || !this.isOthers(room, owner, folder)) return;
    throw new FtError("denied", `'${folder}' is somebody else's folder.`, {
      hint: "Choose another name.",
    });
  }

  /**
   * Looks whether a file may go where its name says, and remembers the tree that it goes into.
   *
   * @throws FtError `denied` where that is somebody else's, `not_found` where it is over.
   */
  enter(request: StageRequest): void {
    this.requireOwn(request);
    const name = this.wanted(request);
    const folder = name.slice(0, Math.max(0, name.lastIndexOf("/")));
    const tree = folder === "" ? undefined : this.#tree(request.room, folder);
    if (tree === undefined) return;
    this.#entered.set(request, tree);
    this.requireEntered(request);
  }

  /**
   * Before it gets its place: another may have made a tree there meanwhile, and its own may be gone.
   *
   * @throws FtError as {@linkcode enter}.
   */
  requireEntered(request: StageRequest): void {
    const { room } = request;
    const { records, shared } = this.#options;
    const tree = this.#entered.get(request);
    if (tree === undefined || records === undefined) return this.requireOwn(request);
    requireThere(tree, { room, root: this.#options.root(room), records, shared });
  }

  /** A file has its place: it is missing in no tree that it is in. */
  placed(room: Room, name: string): void {
    for (let end = name.indexOf("/"); end > 0; end = name.indexOf("/", end + 1)) {
      const tree = this.#named(room, name.slice(0, end));
      if (tree) this.#options.records?.trees.found(room, tree.name, [name.slice(end + 1)]);
    }
  }

  /** The name that something gets if that is free. */
  wanted(
    { room, name, owner, blind }: Pick<StageRequest, "room" | "name" | "owner" | "blind">,
  ): string {
    // That a file or a tree of another's is where a folder should be must not be told either.
    const isTaken = (folder: string) => this.isOthers(room, owner, folder);
    return blind ? nameAround(this.#options.root(room), name, isTaken) : name;
  }

  /** The tree that a name is in. */
  #tree(room: Room, name: string): TreeRecord | undefined {
    if (this.#options.records === undefined) return undefined;
    for (let end = name.indexOf("/"); end > 0; end = name.indexOf("/", end + 1)) {
      const tree = this.#named(room, name.slice(0, end));
      if (tree !== undefined) return tree;
    }
    return this.#named(room, name);
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
    const found = await findListed(root, name);
    const tree = this.#tree(room, name);
    if (tree !== undefined) this.#requireListed(room, tree, name);
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
      this.requireOwn(request);
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
      : isFolderInside(root, name)
      ? { name, isOld: true }
      : undefined;
    const outer = name.slice(0, Math.max(0, name.lastIndexOf("/")));
    if (own === undefined && outer !== "" && !blind && this.#tree(room, outer) !== undefined) {
      throw new FtError("exists", `'${outer}' is a folder that was sent as one.`, {
        hint: "Send that folder again with this one in it, or choose another name.",
      });
    }
    const isTaken = own !== undefined || !blind && findInside(root, name) !== undefined;
    if (isTaken && (conflict === "fail" || conflict === "skip" && own === undefined)) {
      throw taken(name);
    }
    if (own !== undefined) return { place: own, make: undefined };
    return { place: { name, isOld: false }, make: () => this.#makeNew(request, root) };
  }

  /** The tree that an owner sent under a name before. */
  #own({ room, owner, name }: TreeRequest, root: string): FoundPlace | undefined {
    const { records, shared } = this.#options;
    const record = records?.trees.own(owner, room, name).find((tree) => {
      const info = findInside(root, tree.name)?.info;
      if (info === undefined || !isFolderOf(tree, info)) return false;
      // One that is over and still fetched is to be gone: it is not brought up to date.
      return room !== "shared" || shared?.isOver(tree.name, info) !== true;
    });
    return record && { name: record.name, isOld: true, record };
  }

  /** Makes the folder of a new tree under a name that is free; returns that. */
  #makeNew(request: TreeRequest, root: string): FoundPlace {
    // Another run of the same owner may have been faster.
    const own = this.#own(request, root);
    if (own !== undefined && request.conflict === "fail") throw taken(request.name);
    if (own !== undefined) return own;
    const { room, name } = request;
    const wanted = this.wanted(request);
    const { folder } = makeFolders(root, wanted);
    for (let number = 1; number <= NUMBERS; number++) {
      const candidate = number === 1 ? wanted : numberedName(wanted, number);
      if (findInside(root, candidate) !== undefined) continue;
      if (!this.#make(request, folder, candidate)) continue;
      return { name: candidate, isOld: false, record: this.#named(room, candidate) };
    }
    throw new FtError("exists", `Too many folders have the name '${name}'.`);
  }

  /** Makes the folder of a new tree, unless something has its name. */
  #make(
    { room, name: requested, owner, who = "" }: TreeRequest,
    folder: string,
    name: string,
  ): boolean {
    const { records } = this.#options;
    const now = Date.now();
    const times = { published: now, changed: now, listed: 0, ino: "", born: null } as const;
    // What was known of a folder that is gone is of another tree.
    records?.trees.forget(room, name);
    records?.trees.put(room, { name, requested, owner, who, ...times });
    const path = `${folder}/${name.slice(name.lastIndexOf("/") + 1)}`;
    try {
      Deno.mkdirSync(path);
    } catch (thrown) {
      records?.trees.forget(room, name);
      if (thrown instanceof Deno.errors.AlreadyExists) return false;
      throw thrown;
    }
    const info = Deno.lstatSync(path);
    records?.trees.bind(room, name, info);
    if (room === "shared") records?.shares.forget({ name, ino: String(info.ino) });
    return true;
  }
}

/** The failure of a folder that does not want to be brought up to date. */
function taken(name: string): FtError {
  return new FtError("exists", `'${name}' exists.`, {
    hint: "Choose another name, or leave out --on-conflict.",
  });
}

function isFolderInside(root: string, name: string): boolean {
  return findInside(root, name)?.info.isDirectory === true;
}
