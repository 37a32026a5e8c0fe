/**
 * Files that one holder has at a time, also among processes. A lock belongs to an open file, and
 * goes with the process that holds it.
 *
 * @module
 */
import { FtError } from "../error.ts";
import { isSame, lookAt } from "./confine.ts";

/** Opens a file, made where it is missing, and locks it; undefined while another has it. */
export function openLocked(path: string): Deno.FsFile | undefined {
  return open(path, (file) => file.tryLockSync(true));
}

/** Opens a file and waits until it is locked. What is done under the lock ends in the same turn. */
export function waitLocked(path: string): Deno.FsFile {
  const file = open(path, (file) => {
    file.lockSync(true);
    return true;
  });
  if (file === undefined) throw new FtError("io", `Cannot lock '${path}'.`);
  return file;
}

function open(path: string, lock: (file: Deno.FsFile) => boolean): Deno.FsFile | undefined {
  for (;;) {
    const file = Deno.openSync(path, { read: true, write: true, create: true });
    let taken = false;
    try {
      if (!lock(file)) return undefined;
      const there = lookAt(path);
      if (there !== undefined && !there.isFile) {
        throw new FtError("io", `'${path}' is not a regular file.`);
      }
      // Its last holder may have removed it between the opening and the lock.
      taken = there !== undefined && isSame(there, file.statSync());
      if (taken) return file;
    } finally {
      if (!taken) file.close();
    }
  }
}

/** Whether what has the name that an open file had is that file. */
export function isFileAt(path: string, file: Deno.FsFile): boolean {
  try {
    const there = lookAt(path);
    return there !== undefined && isSame(there, file.statSync());
  } catch {
    // To look at an open file Deno resolves the path it was opened by: a loop of links has none.
    return false;
  }
}

/** Removes a file that may be gone. */
export function remove(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (thrown) {
    if (!(thrown instanceof Deno.errors.NotFound)) throw thrown;
  }
}
