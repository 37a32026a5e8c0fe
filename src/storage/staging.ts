/**
 * The staging folder: partials by whom and what they are for, locked against other processes.
 *
 * @module
 */
import { FtError } from "../error.ts";
import { isFolder, lookAt } from "./confine.ts";
import { storageFailure } from "./failure.ts";
import { FolderPartial, type Placed } from "./folder_partial.ts";
import { chunksWithin, isYounger, matchingChunks, Rereading, seededChunks } from "./held_chunks.ts";
import type { Journal, JournalHead, JournalRecord } from "./journal.ts";
import { openJournal, readJournal } from "./journal_file.ts";
import { isPublished, type Leftover, listLeftovers, sweepLeftovers } from "./leftovers.ts";
import { openLocked, remove } from "./lock.ts";
import { StagedGroup } from "./staged_group.ts";
import type { StageRequest } from "./store.ts";

export type { Leftover } from "./leftovers.ts";

/** Files up to this size arrive in one piece: nothing of them is worth keeping. */
const RESUMABLE_BYTES = 1024 * 1024;
/** How many partials of one owner and name may be under way at once. */
const SLOTS = 64;
/** Free ones in a row behind which nothing is looked for: they are taken in order. */
const FREE_SLOTS = 4;
/** How often the staging folder may vanish between being made and being used. */
const VANISHED = 1000;

/** Gives a complete file its place. Runs in one turn of the event loop. */
export type Publish = (
  request: StageRequest,
  path: string,
  size: number,
  digest: string,
) => Placed;

/** A request of which something may be kept: its size is known. */
export type Resumable = StageRequest & { readonly size: number };

interface Holder {
  readonly run: string;
  readonly version: string | undefined;
  readonly partial: FolderPartial;
}

/** What the partials of a request have in common: no part of it contains a line end. */
function subjectOf({ owner, room, name }: StageRequest): string {
  return `${owner}\n${room}\n${name}`;
}

async function idOf(request: StageRequest): Promise<string> {
  const bytes = new TextEncoder().encode(subjectOf(request));
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex().slice(0, 32);
}

/** Whether a request goes on with what a holder has: the same run, or another of the same source. */
function isOf(holder: Holder, { run, version }: StageRequest): boolean {
  return holder.run === run || (version !== undefined && holder.version === version);
}

/**
 * Whether what is interrupted of it is kept. A stream of unknown length cannot be resumed: nothing
 * tells whether the next one is the same.
 */
export function isResumable(request: StageRequest): request is Resumable {
  return request.size !== undefined && request.size > RESUMABLE_BYTES;
}

/** Partials in one folder. */
export class Staging {
  readonly path: string;
  readonly #publish: Publish;
  readonly #onIdle: () => void;
  readonly #holders = new Map<string, Holder>();
  readonly #opening = new Map<string, Promise<FolderPartial>>();
  #open = 0;

  /** `onIdle` is called when no partial is open any more. */
  constructor(path: string, publish: Publish, onIdle: () => void = () => {}) {
    this.path = path;
    this.#publish = publish;
    this.#onIdle = onIdle;
  }

  /**
   * Opens the partial of a request: what an earlier run left of it, or a new one.
   *
   * @param over path of the file that it is going to replace, if any.
   */
  async open(request: StageRequest, over?: string): Promise<FolderPartial> {
    this.#open++;
    try {
      return isResumable(request) ? await this.#inTurn(request, over) : this.#openFresh(request);
    } catch (thrown) {
      this.#closed();
      throw storageFailure(thrown, `stage '${request.name}'`);
    }
  }

  /** Keeps the folder while small files are staged in it; returns what ends that. */
  hold(): () => void {
    this.#open++;
    return () => this.#closed();
  }

  /** A folder for small files that are staged together. */
  group(): StagedGroup {
    // The sweep of another process may come between the making of its lock and its locking.
    for (;;) {
      const group = this.#inFolder(() => StagedGroup.in(this.path));
      if (group !== undefined) return group;
    }
  }

  /** What interrupted transfers left here, oldest first. */
  leftovers(): Leftover[] {
    return listLeftovers(this.path);
  }

  /** Removes what was last written more than `age` milliseconds ago and is not in use. */
  sweep(age: number): Leftover[] {
    const removed = sweepLeftovers(this.path, age);
    // What a killed process left may have been all there was.
    if (this.#open === 0) this.#onIdle();
    return removed;
  }

  #closed(): void {
    this.#open--;
    if (this.#open === 0) this.#onIdle();
  }

  #openFresh(request: StageRequest): FolderPartial {
    const path = `${this.path}/${crypto.randomUUID()}.part`;
    const file = this.#inFolder(() => openLocked(path));
    // The sweep of another process came between its making and its lock.
    if (file === undefined) return this.#openFresh(request);
    return new FolderPartial({
      path,
      file,
      journal: undefined,
      held: [],
      rereading: undefined,
      version: undefined,
      mtime: request.mtime,
      exec: request.exec,
      publish: (path, size, digest) => this.#publish(request, path, size, digest),
      onClosed: () => this.#closed(),
    });
  }

  /** One opening after the other for one transfer: each takes over from the one before. */
  async #inTurn(request: Resumable, over: string | undefined): Promise<FolderPartial> {
    const subject = subjectOf(request);
    const before = this.#opening.get(subject);
    const opened = (async () => {
      await before?.catch(() => {});
      return await this.#openSlot(await idOf(request), request, over);
    })();
    this.#opening.set(subject, opened);
    try {
      return await opened;
    } finally {
      if (this.#opening.get(subject) === opened) this.#opening.delete(subject);
    }
  }

  async #openSlot(
    id: string,
    request: Resumable,
    over: string | undefined,
  ): Promise<FolderPartial> {
    for (const key of this.#slots(id, request)) {
      const holder = this.#holders.get(key);
      if (holder !== undefined && !isOf(holder, request)) continue;
      await holder?.partial.supersede();
      const file = this.#inFolder(() => this.#lockSlot(key));
      if (file === undefined) continue;
      try {
        return await this.#resume(request, key, { file, over });
      } catch (thrown) {
        file.close();
        throw thrown;
      }
    }
    throw new FtError("busy", `Too many transfers of '${request.name}' at once.`);
  }

  /** Where a transfer may be staged: first where it is under way, then where it was interrupted. */
  #slots(id: string, request: Resumable): string[] {
    const slots = Array.from({ length: SLOTS }, (_, slot) => `${id}-${slot}`);
    const ranks = new Map<string, number>();
    let free = 0;
    for (const key of slots) {
      if (free === FREE_SLOTS) break;
      const holder = this.#holders.get(key);
      const journal = holder === undefined ? readJournal(`${this.path}/${key}.journal`) : undefined;
      free = holder === undefined && journal === undefined ? free + 1 : 0;
      if (holder !== undefined && isOf(holder, request)) ranks.set(key, 0);
      const version = journal?.head.version;
      if (typeof version === "string" && version === request.version) ranks.set(key, 1);
    }
    return slots.sort((a, b) => (ranks.get(a) ?? 2) - (ranks.get(b) ?? 2));
  }

  #lockSlot(key: string): Deno.FsFile | undefined {
    const path = `${this.path}/${key}.part`;
    const file = openLocked(path);
    if (file === undefined || !isPublished(path)) return file;
    // A crash came between its publishing and its removal: writing here would write over the file.
    remove(`${this.path}/${key}.journal`);
    remove(path);
    file.close();
    return openLocked(path);
  }

  async #resume(
    request: Resumable,
    key: string,
    { file, over }: { readonly file: Deno.FsFile; readonly over: string | undefined },
  ): Promise<FolderPartial> {
    const { room, name, owner, size } = request;
    const journalPath = `${this.path}/${key}.journal`;
    const found = readJournal(journalPath);
    const path = `${this.path}/${key}.part`;
    const { extent } = request;
    const isNew = found === undefined && over !== undefined && extent !== undefined;
    const { held, isRead } = isNew
      ? { held: await seededChunks(over, { path, file }, extent), isRead: true }
      : await this.#held(request, file, { found, path: journalPath });
    const version = request.version ?? null;
    const isOther = version === null || found?.head.version !== version;
    const mixed = held.length > 0 && (isOther || found.head.mixed);
    const head: JournalHead = { format: 1, room, name, owner, size, version, mixed };
    const journal = await openJournal(journalPath, { head, records: held, found });
    const partial = new FolderPartial({
      path,
      file,
      journal: { path: journalPath, file: journal },
      held,
      rereading: isRead || extent === undefined ? undefined : new Rereading(path, held, extent),
      version: mixed ? undefined : request.version,
      mtime: request.mtime,
      exec: request.exec,
      publish: (path, size, digest) => this.#publish(request, path, size, digest),
      onClosed: () => {
        if (this.#holders.get(key)?.partial === partial) this.#holders.delete(key);
        this.#closed();
      },
    });
    this.#holders.set(key, { run: request.run, version: request.version, partial });
    return partial;
  }

  /**
   * The journaled chunks whose bytes are there, and whether they have been read again to know it:
   * that is done before they are offered where it is in doubt, else while the others arrive.
   */
  async #held(
    { extent }: Resumable,
    file: Deno.FsFile,
    journal: { found: Journal | undefined; path: string },
  ): Promise<{ held: JournalRecord[]; isRead: boolean }> {
    const info = file.statSync();
    if (journal.found === undefined || info.size === 0) return { held: [], isRead: true };
    const { head, records } = journal.found;
    // Where versions are mixed, a chunk may have been written over without its record.
    const isDoubtful = head.mixed || isYounger(info, Deno.lstatSync(journal.path));
    if (extent === undefined) return { held: isDoubtful ? [] : records, isRead: false };
    const within = chunksWithin(records, info.size, extent);
    if (!isDoubtful) return { held: within, isRead: within.length === 0 };
    return { held: await matchingChunks(within, file, extent), isRead: true };
  }

  /** Opens in the staging folder, which another process may remove whenever it is empty. */
  #inFolder<T>(open: () => T): T {
    for (let attempt = 0;; attempt++) {
      try {
        this.#requireNoLinks();
        Deno.mkdirSync(this.path, { recursive: true, mode: 0o700 });
        if (!Deno.lstatSync(this.path).isDirectory) throw notOwn(this.path);
        return open();
      } catch (thrown) {
        // It vanished before it was used, or while it was being made.
        const vanished = thrown instanceof Deno.errors.NotFound ||
          thrown instanceof Deno.errors.AlreadyExists;
        if (!vanished || attempt === VANISHED) throw thrown;
      }
    }
  }

  /** Else the folder would be made, and files in it, wherever a link leads. */
  #requireNoLinks(): void {
    let folder = this.path;
    do folder = folder.slice(0, folder.lastIndexOf("/")); while (
      folder !== "" && lookAt(folder) === undefined
    );
    if (folder !== "" && !isFolder(folder)) throw notOwn(folder);
  }
}

function notOwn(path: string): FtError {
  return new FtError("io", `'${path}' is no folder of its own.`, {
    hint: "Remove the link and try again.",
  });
}
