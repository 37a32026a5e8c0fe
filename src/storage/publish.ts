import { FtError } from "../error.ts";
import { remove } from "./folder_partial.ts";

/** Attempts to take the lock of a file system that has no links. */
const LOCK_NAME = ".publish-lock";

/** Whether an error says that the file system cannot make hard links. */
function hasNoLinks(thrown: unknown): boolean {
  if (thrown instanceof Deno.errors.NotSupported) return true;
  const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
  return code === "EPERM" || code === "ENOTSUP" || code === "EOPNOTSUPP" || code === "ENOSYS" ||
    code === "EMLINK";
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (thrown) {
    if (thrown instanceof Deno.errors.NotFound) return false;
    throw thrown;
  }
}

/**
 * Gives `staged` the name `final` if nothing has that name, in one step. Returns false when
 * something has it. On a file system without links all processes of ft take a lock first.
 */
export function publishNew(staged: string, final: string): boolean {
  try {
    Deno.linkSync(staged, final);
  } catch (thrown) {
    if (thrown instanceof Deno.errors.AlreadyExists) return false;
    if (!hasNoLinks(thrown)) throw thrown;
    return renameLocked(staged, final);
  }
  remove(staged);
  return true;
}

function renameLocked(staged: string, final: string): boolean {
  const folder = staged.slice(0, staged.lastIndexOf("/"));
  using lock = Deno.openSync(`${folder}/${LOCK_NAME}`, { write: true, create: true });
  lock.lockSync(true);
  if (exists(final)) return false;
  Deno.renameSync(staged, final);
  return true;
}

/** Gives `staged` the name `final` in place of the file that has it, in one step. */
export function publishOver(staged: string, final: string): void {
  if (Deno.lstatSync(final).isDirectory) {
    throw new FtError("exists", `A folder has the name of the file.`);
  }
  Deno.renameSync(staged, final);
}

/** Makes the names in a folder last. Windows cannot sync a folder and needs no such step. */
export function syncFolder(path: string): void {
  if (Deno.build.os === "windows") return;
  using folder = Deno.openSync(path, { read: true });
  folder.syncSync();
}
