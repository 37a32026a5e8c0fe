/**
 * Small files that have come whole: written, made durable and given their places in groups.
 *
 * @module
 */
import { FtError } from "../error.ts";
import { storageFailure } from "./failure.ts";
import { remove } from "./lock.ts";
import type { Staging } from "./staging.ts";
import type { Receipt } from "./store.ts";
import type { WholeFile } from "./tree.ts";

/** Files open at once. */
const GROUP_FILES = 128;
/** Syncs after which it is told how fast they are: one may be slow by chance. */
const TRIED_SYNCS = 3;
/** A sync that takes longer than this many milliseconds pays to be run beside others. */
const SLOW_SYNC_MS = 0.2;

/** A file that is written and not in its place yet. */
export interface WrittenFile {
  readonly path: string;
  readonly file: Deno.FsFile;
  readonly info: Deno.FileInfo;
}

/** What became of one file. */
type Result = Receipt["outcome"] | FtError;
/** Gives written files their places; what became of them in order. */
type Publish = (
  group: ReadonlyArray<{ readonly file: WholeFile; readonly written: WrittenFile }>,
) => readonly Result[];

/**
 * Writes files into the staging folder and syncs them, then has `publish` give a group of them
 * their places in one turn. What it leaves is removed. Results are in order.
 */
export async function storeSmall(
  files: readonly WholeFile[],
  staging: Staging,
  publish: Publish,
): Promise<Result[]> {
  const results: Result[] = [];
  for (let at = 0; at < files.length; at += GROUP_FILES) {
    results.push(...await storeGroup(files.slice(at, at + GROUP_FILES), staging, publish));
  }
  return results;
}

async function storeGroup(
  files: readonly WholeFile[],
  staging: Staging,
  publish: Publish,
): Promise<Result[]> {
  staging.prepare();
  const written = files.map((file) => attempt(() => write(file, staging), file.entry.path));
  const sound = files.flatMap((file, at) => {
    const one = written[at];
    return one === undefined || one instanceof FtError ? [] : [{ file, written: one }];
  });
  let results: readonly Result[] = [];
  try {
    await syncAll(sound.map(({ written }) => written.file));
    results = publish(sound);
    let next = 0;
    return written.map((one) =>
      one instanceof FtError ? one : results[next++] ?? new FtError("unexpected")
    );
  } catch (thrown) {
    const failure = storageFailure(thrown, "store what arrived");
    return written.map((one) => one instanceof FtError ? one : failure);
  } finally {
    for (const [at, { written: { path, file } }] of sound.entries()) {
      if (results[at] !== "new" && results[at] !== "replaced") remove(path);
      file.close();
    }
  }
}

function attempt<T>(work: () => T, path: string): T | FtError {
  try {
    return work();
  } catch (thrown) {
    return storageFailure(thrown, `store '${path}'`);
  }
}

function write({ entry, bytes }: WholeFile, staging: Staging): WrittenFile {
  const { path, file } = staging.create(entry.exec ? 0o777 : 0o666);
  try {
    for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
    if (entry.mtime !== undefined) file.utimeSync(new Date(), new Date(entry.mtime));
    return { path, file, info: file.statSync() };
  } catch (thrown) {
    remove(path);
    file.close();
    throw thrown;
  }
}

/** Syncs files: one after the other where that costs next to nothing, else side by side. */
async function syncAll(files: readonly Deno.FsFile[]): Promise<void> {
  let fastest = Infinity;
  for (const [at, file] of files.entries()) {
    const began = performance.now();
    file.syncSync();
    fastest = Math.min(fastest, performance.now() - began);
    if (at + 1 < TRIED_SYNCS || fastest < SLOW_SYNC_MS) continue;
    await Promise.all(files.slice(at + 1).map((rest) => rest.sync()));
    return;
  }
}
