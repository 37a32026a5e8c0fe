/**
 * What a room was found to have, in the order of its list, so that a list need not read all folders
 * and sort all files before its first line. It is kept between lists and never believed: which names
 * a folder has is told by its times, and a file is looked at again before anything is said of it.
 *
 * @module
 */
import { nameFault } from "../name.ts";
import { type ListedFile, ListedFiles, type ListedFolder } from "./listed_files.ts";
import { SETTLED_MS, stampOf } from "./local_source.ts";
import type { Item, Room } from "./store.ts";
import type { Records } from "./records.ts";
import { attempt } from "./walk.ts";

/** Files looked at before other work gets a turn. */
export const TURN_FILES = 100;

/** A folder with what is in it, by the names on the disk. */
interface Folder extends ListedFolder {
  /**
   * What tells whether a name came or went since it was read; undefined where that cannot be told.
   * Change times are whole seconds here, and they alone cannot be set back: a folder that changed
   * just before it was read may change again and look the same.
   */
  stamp: string | undefined;
  files: Map<string, ListedFile>;
  folders: Map<string, Folder>;
}

/** The files of a room in order. It stays as it is while the index goes on to change. */
export interface Order {
  readonly files: readonly ListedFile[];
  /** The time of each by which it has its place; that of the file may be another by now. */
  readonly times: Float64Array;
}

/** What orders items: oldest first, then by name. */
export function byAge(a: Pick<Item, "time" | "name">, b: Pick<Item, "time" | "name">): number {
  return a.time - b.time || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
}

/** Gives other work a turn. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A file that was found and not looked at. */
const NOTHING: Item = { name: "", size: 0, time: 0, tag: "" };

/** The index of one room. */
export class RoomIndex {
  readonly files: ListedFiles;
  readonly #root: Folder;
  #order: Order = { files: [], times: new Float64Array() };
  readonly #now: () => number;
  #refreshing: Promise<unknown> = Promise.resolve();
  #visited = 0;
  /** Files of {@linkcode Order} that are gone, and those that have no place in it yet. */
  #gone = new Set<ListedFile>();
  #added: ListedFile[] = [];

  /**
   * @param root the folder of the room, without links.
   * @param now the clock on the wall.
   */
  constructor(room: Room, root: string, records: Records | undefined, now: () => number) {
    this.#now = now;
    this.files = new ListedFiles(room, records);
    this.#root = folderAt(root, "");
  }

  /** Reads what has changed of the folders; `isTree` names folders that are not to be read. */
  refresh(isTree: (name: string) => boolean): Promise<Order> {
    // A folder that another list has just read may have changed since.
    const refreshed = this.#refreshing.then(() => this.#refresh(isTree));
    this.#refreshing = refreshed.catch(() => {});
    return refreshed;
  }

  async #refresh(isTree: (name: string) => boolean): Promise<Order> {
    await this.#visit(this.#root, isTree);
    const { files, times } = this.#order;
    // Files that were written since have another place now.
    const isInOrder = this.#added.length === 0 && this.#gone.size === 0 &&
      files.every(({ item }, at) => item.time === times[at]);
    if (isInOrder) return this.#order;
    const isThere = (file: ListedFile) => !this.#gone.has(file);
    const all = files.filter(isThere).concat(this.#added.filter(isThere));
    all.sort((a, b) => byAge(a.item, b.item));
    this.#gone.clear();
    this.#added = [];
    return this.#order = {
      files: all,
      times: Float64Array.from(all, ({ item }) => item.time),
    };
  }

  async #visit(folder: Folder, isTree: (name: string) => boolean): Promise<void> {
    if (++this.#visited % TURN_FILES === 0) await turn();
    const info = attempt(() => Deno.lstatSync(folder.path));
    if (!info?.isDirectory) return this.#empty(folder);
    if (folder.stamp === undefined || folder.stamp !== stampOf(info)) {
      await this.#read(folder, info);
    }
    for (const inner of folder.folders.values()) {
      if (isTree(inner.prefix.slice(0, -1))) this.#empty(inner);
      else await this.#visit(inner, isTree);
    }
  }

  async #read(folder: Folder, info: Deno.FileInfo): Promise<void> {
    const isSettled = info.ctime !== null && this.#now() - info.ctime.getTime() > SETTLED_MS;
    const found = attempt(() => [...Deno.readDirSync(folder.path)]) ?? [];
    const { files, folders } = folder;
    folder.info = info;
    folder.files = new Map();
    folder.folders = new Map();
    // Until all of it is known.
    folder.stamp = undefined;
    const added: ListedFile[] = [];
    for (const { name: part, isFile, isDirectory } of found) {
      const name = folder.prefix + part.normalize("NFC");
      if (!isFile && !isDirectory || nameFault(name) !== undefined) continue;
      if (isDirectory) {
        const path = `${folder.path}/${part}`;
        folder.folders.set(part, folders.get(part) ?? folderAt(path, `${name}/`));
        folders.delete(part);
        continue;
      }
      const before = files.get(part);
      const file = before ??
        { folder, part, item: { ...NOTHING, name }, owner: "", known: "never", seen: 0 };
      folder.files.set(part, file);
      if (before === undefined) added.push(file);
      files.delete(part);
    }
    for (const file of files.values()) this.#gone.add(file);
    for (const inner of folders.values()) this.#empty(inner);
    for (const file of added) this.#added.push(file);
    for (let at = 0; at < added.length; at += TURN_FILES) {
      this.files.look(added.slice(at, at + TURN_FILES), 0);
      await turn();
    }
    if (isSettled) folder.stamp = stampOf(info);
  }

  /** Forgets what was in a folder. */
  #empty(folder: Folder): void {
    for (const file of folder.files.values()) this.#gone.add(file);
    for (const inner of folder.folders.values()) this.#empty(inner);
    folder.files.clear();
    folder.folders.clear();
    folder.stamp = undefined;
  }
}

function folderAt(path: string, prefix: string): Folder {
  return {
    path,
    prefix,
    info: undefined,
    round: 0,
    isThere: false,
    stamp: undefined,
    files: new Map(),
    folders: new Map(),
  };
}
