import { FtError } from "../error.ts";
import { nameFault, numberedName } from "../name.ts";
import { isInside, makeFolders, openInside } from "./confine.ts";
import { storageFailure } from "./failure.ts";
import { remove } from "./folder_partial.ts";
import { LocalSource, tagOf } from "./local_source.ts";
import { publishNew, publishOver, syncFolder } from "./publish.ts";
import { type FileRecord, holds, type Records } from "./records.ts";
import { Staging } from "./staging.ts";
import type { Item, Partial, Receipt, Room, Source, StageRequest, Store } from "./store.ts";

/** Highest number a name gets before a further file of that name is refused. */
const NUMBERS = 100_000;
/** Entries looked at before other work gets a turn. */
const TURN_ENTRIES = 500;

/** Where a folder store keeps what. Paths are absolute and without links. */
export interface FolderStoreOptions {
  /** The folder of each room. */
  readonly rooms: { readonly [R in Room]?: string };
  /** The folder of what is under way, on the file system of every room that is written to. */
  readonly staging: string;
  /** Whose files are what. Without records every file of a room belongs to whoever writes. */
  readonly records?: Records;
  /** Called when no partial is open any more. */
  readonly onIdle?: () => void;
}

/** Rooms that are folders. */
export class FolderStore implements Store {
  readonly staging: Staging;
  readonly #options: FolderStoreOptions;

  constructor(options: FolderStoreOptions) {
    this.#options = options;
    this.staging = new Staging(
      options.staging,
      (request, path, size, digest) => this.#publish(request, path, size, digest),
      options.onIdle,
    );
  }

  #root(room: Room): string {
    const root = this.#options.rooms[room];
    if (root === undefined) throw new FtError("denied", `There is no room '${room}' here.`);
    return root;
  }

  async *items(room: Room): AsyncGenerator<Item> {
    const rows = this.#options.records?.room(room);
    let looked = 0;
    for (const { name, info } of filesBelow(this.#root(room), "")) {
      if (++looked % TURN_ENTRIES === 0) await new Promise<void>((turn) => setImmediate(turn));
      if (info === undefined) continue;
      const row = rows?.get(name);
      const published = row !== undefined && row.owner !== "" && holds(row, info);
      const time = published ? row.published : info.mtime?.getTime() ?? 0;
      yield { name, size: info.size, time, tag: tagOf(info) };
    }
  }

  // deno-lint-ignore require-await -- a store elsewhere has to wait
  async open(room: Room, name: string, tag?: string): Promise<Source> {
    try {
      const { file, path } = openInside(this.#root(room), name);
      const info = file.statSync();
      const row = this.#options.records?.get(room, name);
      const digest = row !== undefined && holds(row, info) ? row.digest : undefined;
      const source = new LocalSource(file, path, digest);
      if (tag === undefined || tag === tagOf(source.info)) return source;
      source.close();
      throw new FtError("stale", `'${name}' is not the file that was listed.`, {
        hint: "List again and choose from the new list.",
      });
    } catch (thrown) {
      throw storageFailure(thrown, `open '${name}'`);
    }
  }

  note(room: Room, name: string, source: Source, digest: string): void {
    if (!(source instanceof LocalSource) || !source.isUnchanged()) return;
    const known = this.#options.records?.get(room, name);
    // A row of an owner's file has its digest already.
    if (known !== undefined && holds(known, source.info)) return;
    this.#options.records?.put(room, {
      ...identity(source.info),
      name,
      requested: name,
      digest,
      owner: "",
      version: "",
      published: source.mtime ?? 0,
    });
  }

  async stage(request: StageRequest): Promise<Partial | Receipt> {
    const settled = this.#settled(request);
    if (settled !== undefined) return settled;
    const partial = await this.staging.open(request);
    // An older run of the same transfer may just have finished while we waited for it to end.
    const meanwhile = this.#settled(request);
    if (meanwhile === undefined) return partial;
    await partial.discard();
    return meanwhile;
  }

  /** The receipt of what needs no bytes: sent before from this very version, or to be left alone. */
  #settled(request: StageRequest): Receipt | undefined {
    const { room, name, version, size, conflict } = request;
    for (const { row } of this.#ownFiles(request)) {
      if (version !== undefined && row.version === version && row.size === size) {
        return { name: row.name, size: row.size, digest: row.digest, outcome: "same" };
      }
    }
    if (conflict === "rename") return undefined;
    // In the private room only one's own files are spoken of.
    const own = this.#ownFiles(request).length > 0;
    const isTaken = room === "private" ? own : lookAt(`${this.#root(room)}/${name}`) !== undefined;
    if (!isTaken) return undefined;
    if (conflict === "skip") return { name, size: 0, digest: "", outcome: "skipped" };
    if (conflict === "fail") throw taken(name);
    if (!own && this.#options.records !== undefined) {
      throw new FtError("denied", `'${name}' is somebody else's: only its owner replaces it.`, {
        hint: "Choose another name, or --on-conflict rename.",
      });
    }
    return undefined;
  }

  /** The files that the owner of a request sent before under its name, and that are still there. */
  #ownFiles({ room, name, owner }: StageRequest): { row: FileRecord; path: string }[] {
    const rows = this.#options.records?.own(owner, room, name) ?? [];
    return rows.flatMap((row) => {
      const path = `${this.#root(room)}/${row.name}`;
      const info = lookAt(path);
      return info !== undefined && holds(row, info) ? [{ row, path }] : [];
    });
  }

  #publish(request: StageRequest, staged: string, size: number, digest: string): Receipt {
    const root = this.#root(request.room);
    const folder = makeFolders(root, request.name);
    if (folder !== root && !isInside(root, folder)) {
      throw new FtError("io", `The folder of '${request.name}' changed meanwhile.`);
    }
    const own = this.#ownFiles(request);
    const same = own.find(({ row }) => row.digest === digest);
    if (same !== undefined) {
      remove(staged);
      return { name: same.row.name, size, digest, outcome: "same" };
    }
    if (request.mtime !== undefined) Deno.utimeSync(staged, new Date(), new Date(request.mtime));
    const info = Deno.lstatSync(staged);
    const record = (name: string) =>
      this.#options.records?.put(request.room, {
        ...identity(info),
        name,
        requested: request.name,
        digest,
        owner: request.owner,
        version: request.version ?? "",
        published: Date.now(),
      });
    const over = this.#replaced(request, own);
    if (over !== undefined) {
      record(over);
      publishOver(staged, `${root}/${over}`);
      syncFolder(folder);
      return { name: over, size, digest, outcome: "replaced" };
    }
    const name = this.#publishUnder(request, root, staged, record);
    syncFolder(folder);
    return { name, size, digest, outcome: "new" };
  }

  /** The name of the file that a request replaces, if it asks for that and one may be. */
  #replaced(request: StageRequest, own: { row: FileRecord }[]): string | undefined {
    if (request.conflict !== "overwrite") return undefined;
    if (this.#options.records !== undefined) {
      const row = own.find(({ row }) => row.name === request.name)?.row ?? own[0]?.row;
      return row?.name;
    }
    const there = lookAt(`${this.#root(request.room)}/${request.name}`);
    return there === undefined ? undefined : request.name;
  }

  #publishUnder(
    { name, room, conflict }: StageRequest,
    root: string,
    staged: string,
    record: (name: string) => void,
  ): string {
    for (let number = 1; number <= NUMBERS; number++) {
      const candidate = number === 1 ? name : numberedName(name, number);
      if (lookAt(`${root}/${candidate}`) === undefined) {
        record(candidate);
        if (publishNew(staged, `${root}/${candidate}`)) return candidate;
      }
      const wantsName = conflict === "fail" || conflict === "skip";
      if (wantsName && room !== "private") throw taken(name);
    }
    throw new FtError("exists", `Too many files have the name '${name}'.`);
  }
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

function lookAt(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch (thrown) {
    if (thrown instanceof Deno.errors.NotFound) return undefined;
    throw thrown;
  }
}

/** Every regular file below a folder with its name; info is undefined for what cannot be offered. */
function* filesBelow(
  folder: string,
  prefix: string,
): Generator<{ name: string; info: Deno.FileInfo | undefined }> {
  let entries: Deno.DirEntry[];
  try {
    entries = [...Deno.readDirSync(folder)];
  } catch {
    return;
  }
  for (const entry of entries) {
    const name = prefix + entry.name.normalize("NFC");
    if (entry.isSymlink || nameFault(name) !== undefined) yield { name, info: undefined };
    else if (entry.isDirectory) yield* filesBelow(`${folder}/${entry.name}`, `${name}/`);
    else if (entry.isFile) yield { name, info: lookAt(`${folder}/${entry.name}`) };
  }
}
