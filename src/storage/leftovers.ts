/**
 * What interrupted transfers left in a staging folder: found, and removed when it is old.
 *
 * @module
 */
import { isSame, lookAt } from "./confine.ts";
import { readFailure } from "./failure.ts";
import { readJournal } from "./journal_file.ts";
import { openLocked, remove } from "./lock.ts";
import { sweepGroups } from "./staged_group.ts";

/** What an interrupted transfer left behind. */
export interface Leftover {
  readonly room: string;
  readonly name: string;
  /** Bytes the whole file has, where they are known. */
  readonly size: number | undefined;
  /** Bytes on disk. */
  readonly staged: number;
  /** When it was last written, in milliseconds since 1970. */
  readonly time: number;
  /** Whether a transfer has it open now. */
  readonly busy: boolean;
  /** The files it consists of. */
  readonly paths: readonly string[];
}

/** What is left in a staging folder, oldest first. */
export function listLeftovers(folder: string): Leftover[] {
  const found: Leftover[] = [];
  for (const path of stagedPaths(folder, /\.part$/)) {
    locked(path, (leftover) => found.push(leftover));
  }
  return found.sort((a, b) => a.time - b.time);
}

/** Removes what was last written more than `age` milliseconds ago and is not in use. */
export function sweepLeftovers(folder: string, age: number): Leftover[] {
  const removed: Leftover[] = [];
  const isOld = (path: string) => Date.now() - writtenAt(path) >= age;
  for (const path of stagedPaths(folder, /\.part$/)) {
    const goes = () => isOld(path) || isPublished(path) || isUseless(path);
    if (!goes()) continue;
    locked(path, (leftover) => {
      if (leftover.busy || !goes()) return;
      leftover.paths.forEach(remove);
      removed.push(leftover);
    });
  }
  for (const path of stagedPaths(folder, /\.journal(\.new)?$/)) removeOrphan(path);
  sweepGroups(folder, entriesOf(folder).filter((one) => one.isDirectory).map(({ name }) => name));
  return removed.sort((a, b) => a.time - b.time);
}

/** Removes a journal whose bytes are gone: a crash came between. */
function removeOrphan(path: string): void {
  const part = path.replace(/\.journal(\.new)?$/, ".part");
  if (lookAt(part) !== undefined) return;
  // Locked as if it were there, so that nobody begins with this journal meanwhile.
  using file = openLocked(part);
  if (file === undefined || file.statSync().size > 0) return;
  remove(path);
  remove(part);
}

function journalOf(path: string): string {
  return path.replace(/\.part$/, ".journal");
}

/** When a partial was last written: the bytes get the time of their source before they leave. */
function writtenAt(path: string): number {
  const times = [path, journalOf(path)].map((path) => lookAt(path)?.mtime?.getTime() ?? 0);
  return Math.max(...times);
}

/** Whether nothing can go on from it: nothing vouches for its bytes. */
function isUseless(path: string): boolean {
  return lookAt(journalOf(path)) === undefined;
}

/**
 * Whether the file has its place, under a second link: a crash came just after. It is of no more
 * use, and its age is that of the file.
 */
export function isPublished(path: string): boolean {
  return (lookAt(path)?.nlink ?? 1) > 1;
}

/** Calls `visit` while a partial is locked, or says that it is busy; not when it has gone. */
function locked(path: string, visit: (leftover: Leftover) => void): void {
  try {
    using file = Deno.openSync(path, { read: true, write: true });
    const busy = !file.tryLockSync(true);
    const info = file.statSync();
    const there = lookAt(path);
    if (there === undefined || !isSame(there, info)) return;
    const head = readJournal(journalOf(path))?.head;
    visit({
      room: head?.room ?? "",
      name: head?.name ?? "",
      size: head?.size,
      staged: info.size,
      time: writtenAt(path),
      busy,
      paths: [journalOf(path), path],
    });
  } catch (thrown) {
    // It was published or removed while we looked.
    if (thrown instanceof Deno.errors.NotFound) return;
    throw readFailure(thrown, "look at what is staged");
  }
}

/** The files of a staging folder whose names match. */
function stagedPaths(folder: string, names: RegExp): string[] {
  return entriesOf(folder)
    .filter((entry) => entry.isFile && names.test(entry.name))
    .map((entry) => `${folder}/${entry.name}`);
}

/** What is in a staging folder; nothing when there is none. */
function entriesOf(folder: string): Deno.DirEntry[] {
  try {
    return [...Deno.readDirSync(folder)];
  } catch (thrown) {
    if (thrown instanceof Deno.errors.NotFound) return [];
    throw readFailure(thrown, `list what is left in '${folder}'`);
  }
}
