import { FtError } from "../error.ts";
import { storageFailure } from "./failure.ts";
import { encodeRecords, type JournalRecord } from "./journal.ts";
import type { Partial, Receipt } from "./store.ts";

/** Bytes written after which the journal is brought up to date. */
const FLUSH_BYTES = 16 * 1024 * 1024;
/** Bytes that may wait for the disk before the sender has to. */
const BEHIND_BYTES = 4 * FLUSH_BYTES;
/** Milliseconds after which it is brought up to date whatever its size. */
const FLUSH_MS = 500;

/** The files of a partial and what its store does with it. */
export interface FolderPartialOptions {
  readonly path: string;
  readonly file: Deno.FsFile;
  /** Path and file of the journal; none for a file too small to resume. */
  readonly journal: { readonly path: string; readonly file: Deno.FsFile } | undefined;
  readonly held: readonly JournalRecord[];
  readonly version: string | undefined;
  /** Gives the complete, synced file its place and says which. Runs in one turn. */
  readonly publish: (path: string, size: number, digest: string) => Receipt;
  /** Called once the partial's files are closed. */
  readonly onClosed: () => void;
}

type State = "open" | "publishing" | "closed" | "superseded";

/** A partial in a staging folder: its bytes in one file, its journal in another. */
export class FolderPartial implements Partial {
  readonly held: readonly JournalRecord[];
  readonly version: string | undefined;
  readonly #options: FolderPartialOptions;
  #state: State = "open";
  #at = 0;
  #pending: JournalRecord[] = [];
  #behindBytes = 0;
  #flushedAt = performance.now();
  #flushing: Promise<void> | undefined;
  #failure: FtError | undefined;
  #ended: PromiseWithResolvers<void> = Promise.withResolvers();

  constructor(options: FolderPartialOptions) {
    this.#options = options;
    this.held = options.held;
    this.version = options.version;
  }

  write(offset: number, bytes: Uint8Array): void {
    this.#check();
    try {
      const { file } = this.#options;
      if (offset !== this.#at) file.seekSync(offset, Deno.SeekMode.Start);
      let at = 0;
      while (at < bytes.length) at += file.writeSync(bytes.subarray(at));
      this.#at = offset + bytes.length;
      this.#behindBytes += bytes.length;
    } catch (thrown) {
      this.#at = -1;
      throw storageFailure(thrown, "write what arrives");
    }
  }

  async keep(index: number, digest: Uint8Array): Promise<void> {
    this.#check();
    if (this.#options.journal === undefined) return;
    this.#pending.push({ index, digest: new Uint8Array(digest) });
    const due = this.#behindBytes >= FLUSH_BYTES ||
      performance.now() - this.#flushedAt >= FLUSH_MS;
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
    const { file, path, journal } = this.#options;
    try {
      await this.#flushing;
      if (this.#failure !== undefined) throw this.#failure;
      if (file.statSync().size !== size) file.truncateSync(size);
      await file.sync();
      const receipt = this.#options.publish(path, size, digest);
      if (journal !== undefined) remove(journal.path);
      return receipt;
    } catch (thrown) {
      throw storageFailure(thrown, "give the file its place");
    } finally {
      this.#release();
    }
  }

  async close(): Promise<void> {
    if (this.#state !== "open") return this.#ended.promise;
    this.#state = "closed";
    const { path, journal } = this.#options;
    try {
      await this.#flushing;
      await this.#flush();
      if (journal === undefined) remove(path);
    } catch {
      // The journal stays as it was at the last flush: less is held, nothing is wrong.
    } finally {
      this.#release();
    }
  }

  async discard(): Promise<void> {
    if (this.#state !== "open") return this.#ended.promise;
    this.#state = "closed";
    await this.#flushing;
    remove(this.#options.path);
    if (this.#options.journal !== undefined) remove(this.#options.journal.path);
    this.#release();
  }

  /** Ends it for a newer run of the same transfer, which then goes on from the same files. */
  async supersede(): Promise<void> {
    if (this.#state === "open") {
      await this.close();
      this.#state = "superseded";
    }
    return this.#ended.promise;
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#state === "open") return;
    throw new FtError("superseded", "A newer run of the same transfer took it over.");
  }

  /** Data first, synced; then the records that vouch for it. */
  async #flush(): Promise<void> {
    const { file, journal } = this.#options;
    if (journal === undefined || this.#pending.length === 0) return;
    const records = this.#pending;
    const bytes = this.#behindBytes;
    this.#pending = [];
    await file.syncData();
    const encoded = encodeRecords(records);
    let at = 0;
    while (at < encoded.length) at += journal.file.writeSync(encoded.subarray(at));
    this.#behindBytes -= bytes;
    this.#flushedAt = performance.now();
  }

  #release(): void {
    this.#options.file.close();
    this.#options.journal?.file.close();
    this.#options.onClosed();
    this.#ended.resolve();
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
