import { FtError } from "../error.ts";
import { acceptName } from "../name.ts";
import { findInside } from "./confine.ts";
import { notOwnEntry } from "./conflict.ts";
import { storageFailure } from "./failure.ts";
import { requireHoldable } from "./holdable.ts";
import { LocalSource } from "./local_source.ts";
import type { Records } from "./records.ts";
import { allFailed, storeSmall, Syncs } from "./small_files.ts";
import type { SharedRoom } from "./shared_room.ts";
import type { Space } from "./space.ts";
import type { SpaceClaim } from "./space_claim.ts";
import type { Staging } from "./staging.ts";
import type { Receipt, StageRequest } from "./store.ts";
import { syncFolder } from "./sync_folder.ts";
import type {
  EntryPlace,
  StagedTree,
  TreeEntry,
  TreeFailure,
  TreeRequest,
  Verdict,
  WholeFile,
} from "./tree.ts";
import { finishTree } from "./tree_finish.ts";
import { publishTogether } from "./tree_publish.ts";
import { requireThere } from "./tree_there.ts";
import type { TreeRecord } from "./trees.ts";

/** Entries looked at before other work gets a turn. */
const TURN_ENTRIES = 500;

/** Where a tree goes. */
export interface FoundPlace {
  /** The tree's name in the room; of one that is not made yet the name that it asks for. */
  readonly name: string;
  /** Whether it was there before. */
  readonly isOld: boolean;
  /** Which tree it is, once it is there and where there are records of it. */
  readonly record?: TreeRecord | undefined;
}

/** Where a tree is kept, and what its store does for it. */
export interface FolderTreeOptions {
  readonly request: TreeRequest;
  /** The room's folder. */
  readonly root: string;
  readonly place: FoundPlace;
  /** Makes the folder of a new tree, and says where. */
  readonly make: (() => FoundPlace) | undefined;
  readonly staging: Staging;
  readonly records: Records | undefined;
  readonly space: Space | undefined;
  readonly fits: ((bytes: number) => Promise<void>) | undefined;
  readonly shared: SharedRoom | undefined;
}

/** A tree on its way into a folder. */
export class FolderTree implements StagedTree {
  #place: FoundPlace;
  readonly #options: FolderTreeOptions;
  readonly #release: () => void;
  /** Folders and links, which are made at the end. */
  readonly #others: TreeEntry[] = [];
  /** Those of them that are not there. */
  readonly #unmade: string[] = [];
  readonly #syncs = new Syncs();
  /** Keeps free what is still to come of it. */
  #claim: SpaceClaim | undefined;
  #looked = 0;

  constructor(options: FolderTreeOptions) {
    this.#options = options;
    this.#place = options.place;
    this.#release = options.request.dry ? () => {} : options.staging.hold();
  }

  get name(): string {
    return this.#place.name;
  }

  get isOld(): boolean {
    return this.#place.isOld;
  }

  /** @throws FtError `not_found` when it is gone or over, where that is recorded. */
  #requireThere(): void {
    const { records, request: { room }, root, shared } = this.#options;
    if (records !== undefined) requireThere(this.#place.record, { room, root, records, shared });
  }

  async offer(entries: readonly TreeEntry[]): Promise<Verdict[]> {
    const verdicts: Verdict[] = [];
    for (const entry of entries) {
      if (++this.#looked % TURN_ENTRIES === 0) {
        await new Promise<void>((turn) => setImmediate(turn));
      }
      try {
        verdicts.push(await this.#verdict(entry));
      } catch (thrown) {
        verdicts.push(storageFailure(thrown, `look at '${entry.path}'`));
      }
    }
    return verdicts;
  }

  async #verdict(entry: TreeEntry): Promise<Verdict> {
    const { room, owner, conflict } = this.#options.request;
    const { records, root, space } = this.#options;
    const name = acceptName(`${this.name}/${entry.path}`);
    requireHoldable(name);
    if (entry.kind !== "file") {
      if (entry.kind === "absent") return "same";
      this.#others.push(entry);
      const isThere = this.isOld && findInside(root, name) !== undefined;
      if (!isThere) this.#unmade.push(entry.path);
      return "same";
    }
    space?.check({ name, room, size: entry.size });
    const found = this.isOld ? findInside(root, name) : undefined;
    if (found === undefined) return "want";
    const { info } = found;
    if (!info.isFile) throw new FtError("exists", `'${entry.path}' is a folder or a link there.`);
    const row = records?.get(room, name, info);
    const isOwn = records === undefined || row !== undefined && row.owner === owner;
    const isSameTime = info.size === entry.size && info.mtime?.getTime() === entry.mtime;
    const isSame = entry.digest === undefined ? isSameTime : info.size === entry.size &&
      entry.digest === await this.#digest(found.path, entry.path);
    if (isSame) {
      if (isOwn) this.#setExecutable(entry, found.path, info);
      return "same";
    }
    if (conflict === "skip") return "skipped";
    if (conflict === "fail") throw taken(entry.path);
    if (!isOwn) throw notOwnEntry(entry.path, records?.own(owner, room, name).length !== 0);
    return "want";
  }

  async #digest(local: string, path: string): Promise<string> {
    const source = new LocalSource(Deno.openSync(local, { read: true }), local);
    try {
      return await this.#options.request.digestOf(source, path);
    } finally {
      source.close();
    }
  }

  /** What differs in nothing else need not be sent for it. */
  #setExecutable({ exec }: TreeEntry, path: string, { mode }: Deno.FileInfo): void {
    if (exec === undefined || mode === null || this.#options.request.dry) return;
    const isSet = (mode & 0o100) !== 0;
    if (isSet === exec) return;
    // Who may read it may execute it.
    Deno.chmodSync(path, exec ? mode | (mode & 0o444) >> 2 : mode & ~0o111);
  }

  async begin(wanted: Iterable<TreeEntry>, absent: Iterable<string>): Promise<void> {
    const { request, records, space, shared, root, make, fits } = this.#options;
    if (request.dry) return;
    const { room, part } = request;
    const entries = [...wanted];
    const missing = [...entries.map(({ path }) => path), ...absent];
    const size = entries.reduce((sum, entry) => sum + (entry.size ?? 0), 0);
    const claim = this.#claim = this.#newClaim(size);
    await fits?.(size);
    // What cannot be made at the end is missing, too.
    const named = [...missing, ...this.#unmade];
    const names = space === undefined ? 0 : records?.trees.cost(room, this.name, named) ?? 0;
    const noted = this.#newClaim(names);
    let receipt: Receipt | undefined;
    try {
      await claim?.reserve(0);
      await noted?.grow(0, names);
      // Not before all of it is known and has room: else anybody could fill the room with folders.
      this.#place = make?.() ?? this.#place;
      records?.transaction(() => {
        const { trees } = records;
        const { record } = this.#place;
        const { ino } = requireThere(record, { room, root, records, shared });
        if (!part) trees.foundAll(room, this.name);
        trees.miss(room, this.name, missing);
        trees.list(room, this.name, Date.now());
        // What is sent of a folder that is there says nothing new of that.
        if (!part || !this.isOld) shared?.renew(request, { name: this.name, ino: String(ino) });
      });
      // It is less with each file that comes.
      receipt = { name: this.name, size: names, digest: "", outcome: "replaced" };
    } finally {
      noted?.end(receipt, false);
    }
  }

  /** A claim on the space for bytes of the whole. */
  #newClaim(size: number): SpaceClaim | undefined {
    const { space, staging } = this.#options;
    const request = { ...this.#request("", size), name: this.name, within: undefined };
    return space?.claim(request, staging.path, 0);
  }

  place({ path }: TreeEntry): EntryPlace {
    this.#requireThere();
    return this.#placeOf(path);
  }

  #placeOf(path: string): EntryPlace {
    const { request: { conflict }, records } = this.#options;
    // On a server a tree is brought up to date: what it replaces is of the same owner.
    const over = records !== undefined && conflict === "rename" ? "overwrite" : conflict;
    return {
      name: `${this.name}/${path}`,
      conflict: over,
      again: records !== undefined,
      within: this.#claim,
    };
  }

  /** How a file of it is staged. */
  #request(path: string, size: number): StageRequest {
    const { room, owner, run, blind, who } = this.#options.request;
    return {
      ...this.#placeOf(path),
      room,
      owner,
      run,
      blind,
      size,
      mtime: undefined,
      version: undefined,
      ...(who === undefined ? {} : { who }),
    };
  }

  /** Tells the folder of a file when it is not there yet: each is looked for once. */
  #newFolders(): (file: WholeFile) => string | undefined {
    const isNew = new Map<string, boolean>();
    return ({ entry: { path } }) => {
      const folder = path.slice(0, Math.max(0, path.lastIndexOf("/")));
      // Of a tree that was there nothing is given its place without a look at what has it.
      if (this.isOld || folder === "") return undefined;
      const known = isNew.get(folder) ??
        findInside(this.#options.root, `${this.name}/${folder}`) === undefined;
      isNew.set(folder, known);
      return known ? folder : undefined;
    };
  }

  async store(files: readonly WholeFile[]): Promise<Array<Receipt["outcome"] | FtError>> {
    const { space, staging, records } = this.#options;
    const size = files.reduce((sum, { bytes }) => sum + bytes.length, 0);
    const claim = space?.claim(this.#request("", size), staging.path, 0);
    try {
      await claim?.grow(0, size);
    } catch (thrown) {
      claim?.end(undefined, false);
      return allFailed(files, thrown);
    }
    const folders = new Set<string>();
    const outcomes = await storeSmall(files, staging, {
      isRecorded: records !== undefined,
      newFolder: this.#newFolders(),
      syncs: this.#syncs,
      publish: (group) => {
        this.#requireThere();
        const published = publishTogether(group, { ...this.#options, ...this.#place });
        for (const folder of published.folders) folders.add(folder);
        return published.results;
      },
    });
    claim?.end({ name: this.name, size, digest: "", outcome: "new" }, false);
    await this.#sync(folders);
    return outcomes;
  }

  /** Makes names last. Where the tree is gone meanwhile, that is what is said of it. */
  async #sync(folders: Iterable<string>): Promise<void> {
    try {
      await Promise.all([...folders].map(syncFolder));
    } finally {
      this.#requireThere();
    }
  }

  async finish(): Promise<TreeFailure[]> {
    const { root, request, records } = this.#options;
    if (request.dry) return [];
    this.#requireThere();
    const found = findInside(root, this.name);
    if (!found?.info.isDirectory) {
      throw new FtError("io", `The folder '${this.name}' is gone.`);
    }
    const { failures, folders } = await finishTree(found.path, this.#others, {
      mtime: request.part ? undefined : request.mtime,
      // On a server a tree is its owner's, with its links.
      overLinks: records !== undefined || request.conflict === "overwrite",
    });
    await this.#sync(folders);
    const failed = new Set(failures.map(({ path }) => path));
    records?.transaction(() => {
      const { trees } = records;
      const paths = this.#others.map(({ path }) => path);
      trees.miss(request.room, this.name, paths.filter((path) => failed.has(path)));
      trees.found(request.room, this.name, paths.filter((path) => !failed.has(path)));
    });
    return failures;
  }

  close(): void {
    this.#claim?.end(undefined, false);
    this.#release();
  }
}

/** The failure of what does not want to replace anything. */
function taken(path: string): FtError {
  return new FtError("exists", `'${path}' exists.`, {
    hint: "Leave out --on-conflict fail to have it brought up to date.",
  });
}
