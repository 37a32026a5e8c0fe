/**
 * Small files that only their user may read, and that appear whole, in one step, however many
 * processes write them.
 *
 * @module
 */
import { FtError } from "../error.ts";
import { readFailure, storageFailure } from "./failure.ts";
import { writeAll } from "./journal_file.ts";
import { remove } from "./lock.ts";
import { publishNew } from "./publish.ts";

/** Bytes of a state file that are read at most where nothing else is said. */
const MOST_BYTES = 64 * 1024 * 1024;

/**
 * The text of a file; undefined where there is none.
 *
 * @throws FtError a storage failure, `io` for a file of more than `most` bytes too.
 */
export function readState(path: string, most: number = MOST_BYTES): string | undefined {
  try {
    const { size, isFile } = Deno.statSync(path);
    // Not read at all: a device or a pipe in its place would not end.
    if (!isFile || size > most) throw damaged(path, "Remove it.");
    return Deno.readTextFileSync(path);
  } catch (thrown) {
    if (thrown instanceof Deno.errors.NotFound) return undefined;
    throw readFailure(thrown, `read '${path}'`);
  }
}

/** Writes a file unless there is one; returns whether it did. It outlives a crash. */
export function createState(path: string, text: string): boolean {
  return write(path, text, (fresh, file) => {
    file.syncSync();
    return publishNew(fresh, path);
  });
}

/**
 * Writes a file in place of the one that is there, if any.
 *
 * @param lasting whether it has to outlive a crash: such a file costs a turn of the disk.
 */
export function replaceState(path: string, text: string, lasting: boolean): void {
  write(path, text, (fresh, file) => {
    // Else a crash could leave the name with nothing in it.
    if (lasting) file.syncSync();
    Deno.renameSync(fresh, path);
    return true;
  });
}

/** Removes a file; returns whether there was one. */
export function removeState(path: string): boolean {
  try {
    Deno.removeSync(path);
    return true;
  } catch (thrown) {
    if (thrown instanceof Deno.errors.NotFound) return false;
    throw storageFailure(thrown, `remove '${path}'`);
  }
}

/** The failure of a file that does not hold what it should; `next` says what to do about it. */
export function damaged(path: string, next: string): FtError {
  return new FtError("io", `The file '${path}' is damaged.`, { hint: next });
}

/** Writes beside the place and has `place` put it there; false when another was first. */
function write(
  path: string,
  text: string,
  place: (fresh: string, file: Deno.FsFile) => boolean,
): boolean {
  const fresh = `${path}.${crypto.randomUUID()}`;
  try {
    Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true, mode: 0o700 });
    using file = Deno.openSync(fresh, { write: true, createNew: true, mode: 0o600 });
    writeAll(file, new TextEncoder().encode(text));
    return place(fresh, file);
  } catch (thrown) {
    throw storageFailure(thrown, `keep '${path}'`);
  } finally {
    remove(fresh);
  }
}
