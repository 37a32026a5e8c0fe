import { FtError } from "../error.ts";
import { setExecutable } from "./executable.ts";
import { storageFailure } from "./failure.ts";
import type { Rereading } from "./held_chunks.ts";
import { dataRuns } from "./holes.ts";
import { encodeRecords, type JournalRecord, NO_DIGEST } from "./journal.ts";
import { writeAll } from "./journal_file.ts";
import { isFileAt, remove } from "./lock.ts";
import type { SpaceClaim } from "./space_claim.ts";
import type { Partial, Receipt } from "./store.ts";
import { syncFolder } from "./sync_folder.ts";

/** Bytes written after which the journal is brought up to date. */
const FLUSH_BYTES = 16 * 1024 * 1024;
/** Bytes that may wait for the disk before the sender has to. */
const BEHIND_BYTES = 4 * FLUSH_BYTES;
/** Milliseconds after which it is brought up to date whatever its size. */
const FLUSH_MS = 500;

/** A file that has its place, and the folders whose names must reach the disk for it to last. */
export interface Placed {
  readonly receipt: Receipt;
  readonly folders: Iterable<string>;
}

/** The files of a partial and what its store does with it. */
export interface FolderPartialOptions {
  readonly path: string;
  readonly file: Deno.FsFile;
  /** Path and file of the journal; none for what cannot be resumed. */
  readonly journal: { readonly path: string; readonly file: Deno.FsFile } | undefined;
  readonly held: readonly JournalRecord[];
  /** Reads what is held again, where that has not been done. */
  readonly rereading: Rereading | undefined;
  readonly version: string | undefined;
  /** Last modification to give the file, in milliseconds since 1970. */
  readonly mtime: number | undefined;
  /** Whether the file may be executed, where that is known. */
  readonly exec: boolean | undefined;
  /** Gives the complete, synced file its place and says which. Runs in one turn. */
  readonly publish: (path: string, size: number, digest: string) => Placed;
  /** Called once the partial's files are closed. */
  readonly onClosed: () => void;
}

/** What a file system counts in, whatever its own blocks are. */
const SYSTEM_BLOCK_BYTES = 512;
/** From this length on the disk takes bytes on another thread, while others arrive or are hashed. */
const ASIDE_BYTES = 256 * 1024;
/** So many writes of all partials at once: each more costs a thread and its memory, and gains nothing. */
const MOST_ASIDE = 3;
let aside = 0;

type State = "open" | "publishing" | "closed";

/** A partial in a staging folder: its bytes in one file, its journal in another. */
export class FolderPartial implements Partial {
  readonly held: readonly JournalRecord[];
  readonly version: string | undefined;
  readonly #options: FolderPartialOptions;
  #state: State = "open";
  /** Bytes from which on nothing was written, nor left as a hole. */
  #reach: number;
  /** Bytes that the file has at least. */
  #length: number;
  /** Where the file stands; -1 when that is not known. */
  #at = -1;
  /** Ends when nothing is being written: nothing may be once somebody else has the files. */
  #writing: Promise<void> = Promise.resolve();
  #isWriting = false;
  #idle: () => Promise<void> = () => Promise.resolve();
  #pending: JournalRecord[] = [];
  #journaled: number;
  #behindBytes = 0;
  #flushedAt = performance.now();
  #flushing: Promise<void> | undefined;
  #failure: FtError | undefined;
  #claim: SpaceClaim | undefined;
  #ended: PromiseWithResolvers<void> = Promise.withResolvers();

  constructor(options: FolderPartialOptions) {
    this.#options = options;
    this.held = options.held;
    this.version = options.version;
    this.#journaled = options.held.length;
    this.#reach = this.#length = options.file.statSync().size;
  }

  /** Counts what it holds and writes as a claim on the store's space, from now on. */
  charge(claim: (path: string, staged: number) => SpaceClaim): SpaceClaim {
    const { path, file } = this.#options;
    return this.#claim = claim(path, file.statSync().size);
  }

  /** Bytes of the disk that it takes up, as far as the system tells: holes take up none. */
  get occupied(): number {
    return (this.#options.file.statSync().blocks ?? 0) * SYSTEM_BLOCK_BYTES;
  }

  attend(idle: () => Promise<void>): void {
    this.#idle = idle;
  }

  write(offset: number, bytes: Uint8Array): void | Promise<void> {
    this.#check();
    const granted = this.#claim?.grow(offset + bytes.length, bytes.length);
    if (granted === undefined) return this.#write(offset, bytes);
    return granted.then(() => this.#write(offset, bytes));
  }

  #write(offset: number, bytes: Uint8Array): void | Promise<void> {
    this.#check();
    // Where nothing was written before, zeros are read without being written.
    const runs = offset >= this.#reach ? dataRuns(bytes) : undefined;
    this.#reach = Math.max(this.#reach, offset + bytes.length);
    if (runs === undefined) return this.#writeData(offset, bytes);
    const writes = runs.map(({ start, end }) =>
      this.#writeData(offset + start, bytes.subarray(start, end))
    );
    return Promise.all(writes).then(() => {});
  }

  #writeData(offset: number, bytes: Uint8Array): void | Promise<void> {
    const isAside = bytes.length >= ASIDE_BYTES && aside < MOST_ASIDE;
    if (!isAside && !this.#isWriting) {
      this.#seek(offset);
      try {
        writeAll(this.#options.file, bytes);
      } catch (thrown) {
        throw storageFailure(thrown, "write what arrives");
      }
      return this.#written(offset + bytes.length, bytes.length);
    }
    // One after the other: they share the place where the file stands.
    this.#isWriting = true;
    aside++;
    const writing = this.#writing.then(() => this.#writeAside(offset, bytes));
    const ended = writing.catch(() => {}).then(() => {
      aside--;
      if (this.#writing === ended) this.#isWriting = false;
    });
    this.#writing = ended;
    return writing;
  }

  async #writeAside(offset: number, bytes: Uint8Array): Promise<void> {
    this.#check();
    this.#seek(offset);
    try {
      const { file } = this.#options;
      for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
    } catch (thrown) {
      throw storageFailure(thrown, "write what arrives");
    }
    this.#written(offset + bytes.length, bytes.length);
  }

  #seek(offset: number): void {
    try {
      if (offset !== this.#at) this.#options.file.seekSync(offset, Deno.SeekMode.Start);
      // Until it is known again.
      this.#at = -1;
    } catch (thrown) {
      throw storageFailure(thrown, "write what arrives");
    }
  }

  #written(at: number, count: number): void {
    this.#at = at;
    this.#length = Math.max(this.#length, at);
    this.#behindBytes += count;
  }

  async keep(index: number, digest: Uint8Array): Promise<void> {
    this.#check();
    const { journal } = this.#options;
    if (journal !== undefined) this.#pending.push({ index, digest: new Uint8Array(digest) });
    this.#options.rereading?.replace(index);
    const due = this.#behindBytes >= FLUSH_BYTES ||
      (journal !== undefined && performance.now() - this.#flushedAt >= FLUSH_MS);
    if (due && this.#flushing === undefined) {
      this.#flushing = this.#flush().catch((thrown) => {
        this.#failure = storageFailure(thrown, "write what arrives");
      }).finally(() => this.#flushing = undefined);
    }
    if (this.#behindBytes >= BEHIND_BYTES) await this.#flushing;
  }

  async publish(size: number, digest: string): Promise<Receipt> {
    this.#check();
    this.#state = "publishing";
    const { file, path, journal, mtime, exec, publish } = this.#options;
    let receipt: Receipt | undefined;
    try {
      await this.#writing;
      await this.#flushing;
      if (this.#failure !== undefined) throw this.#failure;
      if (file.statSync().size !== size) file.truncateSync(size);
      if (mtime !== undefined) file.utimeSync(new Date(), new Date(mtime));
      if (exec !== undefined && isFileAt(path, file)) setExecutable(path, exec);
      await file.sync();
      this.#record();
      await this.#requireUndamaged();
      // A name is all that publishing goes by.
      if (!isFileAt(path, file)) {
        throw new FtError("io", "Something else took the place of what was staged.", {
          hint: "Nobody but ft may write in its folder .ft: see who did, and try again.",
        });
      }
      const placed = publish(path, size, digest);
      receipt = placed.receipt;
      if (journal !== undefined) remove(journal.path);
      await Promise.all([...placed.folders].map(syncFolder));
      return receipt;
    } catch (thrown) {
      if (journal === undefined && receipt === undefined && isFileAt(path, file)) remove(path);
      throw storageFailure(thrown, "give the file its place");
    } finally {
      await this.#options.rereading?.stop();
      this.#release(receipt, journal !== undefined && receipt === undefined);
    }
  }

  async close(): Promise<void> {
    if (this.#state !== "open") return this.#ended.promise;
    this.#state = "closed";
    await this.#writing;
    try {
      await this.#flushing;
      await this.#flush();
    } catch {
      // The journal stays as it was at the last flush: less is held, nothing is wrong.
    } finally {
      await this.#options.rereading?.stop();
      this.#end(this.#journaled > 0);
    }
  }

  async discard(): Promise<void> {
    if (this.#state !== "open") return this.#ended.promise;
    this.#state = "closed";
    await this.#writing;
    await this.#flushing;
    await this.#options.rereading?.stop();
    this.#end(false);
  }

  /** Ends it for a newer run of the same transfer, which then goes on from the same files. */
  async supersede(): Promise<void> {
    await this.#idle();
    await this.close();
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#state === "open") return;
    throw new FtError("superseded", "A newer run of the same transfer took it over.");
  }

  /** Data first, synced; then the records that vouch for it. */
  async #flush(): Promise<void> {
    const count = this.#pending.length;
    const bytes = this.#behindBytes;
    const isShort = this.#length < this.#reach;
    // A hole at the end is there once the file is as long.
    if (isShort) this.#options.file.truncateSync(this.#length = this.#reach);
    if (bytes > 0 || isShort) await this.#options.file.syncData();
    this.#record(count);
    this.#behindBytes -= bytes;
    this.#flushedAt = performance.now();
  }

  /** Journals the first `count` chunks that wait, whose bytes are on the disk. */
  #record(count = this.#pending.length): void {
    const { journal } = this.#options;
    if (journal === undefined || count === 0) return;
    writeAll(journal.file, encodeRecords(this.#pending.slice(0, count)));
    this.#pending.splice(0, count);
    this.#journaled += count;
  }

  /** Takes back the held chunks that are not what they were, and fails when there are any. */
  async #requireUndamaged(): Promise<void> {
    const damaged = await this.#options.rereading?.damaged() ?? [];
    this.#pending = [...damaged].map((index) => ({ index, digest: NO_DIGEST }));
    if (this.#pending.length === 0) return;
    this.#record();
    throw new FtError("digest", "What arrived earlier was damaged on the disk since.", {
      hint: "Run the same again: only what is missing travels.",
    });
  }

  /** Closes the files; removes them first when there is nothing to go on from. */
  #end(keep: boolean): void {
    const { path, journal } = this.#options;
    try {
      if (keep) return;
      remove(path);
      if (journal !== undefined) remove(journal.path);
    } catch (thrown) {
      throw storageFailure(thrown, "remove what was staged");
    } finally {
      this.#release(undefined, keep);
    }
  }

  #release(receipt: Receipt | undefined, isKept: boolean): void {
    this.#claim?.end(receipt, isKept);
    this.#options.file.close();
    this.#options.journal?.file.close();
    this.#options.onClosed();
    this.#ended.resolve();
  }
}
