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

/**
 * {@linkcode publishNew} where there are no links: the processes of ft that publish from one folder
 * take turns. Another program that makes the file in the same instant is not seen.
 */
export function renameLocked(staged: string, final: string): boolean {
  const path = `${staged.slice(0, staged.lastIndexOf("/"))}/${LOCK_NAME}`;
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

/** Gives `staged` the name `final` in place of the file that has it, in one step. */
export function publishOver(staged: string, final: string): void {
  if (lookAt(final)?.isDirectory) {
    throw new FtError("exists", "A folder has the name of the file.");
  }
  Deno.renameSync(staged, final);
}
