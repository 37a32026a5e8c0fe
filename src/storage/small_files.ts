/**
 * Small files that have come whole: written, made durable and given their places in groups.
 *
 * @module
 */
import { FtError } from "../error.ts";
import { storageFailure } from "./failure.ts";
import { dataRuns } from "./holes.ts";
import { writeAll } from "./journal_file.ts";
import type { StagedFolder, StagedGroup } from "./staged_group.ts";
import type { Staging } from "./staging.ts";
import type { Receipt } from "./store.ts";
import type { WholeFile } from "./tree.ts";

/** Files that get their places in one turn. */
const GROUP_FILES = 512;
/** Files of one pack that are open at once: a connection may have four packs under way. */
const OPEN_FILES = 32;
/** Syncs after which it is told how fast they are: one may be slow by chance. */
const TRIED_SYNCS = 3;
/** A sync that takes longer than this many milliseconds pays to be run beside others. */
const SLOW_SYNC_MS = 0.2;

/** A file that is written and not in its place yet. */
export interface WrittenFile {
  readonly path: string;
  /** Where something is recorded of it. */
  readonly info: Deno.FileInfo | undefined;
  readonly folder: StagedFolder | undefined;
}

/** One that is still open. */
interface OpenFile extends WrittenFile {
  readonly file: Deno.FsFile;
}

/** What became of one file. */
type Result = Receipt["outcome"] | FtError;
/** Where small files are to go. */
export interface SmallFilesPlace {
  /** Whether it is to be known which files they are. */
  readonly isRecorded: boolean;
  /** The folder of a file, where it is staged as a whole because it is not there yet. */
  readonly newFolder: (file: WholeFile) => string | undefined;
  /** Gives written files their places; what became of them in order. */
  readonly publish: (
    group: ReadonlyArray<{ readonly file: WholeFile; readonly written: WrittenFile }>,
  ) => readonly Result[];
  /** How fast files are synced there. */
  readonly syncs: Syncs;
}

/**
 * Writes files into the staging folder and syncs them, then has groups of them given their places
 * in one turn. What is left is removed. Results are in order.
 */
export async function storeSmall(
  files: readonly WholeFile[],
  staging: Staging,
  place: SmallFilesPlace,
): Promise<Result[]> {
  let staged: StagedGroup;
  try {
    staged = staging.group();
  } catch (thrown) {
    return allFailed(files, thrown);
  }
  try {
    const results: Result[] = [];
    for (let at = 0; at < files.length; at += GROUP_FILES) {
      results.push(...await storeGroup(files.slice(at, at + GROUP_FILES), staged, place));
    }
    return results;
  } finally {
    staged.end();
  }
}

async function storeGroup(
  files: readonly WholeFile[],
  staged: StagedGroup,
  place: SmallFilesPlace,
): Promise<Result[]> {
  staged.turn();
  try {
    const written: Array<WrittenFile | FtError> = [];
    for (let at = 0; at < files.length; at += OPEN_FILES) {
      const some = files.slice(at, at + OPEN_FILES);
      written.push(...await writeSome(some, place.syncs, (file) => write(file, staged, place)));
    }
    const sound = files.flatMap((file, at) => {
      const one = written[at];
      return one === undefined || one instanceof FtError ? [] : [{ file, written: one }];
    });
    const results = place.publish(sound);
    let next = 0;
    return written.map((one) =>
      one instanceof FtError ? one : results[next++] ?? new FtError("unexpected")
    );
  } catch (thrown) {
    return allFailed(files, thrown);
  }
}

/** What became of files that nothing could be done for. */
export function allFailed(files: readonly WholeFile[], thrown: unknown): FtError[] {
  const failure = storageFailure(thrown, "store what arrived");
  return files.map(() => failure);
}

/** Writes files and makes them last. */
async function writeSome(
  files: readonly WholeFile[],
  syncs: Syncs,
  write: (file: WholeFile) => OpenFile,
): Promise<Array<OpenFile | FtError>> {
  const written = files.map((file) => attempt(() => write(file), file.entry.path));
  const open = written.flatMap((one) => one instanceof FtError ? [] : [one.file]);
  try {
    await syncs.all(open);
    return written;
  } finally {
    for (const file of open) file.close();
  }
}

function attempt<T>(work: () => T, path: string): T | FtError {
  try {
    return work();
  } catch (thrown) {
    return storageFailure(thrown, `store '${path}'`);
  }
}

function write(
  whole: WholeFile,
  group: StagedGroup,
  { isRecorded, newFolder }: SmallFilesPlace,
): OpenFile {
  const { entry: { path: name, exec, mtime }, bytes } = whole;
  const last = name.slice(name.lastIndexOf("/") + 1);
  const staged = group.create(exec ? 0o777 : 0o666, last, newFolder(whole));
  const { path, file, folder } = staged;
  try {
    writeNew(file, bytes);
    if (mtime !== undefined) file.utimeSync(new Date(), new Date(mtime));
    // By its path, which nobody else knows: to look at an open file costs as much as opening it.
    return { ...staged, info: isRecorded ? Deno.lstatSync(path) : undefined };
  } catch (thrown) {
    if (folder !== undefined) folder.isSound = false;
    file.close();
    throw thrown;
  }
}

/** Gives a new file its bytes. Zeros in it are read without being written. */
function writeNew(file: Deno.FsFile, bytes: Uint8Array): void {
  const runs = dataRuns(bytes);
  if (runs === undefined) return writeAll(file, bytes);
  for (const { start, end } of runs) {
    file.seekSync(start, Deno.SeekMode.Start);
    writeAll(file, bytes.subarray(start, end));
  }
  file.truncateSync(bytes.length);
}

/** Syncs files: one after the other where that costs next to nothing, else side by side. */
export class Syncs {
  /** The fastest of those that were made one after the other, in milliseconds. */
  #fastest = Infinity;
  #tried = 0;
  readonly #now: () => number;

  /** Tests say what time it is, in milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Returns when all of them last. */
  async all(files: ReadonlyArray<Pick<Deno.FsFile, "sync" | "syncSync">>): Promise<void> {
    let done = 0;
    for (; done < files.length && !this.#isSlow; done++) {
      const began = this.#now();
      files[done]?.syncSync();
      this.#fastest = Math.min(this.#fastest, this.#now() - began);
      this.#tried++;
    }
    await Promise.all(files.slice(done).map((file) => file.sync()));
  }

  get #isSlow(): boolean {
    return this.#tried >= TRIED_SYNCS && this.#fastest >= SLOW_SYNC_MS;
  }
}
