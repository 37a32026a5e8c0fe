/**
 * Paths below a root that nothing leads out of. Deno resolves a path before it opens it, whatever
 * flags say, so confinement is a check of our own: every component is looked at without following
 * links, and what was opened is compared with what was looked at. A local writer who swaps folders
 * in between is detected where the system lets us, not excluded.
 *
 * @module
 */
import { FtError } from "../error.ts";

function notFound(name: string): FtError {
  return new FtError("not_found", `File '${name}' not found.`);
}

function lookAt(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch (thrown) {
    if (thrown instanceof Deno.errors.NotFound || isNotADirectory(thrown)) return undefined;
    throw thrown;
  }
}

function isNotADirectory(thrown: unknown): boolean {
  return thrown instanceof Error && "code" in thrown && thrown.code === "ENOTDIR";
}

/** A part as it is on disk: some systems and people write names in Unicode's normal form D. */
function partOnDisk(folder: string, part: string): { path: string; info: Deno.FileInfo } | null {
  const path = `${folder}/${part}`;
  const info = lookAt(path);
  if (info !== undefined) return { path, info };
  const other = part.normalize("NFD");
  const otherInfo = other === part ? undefined : lookAt(`${folder}/${other}`);
  return otherInfo === undefined ? null : { path: `${folder}/${other}`, info: otherInfo };
}

/**
 * Opens the regular file `name` below `root` for reading.
 *
 * @param root an absolute path without links.
 * @param name a canonical name.
 * @throws FtError `not_found` for anything that is no regular file, or lies behind a link.
 */
export function openInside(root: string, name: string): { file: Deno.FsFile; path: string } {
  const parts = name.split("/");
  const last = parts.pop() ?? "";
  let folder = root;
  for (const part of parts) {
    const found = partOnDisk(folder, part);
    if (!found?.info.isDirectory) throw notFound(name);
    folder = found.path;
  }
  const found = partOnDisk(folder, last);
  if (!found?.info.isFile) throw notFound(name);
  let file: Deno.FsFile;
  try {
    file = Deno.openSync(found.path, { read: true });
  } catch (thrown) {
    if (thrown instanceof Deno.errors.NotFound) throw notFound(name);
    throw thrown;
  }
  const info = file.statSync();
  const same = info.ino === found.info.ino && info.dev === found.info.dev;
  if (!same || !isInside(root, found.path)) {
    file.close();
    throw notFound(name);
  }
  return { file, path: found.path };
}

/** Whether `path` exists below `root` with no link on the way. */
export function isInside(root: string, path: string): boolean {
  try {
    return path.startsWith(`${root}/`) && Deno.realPathSync(path) === path;
  } catch {
    return false;
  }
}

/**
 * The folder that `name` lies in, made where it is missing, with no link on the way.
 *
 * @throws FtError `exists` when something that is no folder stands in the way.
 */
export function makeFolders(root: string, name: string): string {
  const parts = name.split("/").slice(0, -1);
  let folder = root;
  for (const part of parts) {
    folder = `${folder}/${part}`;
    if (lookAt(folder) === undefined) {
      try {
        Deno.mkdirSync(folder);
      } catch (thrown) {
        if (!(thrown instanceof Deno.errors.AlreadyExists)) throw thrown;
      }
    }
    if (!lookAt(folder)?.isDirectory) {
      throw new FtError("exists", `Cannot make the folder of '${name}': a file is in its place.`);
    }
  }
  return folder;
}
