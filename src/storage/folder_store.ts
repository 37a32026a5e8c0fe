import { FtError } from "../error.ts";
import { ChunkLists } from "./chunk_lists.ts";
import { findInside, foldersOf, type Found, isFolder, makeFolders, openInside } from "./confine.ts";
import { readFailure, storageFailure } from "./failure.ts";
import type { FolderPartial, Placed } from "./folder_partial.ts";
import { type FileRecord, holds, recordOf } from "./file_record.ts";
import { FolderTrees } from "./folder_trees.ts";
import { forgetGone } from "./gone.ts";
import { heldBytes } from "./held_chunks.ts";
import { requireHoldable } from "./holdable.ts";
import { findListed } from "./listed_name.ts";
import { knownDigest, LocalSource, stampOf, tagOf } from "./local_source.ts";
import { remove } from "./lock.ts";
import { noteDigest } from "./note.ts";
import { namesInTurn, numberedFiles } from "./numbered.ts";
import { NOTHING_STAGED } from "./nothing_staged.ts";
import { publishNew, publishOver } from "./publish.ts";
import type { Records } from "./records.ts";
import { notOwn, taken } from "./conflict.ts";
import { roomAbout } from "./room_about.ts";
import { RoomItems } from "./room_items.ts";
import { isPlain, SharedRoom } from "./shared_room.ts";
import type { Space } from "./space.ts";
import { isResumable, Staging } from "./staging.ts";
import type {
  About,
  Claimant,
  Item,
  Partial,
  Receipt,
  Room,
  Source,
  StageRequest,
  Store,
  View,
} from "./store.ts";
import { isSyncing } from "./sync_folder.ts";

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
  /** Throws when so many bytes do not fit, where no {@linkcode space} says it. */
  readonly fits?: (bytes: number) => Promise<void>;
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
  /** The life of what is shared, where there are records of it. */
  readonly shared: SharedRoom | undefined;
  readonly #options: FolderStoreOptions;
  readonly #chunks = new ChunkLists();
  readonly #items: RoomItems;

  constructor(options: FolderStoreOptions) {
    this.#options = options;
    const { records, space, fits } = options;
    const root = (room: Room) => this.#root(room);
    this.#items = new RoomItems(records);
    this.shared = records && new SharedRoom(() => root("shared"), records);
    this.staging = new Staging(
      options.staging,
      (request, path, size, digest) => this.#publish(request, path, size, digest),
      options.onIdle,
    );
    const { staging, shared } = this;
    this.trees = new FolderTrees({ root, staging, records, space, shared, fits });
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

  pages(room: Room, view?: View): AsyncGenerator<readonly Item[]> {
    return this.#items.pages(room, this.#root(room), view, this.trees.listing(room, view));
  }

  async open(room: Room, name: string, tag?: string, claimant?: Claimant): Promise<Source> {
    const root = this.#root(room);
    const isMeant = (info: Deno.FileInfo) => tag === undefined || tag === tagOf(info);
    let file: Deno.FsFile | undefined;
    try {
      const found = await findListed(root, name, isMeant);
      this.trees.requireListed(room, name);
      const opened = openInside(root, name, found);
      file = opened.file;
      const info = file.statSync();
      if (tag !== undefined && tag !== tagOf(info)) {
        throw new FtError("stale", `'${name}' is not the file that was listed.`, {
          hint: "List again and choose from the new list.",
        });
      }
      const digest = knownDigest(this.#options.records?.get(room, name, info), info);
      const chunks = this.#chunks.get(room, name, stampOf(info));
      const terms = room === "shared" ? this.shared?.secretOf(name, info) : undefined;
      const claim = room === "shared" ? this.shared?.admit(name, info, claimant) : undefined;
      return new LocalSource(file, opened.path, { digest, claim, chunks, terms });
    } catch (thrown) {
      file?.close();
      throw readFailure(thrown, `read '${name}'`);
    }
  }

  numbered(room: Room, name: string, size: number): Iterable<string> {
    return numberedFiles(this.#root(room), name, size);
  }

  note(room: Room, name: string, source: Source, digest: string, chunks?: Uint8Array): void {
    const { records } = this.#options;
    if (records === undefined || !noteDigest(records, { room, name, source }, digest)) return;
    // Those that were known may have been forgotten meanwhile, and not without a reason.
    const { version, chunks: known } = source;
    if (version === undefined || known !== undefined || chunks === undefined) return;
    this.#chunks.put(room, name, { version, digests: chunks });
  }

  /** Forgets what is known of files that are gone, so that the records end with the rooms. */
  async forgetGone(): Promise<void> {
    const { records, rooms } = this.#options;
    if (records === undefined) return;
    for (const room of Object.keys(rooms) as Room[]) {
      await forgetGone(records, room, this.#root(room));
      this.trees.forgetGone(room);
    }
  }

  async about(room: Room, name: string, view: View): Promise<About> {
    const { records } = this.#options;
    this.trees.requireListed(room, name);
    return await roomAbout({ room, root: this.#root(room), records }, name, view);
  }

  async unshare(name: string, view?: View): Promise<About> {
    if (this.shared !== undefined) return await this.shared.unshare(name, view);
    throw new FtError("not_found", `File '${name}' not found.`);
  }

  async stage(request: StageRequest): Promise<Partial | Receipt> {
    requireHoldable(request.name);
    const { space, fits } = this.#options;
    let partial: FolderPartial | undefined;
    try {
      this.trees.enter(request);
      const settled = this.#settled(request);
      if (settled !== undefined) return settled;
      space?.check(request);
      if (request.dry) return NOTHING_STAGED;
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
        await claim.reserve(heldBytes(partial.held, request.extent));
      }
      // What is small leaves nothing behind when it does not fit.
      if (fits !== undefined && isResumable(request)) {
        const here = Math.max(heldBytes(partial.held, request.extent), partial.occupied);
        await fits(Math.max(0, request.size - here));
      }
      return partial;
    } catch (thrown) {
      await partial?.close();
      throw storageFailure(thrown, `stage '${request.name}'`);
    }
  }

  /** The receipt of what needs no bytes: sent before from this very version, or to be left alone. */
  #settled(request: StageRequest): Receipt | undefined {
    const { room, name, version, size, conflict, blind, digest, again } = request;
    if (room === "shared" && !again) this.shared?.clear(name);
    const own = this.#ownFiles(request);
    for (const { row } of this.#candidates(request, own)) {
      const isVersion = version !== undefined && row.version === version && row.size === size;
      if (!again && (isVersion || row.digest === digest)) {
        this.shared?.renew(request, row);
        return { name: row.name, size: row.size, digest: row.digest, outcome: "same" };
      }
    }
    if (conflict === "rename") return undefined;
    const isTaken = own.length > 0 ||
      (!blind && findInside(this.#root(room), name) !== undefined && !this.#isOver(room, name));
    if (!isTaken) return undefined;
    if (conflict === "skip") return { name, size: 0, digest: "", outcome: "skipped" };
    if (conflict === "fail") throw taken(name);
    if (own.length === 0 && this.#options.records !== undefined) throw notOwn(name);
    return undefined;
  }

  /** Whether what has a name is seen no more, though it may still be on the disk. */
  #isOver(room: Room, name: string): boolean {
    return room === "shared" && this.shared?.isOver(name) === true;
  }

  /** The files that the owner of a request sent before under its name, and that are still there. */
  #ownFiles({ room, name, owner, terms }: StageRequest): OwnFile[] {
    const root = this.#root(room);
    const rows = this.#options.records?.own(owner, room, name) ?? [];
    return rows.flatMap((row) => {
      const found = findInside(root, row.name);
      if (found === undefined || !holds(row, found.info) || this.#isOver(room, row.name)) return [];
      // What is in a folder that is shared as one gets no terms of its own.
      if (!isPlain(terms) && this.trees.isInside(room, row.name)) return [];
      return [{ row, ...found }];
    });
  }

  #publish(request: StageRequest, staged: string, size: number, digest: string): Placed {
    const root = this.#root(request.room);
    const wanted = this.trees.placeOf(request);
    const own = this.#ownFiles(request);
    const same = request.again
      ? undefined
      : this.#candidates(request, own).find(({ row }) => row.digest === digest);
    if (same !== undefined) {
      remove(staged);
      this.shared?.renew(request, same.row);
      const receipt = { name: same.row.name, size, digest, outcome: "same" } as const;
      return { receipt, folders: foldersOf(root, same.path).filter(isSyncing) };
    }
    const { folder, changed } = makeFolders(root, wanted);
    const over = this.#replaced(request, own);
    const name = over?.name ?? this.#publishUnder(request, { wanted, folder, staged, digest });
    if (over !== undefined) {
      const row = recordOf(request, name, { staged, digest });
      this.#record(request, row);
      publishOver(staged, over.path);
      this.#options.records?.forgetOthers(request.room, row);
    }
    this.trees.placed(request.room, name);
    // Another transfer may have made a folder on the way, and be waiting for it to last.
    const underWay = foldersOf(root, `${folder}/${name}`).filter(isSyncing);
    return {
      receipt: { name, size, digest, outcome: over === undefined ? "new" : "replaced" },
      folders: new Set([folder, ...changed, ...underWay]),
    };
  }

  /** Keeps what is known of it; its terms first, without which it could be had for ever. */
  #record(request: StageRequest, row: FileRecord): void {
    const share = this.shared?.shareOf(request, row.name, row.ino);
    if (share !== undefined) this.shared?.put(share);
    this.#options.records?.put(request.room, row);
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
    for (const candidate of namesInTurn(wanted)) {
      const last = candidate.slice(candidate.lastIndexOf("/") + 1);
      if (findInside(place.folder, last) === undefined) {
        const row = recordOf(request, candidate, place);
        this.#record(request, row);
        if (publishNew(place.staged, `${place.folder}/${last}`)) {
          records?.forgetOthers(room, row);
          return candidate;
        }
        records?.forget(room, row);
      }
      const wantsName = conflict === "fail" || conflict === "skip";
      if (wantsName && !blind && !this.#isOver(room, wanted)) throw taken(name);
    }
    throw new FtError("exists", `Too many files have the name '${name}'.`);
  }
}
