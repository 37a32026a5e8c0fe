/**
 * Paths below a root that nothing leads out of. Deno resolves a path before it opens it, whatever
 * flags say, so confinement is a check of our own: every component is looked at without following
 * links, and what was opened is compared with what was looked at. A local writer who swaps folders
 * in between is detected where the system lets us, not excluded.
 *
 * @module
 */
import { FtError } from "../error.ts";
import { nameFault, numberedName, tooLong } from "../name.ts";

/** Something below a root, as it is called on disk. */
export interface Found {
  readonly path: string;
  readonly info: Deno.FileInfo;
}

function notFound(name: string): FtError {
  return new FtError("not_found", `File '${name}' not found.`);
}

const ABSENT: ReadonlySet<unknown> = new Set(["ENOENT", "ENOTDIR", "ENAMETOOLONG"]);

/** Whether an error says that nothing has a name: neither has what is too long for the system. */
export function isAbsent(thrown: unknown): boolean {
  if (thrown instanceof Deno.errors.NotFound) return true;
  return thrown instanceof Error && "code" in thrown && ABSENT.has(thrown.code);
}

/** What is at `path`, links not followed; undefined when nothing is. */
export function lookAt(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch (thrown) {
    if (isAbsent(thrown)) return undefined;
    throw thrown;
  }
}

/** A part as it may be on disk: some systems and people write names in Unicode's normal form D. */
export function usualForms(part: string): ReadonlySet<string> {
  return new Set([part, part.normalize("NFD")]);
}

function partOnDisk(folder: string, part: string): Found | undefined {
  for (const form of usualForms(part)) {
    const path = `${folder}/${form}`;
    const info = lookAt(path);
    if (info !== undefined) return { path, info };
  }
  return undefined;
}

/**
 * Whatever has the name `name` below `root`; undefined when nothing has, or a link leads there.
 *
 * @param root an absolute path without links.
 * @param name a canonical name.
 */
export function findInside(root: string, name: string): Found | undefined {
  const parts = name.split("/");
  const last = parts.pop() ?? "";
  let folder = root;
  for (const part of parts) {
    const found = partOnDisk(folder, part);
    if (!found?.info.isDirectory) return undefined;
    folder = found.path;
  }
  return partOnDisk(folder, last);
}

/**
 * Opens the regular file `name` below `root` for reading.
 *
 * @param found what has the name, where that is known.
 * @throws FtError `not_found` for anything that is no regular file, or lies behind a link.
 */
export function openInside(
  root: string,
  name: string,
  found: Found | undefined = findInside(root, name),
): { file: Deno.FsFile; path: string } {
  if (!found?.info.isFile) throw notFound(name);
  let file: Deno.FsFile;
  try {
    file = Deno.openSync(found.path, { read: true });
  } catch (thrown) {
    if (isAbsent(thrown)) throw notFound(name);
    throw thrown;
  }
  if (!isSame(file.statSync(), found.info) || !isInside(root, found.path)) {
    file.close();
    throw notFound(name);
  }
  return { file, path: found.path };
}

/** Tells one file of this machine from every other. */
export type FileId = Pick<Deno.FileInfo, "dev" | "ino">;

/** Whether two looks saw one file. */
export function isSame(a: FileId, b: FileId): boolean {
  return a.ino === b.ino && a.dev === b.dev;
}

/** Whether `path` exists below `root` with no link on the way. */
export function isInside(root: string, path: string): boolean {
  return path.startsWith(`${root}/`) && isReal(path);
}

/** Whether a folder is at `path`, with no link on the way. */
export function isFolder(path: string): boolean {
  return lookAt(path)?.isDirectory === true && isReal(path);
}

/** Whether `path` exists with no link on the way. */
export function isReal(path: string): boolean {
  try {
    return slashed(Deno.realPathSync(path)) === slashed(path);
  } catch {
    return false;
  }
}

/** Windows writes its own paths with backslashes, and takes both. */
function slashed(path: string): string {
  return Deno.build.os === "windows" ? path.replaceAll("\\", "/") : path;
}

/**
 * A name whose folders can be made: one in whose place a file is, or that `isTaken` says is not to be
 * entered, gets a number, like a file whose name is taken.
 */
export function nameAround(
  root: string,
  name: string,
  isTaken: (folder: string) => boolean = () => false,
): string {
  const parts = name.split("/");
  const last = parts.pop() ?? "";
  let folders = "";
  for (const part of parts) {
    const wanted = folders + part;
    const stands = (name: string) =>
      findInside(root, name)?.info.isDirectory === false || isTaken(name);
    let free = wanted;
    for (let number = 2; stands(free); number++) free = numberedName(wanted, number);
    folders = `${free}/`;
  }
  if (nameFault(folders + last) !== undefined) throw tooLong();
  return folders + last;
}

/** The folders from `root` down to where `path` lies. */
export function foldersOf(root: string, path: string): string[] {
  const folders = [root];
  for (let at = path.indexOf("/", root.length + 1); at > 0; at = path.indexOf("/", at + 1)) {
    folders.push(path.slice(0, at));
  }
  return folders;
}

/** The folder that a name lies in, and the folders in which something was made on the way there. */
export interface Folders {
  readonly folder: string;
  readonly changed: readonly string[];
}

/**
 * The folder that `name` lies in, made where it is missing, with no link on the way.
 *
 * @throws FtError `exists` when something that is no folder stands in the way.
 */
export function makeFolders(root: string, name: string): Folders {
  const parts = name.split("/").slice(0, -1);
  const changed: string[] = [];
  let folder = root;
  for (const part of parts) {
    if (partOnDisk(folder, part) === undefined) {
      try {
        Deno.mkdirSync(`${folder}/${part}`);
        changed.push(folder);
      } catch (thrown) {
        if (!(thrown instanceof Deno.errors.AlreadyExists)) throw thrown;
      }
    }
    const found = partOnDisk(folder, part);
    if (!found?.info.isDirectory) {
      throw new FtError("exists", `Cannot make the folder of '${name}': a file is in its place.`);
    }
    folder = found.path;
  }
  if (folder !== root && !isInside(root, folder)) {
    throw new FtError("io", `The folder of '${name}' changed meanwhile.`);
  }
  return { folder, changed };
}
