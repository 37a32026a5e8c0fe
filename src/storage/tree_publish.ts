/**
 * Small files of a tree getting their places, many at a time: first what is known of them goes into
 * the records, then each gets its name, then the records lose what is gone.
 *
 * @module
 */
import { FtError } from "../error.ts";
import { numberedName } from "../name.ts";
import { findInside, foldersOf, type Found, makeFolders } from "./confine.ts";
import { notOwnEntry } from "./conflict.ts";
import { storageFailure } from "./failure.ts";
import type { FileRecord } from "./file_record.ts";
import { placeNew, publishOver } from "./publish.ts";
import type { Records } from "./records.ts";
import type { WrittenFile } from "./small_files.ts";
import type { StagedFolder } from "./staged_group.ts";
import type { Staging } from "./staging.ts";
import type { Receipt } from "./store.ts";
import { isSyncing } from "./sync_folder.ts";
import type { TreeEntry, TreeRequest, WholeFile } from "./tree.ts";

/** Highest number a name gets before a further file of that name is refused. */
const NUMBERS = 1_000;

/** Where the files go. */
export interface TreePlace {
  readonly request: TreeRequest;
  /** The room's folder. */
  readonly root: string;
  /** The tree's name in the room. */
  readonly name: string;
  readonly records: Records | undefined;
  readonly staging: Pick<Staging, "path">;
  /** Whether it was there before: of a new one it is not looked at first what has a file's place. */
  readonly isOld: boolean;
}

/** A file, and where it goes. */
interface Move {
  readonly file: WholeFile;
  readonly written: WrittenFile;
  /** Undefined as long as it may come with it: the folder is staged, too. */
  readonly folder: string | undefined;
  /** Its name in the room, and the last part of it. */
  readonly name: string;
  readonly last: string;
  readonly isOver: boolean;
}

/** What became of one file, and the folders whose names have to be made to last. */
export interface Published {
  readonly results: Array<Receipt["outcome"] | FtError>;
  readonly folders: ReadonlySet<string>;
}

/** A file that is written. */
interface Written {
  readonly file: WholeFile;
  readonly written: WrittenFile;
}

/** Gives files their places. Runs in one turn. */
export function publishTogether(group: readonly Written[], place: TreePlace): Published {
  const { results, folders } = publishOnce(group, place);
  const taken = group.filter((_, at) => results[at] === undefined);
  if (taken.length > 0) {
    // Another run of the same owner is filling a new folder, too.
    const alone = taken.map((one) => ({ ...one, written: { ...one.written, folder: undefined } }));
    const again = publishOnce(alone, { ...place, isOld: true });
    for (const [at, result] of results.entries()) results[at] = result ?? again.results.shift();
  }
  const taking = new FtError("exists", "Something else took its place just now.");
  return { results: results.map((result) => result ?? taking), folders };
}

/** Likewise; what something else has the place of that was not looked at has no result. */
function publishOnce(
  group: readonly Written[],
  place: TreePlace,
): { results: Array<Receipt["outcome"] | FtError | undefined>; folders: Set<string> } {
  const { records, request, root } = place;
  const { room } = request;
  const folders = new Set<string>();
  const made = new Map<string, string | FtError>();
  const moves = group.map(({ file, written }) => {
    try {
      if (written.folder !== undefined) return moveTo(undefined, { file, written }, place);
      return planned({ file, written }, folderFor(file.entry, place, made, folders), place);
    } catch (thrown) {
      return storageFailure(thrown, `give '${file.entry.path}' its place`);
    }
  });
  const rows = moves.map((move) => isMove(move) ? rowOf(move, request) : undefined);
  records?.transaction(() => {
    for (const row of rows) if (row !== undefined) records.put(room, row);
  });
  moveFolders(moves.filter(isMove), place, folders);
  const results = moves.map((move) => {
    if (!isMove(move)) return move;
    if (move.written.folder?.isMoved) return "new";
    return moved(move, place, made, folders);
  });
  records?.transaction(() => {
    const found: string[] = [];
    for (const [at, row] of rows.entries()) {
      const result = results[at];
      if (result === undefined || result instanceof FtError) {
        if (row !== undefined) records.forget(room, row);
        continue;
      }
      if (result === "replaced" && row !== undefined) records.forgetOthers(room, row);
      const path = group[at]?.file.entry.path;
      if (path !== undefined) found.push(path);
    }
    records.trees.found(room, place.name, found);
  });
  for (const folder of [...folders]) {
    // Another transfer may have made a folder on the way, and be waiting for it to last.
    for (const one of foldersOf(root, folder)) if (isSyncing(one)) folders.add(one);
  }
  return { results, folders };
}

function isMove(move: Move | Receipt["outcome"] | FtError): move is Move {
  return typeof move === "object" && !(move instanceof FtError);
}

/** The folder that a file lies in: it is made and looked at once for all of its files. */
function folderFor(
  { path }: TreeEntry,
  { root, name }: TreePlace,
  made: Map<string, string | FtError>,
  folders: Set<string>,
): string {
  const full = `${name}/${path}`;
  const parent = full.slice(0, full.lastIndexOf("/"));
  let folder = made.get(parent);
  if (folder === undefined) {
    try {
      const { folder: found, changed } = makeFolders(root, full);
      folder = found;
      for (const one of changed) folders.add(one);
    } catch (thrown) {
      folder = storageFailure(thrown, `make the folder of '${path}'`);
    }
    made.set(parent, folder);
  }
  if (folder instanceof FtError) throw folder;
  folders.add(folder);
  return folder;
}

/**
 * Gives staged folders their places, the outer ones first, each with its files in one step: those
 * whose place nothing has. An empty folder gives way to one, anything else does not.
 */
function moveFolders(
  moves: readonly Move[],
  { root }: TreePlace,
  folders: Set<string>,
): void {
  const staged = new Map<StagedFolder, string>();
  for (const { written: { folder }, name } of moves) {
    if (folder?.isSound) staged.set(folder, name.slice(0, name.lastIndexOf("/")));
  }
  for (const [folder, name] of [...staged].sort(([, a], [, b]) => a.length - b.length)) {
    try {
      const { folder: parent, changed } = makeFolders(root, name);
      if (!isLike(parent, folder.path)) continue;
      const final = `${parent}/${name.slice(name.lastIndexOf("/") + 1)}`;
      Deno.renameSync(folder.path, final);
      for (const one of [...changed, parent, final]) folders.add(one);
      folder.isMoved = true;
    } catch {
      // Its files are given their places one by one, and each says what it fails of.
    }
  }
}

/**
 * Whether a folder that was made in `.ft` is like one made where it is to go: a group or rights that
 * are inherited there, it would lack. The folder around it was made there.
 */
function isLike(around: string, staged: string): boolean {
  const [there, here] = [Deno.lstatSync(around), Deno.lstatSync(staged)];
  return there.mode === here.mode && there.gid === here.gid;
}

function moveTo(
  folder: string | undefined,
  { file, written }: { readonly file: WholeFile; readonly written: WrittenFile },
  { name: tree }: TreePlace,
): Move {
  const name = `${tree}/${file.entry.path}`;
  const last = name.slice(name.lastIndexOf("/") + 1);
  return { file, written, folder, name, last, isOver: false };
}

/** Where a file goes; or what it is when it need not go there. */
function planned(
  one: { readonly file: WholeFile; readonly written: WrittenFile },
  folder: string,
  place: TreePlace,
): Move | Receipt["outcome"] {
  const { request, records, isOld } = place;
  const { entry: { path }, bytes } = one.file;
  const move = moveTo(folder, one, place);
  const { name, last } = move;
  const found = isOld ? findInside(folder, last) : undefined;
  if (found === undefined) return move;
  if (!found.info.isFile) throw new FtError("exists", `'${path}' is a folder or a link there.`);
  if (records !== undefined) {
    const row = records.get(request.room, name, found.info);
    if (row?.owner !== request.owner) {
      throw notOwnEntry(path, records.own(request.owner, request.room, name).length > 0);
    }
    if (request.conflict === "skip") return "skipped";
    if (request.conflict === "fail") throw new FtError("exists", `'${path}' exists.`);
    return { ...move, isOver: true };
  }
  if (request.conflict === "overwrite") return { ...move, isOver: true };
  if (holdsBytes(found, bytes)) return "same";
  if (request.conflict !== "rename") throw new FtError("exists", `'${path}' exists.`);
  for (let number = 2; number <= NUMBERS; number++) {
    const free = numberedName(last, number);
    const there = findInside(folder, free);
    if (there === undefined) return { ...move, last: free };
    if (holdsBytes(there, bytes)) return "same";
  }
  throw new FtError("exists", `Too many files have the name '${path}'.`);
}

/** Whether a file holds exactly these bytes. */
function holdsBytes({ path, info }: Found, bytes: Uint8Array): boolean {
  if (!info.isFile || info.size !== bytes.length) return false;
  return Deno.readFileSync(path).every((byte, at) => byte === bytes[at]);
}

/** What is recorded of a file, where there are records. */
function rowOf(
  { file, written: { info }, name }: Move,
  { owner, who }: TreeRequest,
): FileRecord | undefined {
  if (info === undefined) return undefined;
  return {
    name,
    requested: name,
    size: info.size,
    ino: String(info.ino),
    mtime: info.mtime?.getTime() ?? 0,
    digest: file.digest,
    owner,
    version: "",
    who: who ?? "",
    published: Date.now(),
  };
}

/** Gives one file its place; undefined where something has that. */
function moved(
  { written, folder, last, isOver, file: { entry } }: Move,
  place: TreePlace,
  made: Map<string, string | FtError>,
  folders: Set<string>,
): Receipt["outcome"] | FtError | undefined {
  try {
    const final = `${folder ?? folderFor(entry, place, made, folders)}/${last}`;
    if (isOver) {
      publishOver(written.path, final);
      return "replaced";
    }
    if (placeNew(written.path, final, place.staging.path)) return "new";
    return undefined;
  } catch (thrown) {
    return storageFailure(thrown, `give '${entry.path}' its place`);
  }
}
