import { FtError } from "../error.ts";
import { numberedName } from "../name.ts";
import {
  findInside,
  foldersOf,
  type Found,
  isFolder,
  makeFolders,
  nameAround,
  openInside,
} from "./confine.ts";
import { storageFailure } from "./failure.ts";
import type { FolderPartial, Placed } from "./folder_partial.ts";
import { type FileRecord, holds } from "./file_record.ts";
import { FolderTrees } from "./folder_trees.ts";
import { requireHoldable } from "./holdable.ts";
import { LocalSource, stampOf, tagOf } from "./local_source.ts";
import { remove } from "./lock.ts";
import { publishNew, publishOver } from "./publish.ts";
import type { Records } from "./records.ts";
import type { Space } from "./space.ts";
import { Staging } from "./staging.ts";
import type { Item, Partial, Receipt, Room, Source, StageRequest, Store } from "./store.ts";
import { isSyncing } from "./sync_folder.ts";
import { filesBelow } from "./walk.ts";

/** Highest number a name gets before a further file of that name is refused. */
const NUMBERS = 100_000;
/** Entries looked at before other work gets a turn. */
const TURN_ENTRIES = 500;
/** Milliseconds in which another process may not have given the file of a new row its name yet. */
const FRESH_MS = 60_000;

/** Where a folder store keeps what. Paths are absolute and without links. */
export interface FolderStoreOptions {
  /** The folder of each room. */
  readonly rooms: { readonly [R in Room]?: string };
  /** The folder of what is under way, on the file system of every room that is written to. */
  readonly staging: string;
  /** Whose files are what. Without records every file of a room belongs to whoever writes. */
  readonly records?: Records;
  /** How much it may take up; without one, whatever the disk has. */
  readonly space?: Space;
  /** Called when no partial is open any more. */
  readonly onIdle?: () => void;
}

/** A file of a request's owner that is there. */
interface OwnFile extends Found {
  readonly row: FileRecord;
}

/** Rooms that are folders. */
export class FolderStore implements Store {
  readonly staging: Staging;
  readonly trees: FolderTrees;
  readonly #options: FolderStoreOptions;

  constructor(options: FolderStoreOptions) {
    this.#options = options;
    this.staging = new Staging(
      options.staging,
      (request, path, size, digest) => this.#publish(request, path, size, digest),
      options.onIdle,
    );
    const { records, space } = options;
    this.trees = new FolderTrees({
      root: (room) => this.#root(room),
      staging: this.staging,
      records,
      space,
    });
  }

  #root(room: Room): string {
    const root = this.#options.rooms[room];
    if (root === undefined) throw new FtError("denied", `There is no room '${room}' here.`);
    // Neither it nor a folder on the way there may have become a link since the start.
    if (isFolder(root)) return root;
    throw new FtError("io", `The folder of the ${room} room is gone: '${root}'.`, {
      hint: "Put it back, or start again to have it made.",
    });
  }

  async *items(room: Room): AsyncGenerator<Item> {
    const root = this.#root(room);
    try {
      const rows = this.#options.records?.room(room);
      const trees = this.trees.listing(room);
      let looked = 0;
      for (const { name, info } of filesBelow(root)) {
        if (++looked % TURN_ENTRIES === 0) await new Promise<void>((turn) => setImmediate(turn));
        if (info === undefined || trees.takes(name, info)) continue;
        const row = rows?.get(name)?.find((row) => row.owner !== "" && holds(row, info));
        const time = row?.published ?? info.mtime?.getTime() ?? 0;
        const who = row?.who ? { who: row.who } : {};
        yield { name, size: info.size, time, tag: tagOf(info), ...who };
      }
      yield* trees.items();
    } catch (thrown) {
      throw storageFailure(thrown, `list the ${room} room`);
    }
  }

  // deno-lint-ignore require-await -- a store elsewhere has to wait
  async open(room: Room, name: string, tag?: string): Promise<Source> {
    const root = this.#root(room);
    this.trees.requireListed(room, name);
    let file: Deno.FsFile | undefined;
    try {
      const opened = openInside(root, name);
      file = opened.file;
      const info = file.statSync();
      if (tag !== undefined && tag !== tagOf(info)) {
        throw new FtError("stale", `'${name}' is not the file that was listed.`, {
          hint: "List again and choose from the new list.",
        });
      }
      const row = this.#options.records?.get(room, name, info);
      // The row of a file put here by hand is about one version of it, down to its change time.
      const isKnown = row !== undefined && (row.owner !== "" || row.version === stampOf(info));
      return new LocalSource(file, opened.path, isKnown ? row.digest : undefined);
    } catch (thrown) {
      file?.close();
      throw storageFailure(thrown, `open '${name}'`);
    }
  }

  note(room: Room, name: string, source: Source, digest: string): void {
    const { records } = this.#options;
    if (records === undefined || !(source instanceof LocalSource)) return;
    const version = stampOf(source.info);
    if (source.version !== version || !source.isUnchanged()) return;
    try {
      const known = records.get(room, name, source.info);
      if (known !== undefined && (known.owner !== "" || known.version === version)) return;
      const row = { ...identity(source.info), name, requested: name, digest, version };
      records.put(room, { ...row, owner: "", who: "", published: source.mtime ?? 0 });
      records.forgetOthers(room, row);
    } catch {
      // What could not be noted is read again: that is no failure of what was just sent.
    }
  }

  /** Forgets what is known of files that are gone, so that the records end with the rooms. */
  async forgetGone(): Promise<void> {
    const { records, rooms } = this.#options;
    if (records === undefined) return;
    for (const room of Object.keys(rooms) as Room[]) {
      const root = this.#root(room);
      for (const rows of records.pages(room)) {
        for (const row of rows) {
          if (Math.abs(Date.now() - row.published) < FRESH_MS) continue;
          const found = findInside(root, row.name);
          if (found === undefined || !holds(row, found.info)) records.forget(room, row);
        }
        await new Promise<void>((turn) => setImmediate(turn));
      }
      this.trees.forgetGone(room);
    }
  }

  async stage(request: StageRequest): Promise<Partial | Receipt> {
    requireHoldable(request.name);
    const { space } = this.#options;
    let partial: FolderPartial | undefined;
    try {
      const settled = this.#settled(request);
      if (settled !== undefined) return settled;
      space?.check(request);
      if (request.dry) return NOTHING;
      const over = this.#replaced(request, this.#ownFiles(request))?.path;
      partial = await this.staging.open(request, over);
      // An older run of the same transfer may just have finished while we waited for it to end.
      const meanwhile = this.#settled(request);
      if (meanwhile !== undefined) {
        await partial.discard();
        return meanwhile;
      }
      if (space !== undefined) {
        const claim = partial.charge((path, staged) => space.claim(request, path, staged));
        await claim.reserve(heldBytes(partial, request));
      }
      return partial;
    } catch (thrown) {
      await partial?.close();
      throw storageFailure(thrown, `stage '${request.name}'`);
    }
  }

  /** The receipt of what needs no bytes: sent before from this very version, or to be left alone. */
  #settled(request: StageRequest): Receipt | undefined {
    const { room, name, version, size, conflict, blind, digest } = request;
    const own = this.#ownFiles(request);
    for (const { row } of this.#candidates(request, own)) {
      const isVersion = version !== undefined && row.version === version && row.size === size;
      if (isVersion || row.digest === digest) {
        return { name: row.name, size: row.size, digest: row.digest, outcome: "same" };
      }
    }
    if (conflict === "rename") return undefined;
    const isTaken = own.length > 0 ||
      (!blind && findInside(this.#root(room), name) !== undefined);
    if (!isTaken) return undefined;
    if (conflict === "skip") return { name, size: 0, digest: "", outcome: "skipped" };
    if (conflict === "fail") throw taken(name);
    if (own.length === 0 && this.#options.records !== undefined) {
      throw new FtError("denied", `'${name}' is somebody else's: only its owner replaces it.`, {
        hint: "Choose another name, or --on-conflict rename.",
      });
    }
    return undefined;
  }

  /** The files that the owner of a request sent before under its name, and that are still there. */
  #ownFiles({ room, name, owner }: StageRequest): OwnFile[] {
    const root = this.#root(room);
    const rows = this.#options.records?.own(owner, room, name) ?? [];
    return rows.flatMap((row) => {
      const found = findInside(root, row.name);
      return found !== undefined && holds(row, found.info) ? [{ row, ...found }] : [];
    });
  }

  #publish(request: StageRequest, staged: string, size: number, digest: string): Placed {
    const root = this.#root(request.room);
    const own = this.#ownFiles(request);
    const same = this.#candidates(request, own).find(({ row }) => row.digest === digest);
    if (same !== undefined) {
      remove(staged);
      const receipt = { name: same.row.name, size, digest, outcome: "same" } as const;
      return { receipt, folders: foldersOf(root, same.path).filter(isSyncing) };
    }
    // That a file of another's is where a folder should be must not be told either.
    const wanted = request.blind ? nameAround(root, request.name) : request.name;
    const { folder, changed } = makeFolders(root, wanted);
    const over = this.#replaced(request, own);
    const name = over?.name ?? this.#publishUnder(request, { wanted, folder, staged, digest });
    if (over !== undefined) {
      const row = this.#row(request, { name, staged, digest });
      this.#options.records?.put(request.room, row);
      publishOver(staged, over.path);
      this.#options.records?.forgetOthers(request.room, row);
    }
    // Another transfer may have made a folder on the way, and be waiting for it to last.
    const underWay = foldersOf(root, `${folder}/${name}`).filter(isSyncing);
    return {
      receipt: { name, size, digest, outcome: over === undefined ? "new" : "replaced" },
      folders: new Set([folder, ...changed, ...underWay]),
    };
  }

  /** What is known of a file that is about to get its name. */
  #row(
    request: StageRequest,
    { name, staged, digest }: { name: string; staged: string; digest: string },
  ): FileRecord {
    return {
      ...identity(Deno.lstatSync(staged)),
      name,
      requested: request.name,
      digest,
      owner: request.owner,
      version: request.version ?? "",
      who: request.who ?? "",
      published: Date.now(),
    };
  }

  /** Of one's own files those that may already be what is sent: to overwrite, only the replaced. */
  #candidates(request: StageRequest, own: readonly OwnFile[]): readonly OwnFile[] {
    const over = this.#replaced(request, own);
    return over === undefined ? own : own.filter(({ row }) => row.name === over.name);
  }

  /** The file that a request replaces, if it asks for that and one may be. */
  #replaced(
    { room, name, conflict }: StageRequest,
    own: readonly OwnFile[],
  ): { name: string; path: string } | undefined {
    if (conflict !== "overwrite") return undefined;
    if (this.#options.records !== undefined) {
      const file = own.find(({ row }) => row.name === name) ?? own[0];
      return file === undefined ? undefined : { name: file.row.name, path: file.path };
    }
    const found = findInside(this.#root(room), name);
    return found === undefined ? undefined : { name, path: found.path };
  }

  #publishUnder(
    request: StageRequest,
    place: { wanted: string; folder: string; staged: string; digest: string },
  ): string {
    const { name, room, conflict, blind } = request;
    const { wanted } = place;
    const { records } = this.#options;
    for (let number = 1; number <= NUMBERS; number++) {
      const candidate = number === 1 ? wanted : numberedName(wanted, number);
      const last = candidate.slice(candidate.lastIndexOf("/") + 1);
      if (findInside(place.folder, last) === undefined) {
        const row = this.#row(request, { ...place, name: candidate });
        records?.put(room, row);
        if (publishNew(place.staged, `${place.folder}/${last}`)) {
          records?.forgetOthers(room, row);
          return candidate;
        }
        records?.forget(room, row);
      }
      const wantsName = conflict === "fail" || conflict === "skip";
      if (wantsName && !blind) throw taken(name);
    }
    throw new FtError("exists", `Too many files have the name '${name}'.`);
  }
}

/** How many bytes of a request are here already, as far as its schedule of chunks tells. */
function heldBytes({ held }: Partial, { extent }: StageRequest): number {
  return held.reduce((sum, { index }) => sum + (extent?.(index).size ?? 0), 0);
}

/** The failure of a request that does not want another name. */
function taken(name: string): FtError {
  return new FtError("exists", `'${name}' exists.`, {
    hint: "Choose another name, or --on-conflict rename.",
  });
}

function identity(info: Deno.FileInfo): Pick<FileRecord, "size" | "ino" | "mtime"> {
  return { size: info.size, ino: String(info.ino), mtime: info.mtime?.getTime() ?? 0 };
}

/** The partial of what is not to be staged. */
const NOTHING: Partial = {
  held: [],
  version: undefined,
  write: refuse,
  keep: refuse,
  publish: refuse,
  close: () => Promise.resolve(),
  discard: () => Promise.resolve(),
};

function refuse(): never {
  throw new FtError("protocol", "It was only asked what would become of the file.");
}
