/**
 * The end of a folder that arrives: its empty folders, its links, and the times of its folders.
 * Links come last, when all else is in its place, and only where they lead to nothing outside:
 * whoever sent them may mean harm.
 *
 * @module
 */
import { FtError } from "../error.ts";
import { acceptName } from "../name.ts";
import { findInside, isInside, makeFolders } from "./confine.ts";
import { storageFailure } from "./failure.ts";
import { requireHoldable } from "./holdable.ts";
import type { EntryKind, TreeFailure } from "./tree.ts";
import { TreeFailures } from "./tree_failures.ts";
import { leadsOut, readTarget, targetFault } from "./link_target.ts";

/** Entries after which other work gets a turn. */
const TURN_ENTRIES = 100;

/** What of an entry matters here. */
export interface FinishedEntry {
  /** Name below the tree. */
  readonly path: string;
  readonly kind: EntryKind;
  /** Last modification in milliseconds since 1970. */
  readonly mtime?: number | undefined;
  /** What a link says. */
  readonly target?: string | undefined;
}

/** What of a tree could not be finished, and where names changed that have to last. */
export interface FinishedTree {
  readonly failures: TreeFailure[];
  readonly folders: Set<string>;
}

/** A link that was made. */
interface MadeLink {
  readonly path: string;
  readonly target: string;
  /** The folder it lies in. */
  readonly folder: string;
  readonly local: string;
}

/**
 * Makes the folders and links of a tree and sets the times of its folders. What is there stays:
 * a folder is that folder, a link of the same text that link, anything else is a failure of the
 * entry, and of nothing but it.
 *
 * @param root the tree's own folder: an absolute path without links.
 * @param entries in any order; files among them are passed over.
 * @param options the last modification of the root itself, where it is to be set, and whether a link
 * takes the place of another one.
 */
export async function finishTree(
  root: string,
  entries: readonly FinishedEntry[],
  { mtime, overLinks = false }: {
    readonly mtime: number | undefined;
    readonly overLinks?: boolean;
  },
): Promise<FinishedTree> {
  const failures = new TreeFailures();
  const changed = new Set<string>();
  let attempts = 0;
  const attempt = async (path: string, action: string, act: () => void) => {
    if (++attempts % TURN_ENTRIES === 0) await new Promise<void>((turn) => setImmediate(turn));
    try {
      act();
    } catch (thrown) {
      failures.add(path, storageFailure(thrown, `${action} '${path}'`));
    }
  };
  const folders = entries.filter(({ kind }) => kind === "folder");
  for (const { path } of folders) {
    await attempt(path, "make the folder", () => makeFolder(root, path, changed));
  }
  const made: MadeLink[] = [];
  for (const { path, kind, target = "" } of entries) {
    if (kind !== "link") continue;
    await attempt(path, "make the link", () => {
      const link = makeLink(root, { path, target, isOver: overLinks }, changed);
      if (link !== undefined) made.push(link);
    });
  }
  // Once more: each was judged by what was there then.
  for (const { path, target, folder, local } of made) {
    await attempt(path, "look at the link", () => {
      const fault = leadsOut(root, partsOf(root, folder), target);
      if (fault === undefined) return;
      Deno.removeSync(local);
      throw linkFailure(path, fault);
    });
  }
  // The innermost first: to make something in a folder changes its time.
  const depth = ({ path }: FinishedEntry) => path.split("/").length;
  for (const { path, mtime } of folders.toSorted((a, b) => depth(b) - depth(a))) {
    if (failures.has(path)) continue;
    await attempt(path, "set the time of", () => setTime(root, path, mtime));
  }
  if (mtime !== undefined) await attempt("", "set the time of", () => setTime(root, "", mtime));
  return { failures: failures.list(), folders: changed };
}

function makeFolder(root: string, path: string, changed: Set<string>): void {
  requireName(path);
  // What lies in it does not matter: the folders on the way are made.
  try {
    for (const folder of makeFolders(root, `${path}/x`).changed) changed.add(folder);
  } catch (thrown) {
    if (!(thrown instanceof FtError)) throw thrown;
    const why = thrown.code === "exists"
      ? "something else is in its place"
      : "it changed meanwhile";
    throw new FtError(thrown.code, `Cannot make the folder '${path}': ${why}.`, { cause: thrown });
  }
}

/** Makes a link; undefined when it is there. */
function makeLink(
  root: string,
  { path, target, isOver }: {
    readonly path: string;
    readonly target: string;
    readonly isOver: boolean;
  },
  changed: Set<string>,
): MadeLink | undefined {
  requireName(path);
  const fault = targetFault(target);
  if (fault !== undefined) throw linkFailure(path, fault);
  const found = findInside(root, path);
  if (found !== undefined) {
    if (found.info.isSymlink && readTarget(found.path) === target) return undefined;
    if (!isOver || !found.info.isSymlink) {
      throw new FtError("exists", `Something else has the name of the link '${path}'.`);
    }
  }
  const { folder, changed: makers } = makeFolders(root, path);
  const out = leadsOut(root, partsOf(root, folder), target);
  if (out !== undefined) throw linkFailure(path, out);
  const local = `${folder}/${path.slice(path.lastIndexOf("/") + 1)}`;
  // It replaces nothing but another link.
  if (found !== undefined) Deno.removeSync(found.path);
  Deno.symlinkSync(target, local, { type: isToFolder(folder, target) ? "dir" : "file" });
  for (const one of [...makers, folder]) changed.add(one);
  return { path, target, folder, local };
}

/** Windows has links of two kinds. */
function isToFolder(folder: string, target: string): boolean {
  try {
    return Deno.statSync(`${folder}/${target}`).isDirectory;
  } catch {
    return false;
  }
}

function setTime(root: string, path: string, mtime: number | undefined): void {
  if (mtime === undefined) return;
  const found = path === "" ? { path: root } : findInside(root, path);
  const isOwn = found !== undefined && (path === "" || isInside(root, found.path));
  if (!isOwn) throw new FtError("io", `The folder '${path}' changed meanwhile.`);
  Deno.utimeSync(found.path, new Date(), new Date(mtime));
}

/** The parts of a folder's path below the root. */
function partsOf(root: string, folder: string): string[] {
  return folder.slice(root.length).split("/").filter((part) => part !== "");
}

function requireName(path: string): void {
  acceptName(path);
  requireHoldable(path);
}

function linkFailure(path: string, fault: string): FtError {
  return new FtError("denied", `The link '${path}' is not made: ${fault}.`);
}
