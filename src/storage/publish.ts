import { FtError } from "../error.ts";
import { lookAt } from "./confine.ts";
import { remove, waitLocked } from "./lock.ts";

/** Below the folder of what is published: the lock for a file system that has no links. */
const LOCK_NAME = ".publish-lock";

/** What systems say of a file system, or a file, that cannot have a hard link. */
const NO_LINKS: ReadonlySet<unknown> = new Set([
  "EPERM",
  "ENOTSUP",
  "EOPNOTSUPP",
  "ENOSYS",
  "EMLINK",
]);

function hasNoLinks(thrown: unknown): boolean {
  if (thrown instanceof Deno.errors.NotSupported) return true;
  return thrown instanceof Error && "code" in thrown && NO_LINKS.has(thrown.code);
}

/**
 * Gives `staged` the name `final` if nothing has that name, in one step. Returns false when
 * something has it.
 */
export function publishNew(staged: string, final: string): boolean {
  if (!placeNew(staged, final, folderOf(staged))) return false;
  remove(staged);
  return true;
}

/**
 * {@linkcode publishNew} of one of many files: its staged name may be left to whoever calls this,
 * who removes all of them at once.
 *
 * @param locks the folder that all processes lock in where there are no links.
 */
export function placeNew(staged: string, final: string, locks: string): boolean {
  try {
    Deno.linkSync(staged, final);
    return true;
  } catch (thrown) {
    if (thrown instanceof Deno.errors.AlreadyExists) return false;
    if (!hasNoLinks(thrown)) throw thrown;
    return renameLocked(staged, final, locks);
  }
}

/**
 * {@linkcode publishNew} where there are no links: the processes of ft that publish from one folder
 * take turns. Another program that makes the file in the same instant is not seen.
 */
export function renameLocked(staged: string, final: string, locks = folderOf(staged)): boolean {
  const path = `${locks}/${LOCK_NAME}`;
  using _lock = waitLocked(path);
  try {
    if (lookAt(final) !== undefined) return false;
    Deno.renameSync(staged, final);
    return true;
  } finally {
    // Whoever waits for it sees that it is gone and takes the next one.
    remove(path);
  }
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}

/** Gives `staged` the name `final` in place of the file that has it, in one step. */
export function publishOver(staged: string, final: string): void {
  if (lookAt(final)?.isDirectory) {
    throw new FtError("exists", "A folder has the name of the file.");
  }
  Deno.renameSync(staged, final);
}
