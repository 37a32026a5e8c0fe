import { BufferPool } from "../buffer_pool.ts";
import { lookAt } from "./confine.ts";
import type { JournalRecord } from "./journal.ts";
import type { StageRequest } from "./store.ts";

/** Milliseconds that bytes may be younger than their journal: it is written after them. */
const BEHIND_MS = 5_000;

/** Chunks that are read again at once: one is hashed while the next is read. */
const LANES = 2;
/** Room that is used again: most chunks fit, and new room for each takes longer than to read it. */
const rooms = new BufferPool(1024 * 1024);

/** When a file was last changed as far as the system says: the later of its two times. */
function changedAt(info: Deno.FileInfo): number {
  return Math.max(info.mtime?.getTime() ?? 0, info.ctime?.getTime() ?? 0);
}

/** Whether staged bytes were written after the run that vouched for them. */
export function isYounger(staged: Deno.FileInfo, journal: Deno.FileInfo | undefined): boolean {
  return journal === undefined || changedAt(staged) - changedAt(journal) > BEHIND_MS;
}

/** Where chunks lie in a file. */
export type ExtentOf = NonNullable<StageRequest["extent"]>;

/** The chunks that lie inside the first `size` bytes. */
export function chunksWithin(
  records: readonly JournalRecord[],
  size: number,
  extent: ExtentOf,
): JournalRecord[] {
  return records.filter(({ index }) => {
    const chunk = extent(index);
    return chunk.size > 0 && chunk.offset + chunk.size <= size;
  });
}

/** How many bytes of a request are here already, as far as its schedule of chunks tells. */
export function heldBytes(
  held: readonly Pick<JournalRecord, "index">[],
  extent: ExtentOf | undefined,
): number {
  return held.reduce((sum, { index }) => sum + (extent?.(index).size ?? 0), 0);
}

/** The chunks whose bytes in `file` have their digest, by reading them. */
export async function matchingChunks(
  records: readonly JournalRecord[],
  file: Deno.FsFile,
  extent: ExtentOf,
): Promise<JournalRecord[]> {
  const matching: JournalRecord[] = [];
  for (const record of records) {
    if (await matches(record, file, extent)) matching.push(record);
  }
  return matching;
}

async function matches(
  { index, digest }: JournalRecord,
  file: Deno.FsFile,
  extent: ExtentOf,
  room?: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  const { offset, size } = extent(index);
  const bytes = readAt(file, offset, size, room);
  const found = await crypto.subtle.digest("SHA-256", bytes);
  return new Uint8Array(found).every((byte, at) => byte === digest[at]);
}

/**
 * Fills a new partial with the file that it is going to replace, so that only the chunks that differ
 * need travel: its chunks with their digests, as they were read back. None where that fails, for
 * then all of them travel.
 *
 * @param path of the partial, which is open as `file`.
 */
export async function seededChunks(
  from: string,
  { path, file }: { readonly path: string; readonly file: Deno.FsFile },
  extent: ExtentOf,
): Promise<JournalRecord[]> {
  const records: JournalRecord[] = [];
  try {
    // What a link leads to is nobody's business, and a pipe would never end.
    if (!lookAt(from)?.isFile) return [];
    // The system copies, and where the file system shares blocks it need not even do that.
    await Deno.copyFile(from, path);
    const { size } = file.statSync();
    for (let index = 0;; index++) {
      const chunk = extent(index);
      if (chunk.size === 0 || chunk.offset + chunk.size > size) break;
      const bytes = readAt(file, chunk.offset, chunk.size);
      const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
      records.push({ index, digest });
    }
    return records;
  } catch {
    file.truncateSync(0);
    return [];
  }
}

/** Reads held chunks again while the others arrive, so that a damaged one is never published. */
export class Rereading {
  readonly #replaced = new Set<number>();
  readonly #damaged = new Set<number>();
  readonly #done: Promise<void>;
  #stopped = false;

  /** Begins at once to read the chunks of `records` in the file at `path`. */
  constructor(path: string, records: readonly JournalRecord[], extent: ExtentOf) {
    this.#done = this.#read(path, records, extent);
    this.#done.catch(() => {});
  }

  async #read(path: string, records: readonly JournalRecord[], extent: ExtentOf): Promise<void> {
    using file = Deno.openSync(path, { read: true });
    const left = records.values();
    const lanes = Array.from({ length: LANES }, async () => {
      const room = rooms.take();
      try {
        for (const record of left) {
          if (this.#stopped) return;
          if (!await matches(record, file, extent, room)) this.#damaged.add(record.index);
        }
      } finally {
        rooms.giveBack(room.buffer);
      }
    });
    // The file stays open for as long as any of them reads.
    await Promise.allSettled(lanes);
    await Promise.all(lanes);
  }

  /** Says that a chunk has been written anew, and verified as it arrived. */
  replace(index: number): void {
    this.#replaced.add(index);
  }

  /** The chunks that do not have their digest, once all are read. */
  async damaged(): Promise<Set<number>> {
    await this.#done;
    return this.#damaged.difference(this.#replaced);
  }

  /** Reads no further, and resolves once the file is closed. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#done.catch(() => {});
  }
}

/** Up to `size` bytes of `file` from `offset` on, in `room` where they fit. */
function readAt(
  file: Deno.FsFile,
  offset: number,
  size: number,
  room?: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> {
  const bytes = room !== undefined && size <= room.length
    ? room.subarray(0, size)
    : new Uint8Array(size);
  file.seekSync(offset, Deno.SeekMode.Start);
  let filled = 0;
  while (filled < size) {
    const count = file.readSync(bytes.subarray(filled));
    if (count === null) break;
    filled += count;
  }
  return bytes.subarray(0, filled);
}
