import { lookAt } from "./confine.ts";
import {
  decodeJournal,
  encodeHead,
  encodeRecords,
  type Journal,
  type JournalHead,
  type JournalRecord,
} from "./journal.ts";
import { remove } from "./lock.ts";
import { syncFolder } from "./sync_folder.ts";

/** Reads the journal at `path`; undefined when there is none whose head is whole. */
export function readJournal(path: string): Journal | undefined {
  try {
    return lookAt(path)?.isFile ? decodeJournal(Deno.readFileSync(path)) : undefined;
  } catch (thrown) {
    if (thrown instanceof Deno.errors.NotFound) return undefined;
    throw thrown;
  }
}

/** What a journal is to say, and what it says now. */
export interface JournalOptions {
  readonly head: JournalHead;
  readonly records: readonly JournalRecord[];
  readonly found: Journal | undefined;
}

/** Opens the journal at `path` so that what is written to it follows its head and records. */
export async function openJournal(
  path: string,
  { head, records, found }: JournalOptions,
): Promise<Deno.FsFile> {
  const asBefore = found !== undefined && records.length > 0 &&
    records.length === found.records.length && JSON.stringify(found.head) === JSON.stringify(head);
  if (asBefore) {
    const file = Deno.openSync(path, { write: true });
    file.truncateSync(found.length);
    file.seekSync(0, Deno.SeekMode.End);
    return file;
  }
  // Written beside and put in place in one step: at no moment do old records have no head.
  const fresh = `${path}.new`;
  remove(fresh);
  const file = Deno.openSync(fresh, { write: true, createNew: true, mode: 0o600 });
  try {
    writeAll(file, encodeHead(head));
    writeAll(file, encodeRecords(records));
    if (records.length > 0) await file.sync();
    Deno.renameSync(fresh, path);
    // That there are two versions is on the disk before any byte of the second is.
    if (records.length > 0) await syncFolder(path.slice(0, path.lastIndexOf("/")));
    return file;
  } catch (thrown) {
    file.close();
    throw thrown;
  }
}

/** Writes all of `bytes` where the file stands. */
export function writeAll(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
}
