/**
 * The staging folder: partials by whom and what they are for, locked against other processes.
 *
 * @module
 */
import { FtError } from "../error.ts";
import { storageFailure } from "./failure.ts";
import { FolderPartial, remove } from "./folder_partial.ts";
import {
  decodeJournal,
  encodeHead,
  encodeRecords,
  type JournalHead,
  type JournalRecord,
} from "./journal.ts";
import type { Receipt, StageRequest } from "./store.ts";

/** Files up to this size arrive in one piece: nothing of them is worth keeping. */
const RESUMABLE_BYTES = 1024 * 1024;
/** How many partials of one owner and name may be under way at once. */
const SLOTS = 64;

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

/** Gives a complete file its place. Runs in one turn of the event loop. */
export type Publish = (
  request: StageRequest,
  path: string,
  size: number,
  digest: string,
) => Receipt;

interface Holder {
  readonly run: string;
  readonly version: string | undefined;
  readonly partial: FolderPartial;
}

async function idOf({ owner, room, name }: StageRequest): Promise<string> {
  const bytes = new TextEncoder().encode(`${owner}\n${room}\n${name}`);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex().slice(0, 32);
}

/** Opens a file and locks it; undefined when another process has it. */
function openLocked(path: string): Deno.FsFile | undefined {
  for (;;) {
    const file = Deno.openSync(path, { read: true, write: true, create: true });
    if (!file.tryLockSync(true)) {
      file.close();
      return undefined;
    }
    // Its last holder may have published or removed it between the opening and the lock.
    try {
      const info = Deno.lstatSync(path);
      if (info.isFile && info.ino === file.statSync().ino) return file;
      if (!info.isFile) throw new FtError("io", `'${path}' is not a regular file.`);
    } catch (thrown) {
      if (!(thrown instanceof Deno.errors.NotFound)) {
        file.close();
        throw thrown;
      }
    }
    file.close();
  }
}

function readJournal(path: string): ReturnType<typeof decodeJournal> {
  try {
    return Deno.lstatSync(path).isFile ? decodeJournal(Deno.readFileSync(path)) : undefined;
  } catch (thrown) {
    if (thrown instanceof Deno.errors.NotFound) return undefined;
    throw thrown;
  }
}

/** Partials in one folder. */
export class Staging {
  readonly path: string;
  readonly #publish: Publish;
  readonly #onIdle: () => void;
  readonly #holders = new Map<string, Holder>();
  #open = 0;

  /** `onIdle` is called when no partial is open any more. */
  constructor(path: string, publish: Publish, onIdle: () => void = () => {}) {
    this.path = path;
    this.#publish = publish;
    this.#onIdle = onIdle;
  }

  /** Opens the partial of a request: what an earlier run left of it, or a new one. */
  async open(request: StageRequest): Promise<FolderPartial> {
    try {
      this.#open++;
      return request.size !== undefined && request.size <= RESUMABLE_BYTES
        ? this.#openSmall(request)
        : await this.#openResumable(request);
    } catch (thrown) {
      this.#closed();
      throw storageFailure(thrown, `stage '${request.name}'`);
    }
  }

  #closed(): void {
    this.#open--;
    if (this.#open === 0) this.#onIdle();
  }

  #openSmall(request: StageRequest): FolderPartial {
    const path = `${this.path}/${crypto.randomUUID()}.part`;
    const file = this.#inFolder(() =>
      Deno.openSync(path, { read: true, write: true, createNew: true })
    );
    file.lockSync(true);
    return new FolderPartial({
      path,
      file,
      journal: undefined,
      held: [],
      version: undefined,
      publish: (path, size, digest) => this.#publish(request, path, size, digest),
      onClosed: () => this.#closed(),
    });
  }

  async #openResumable(request: StageRequest): Promise<FolderPartial> {
    const id = await idOf(request);
    for (let slot = 0; slot < SLOTS; slot++) {
      const key = `${id}-${slot}`;
      const holder = this.#holders.get(key);
      if (holder !== undefined) {
        const same = holder.run === request.run ||
          (request.version !== undefined && holder.version === request.version);
        if (!same) continue;
        await holder.partial.supersede();
      }
      const file = this.#inFolder(() => openLocked(`${this.path}/${key}.part`));
      if (file === undefined) continue;
      return this.#resume(request, key, file);
    }
    throw new FtError("busy", `Too many transfers of '${request.name}' at once.`);
  }

  #resume(request: StageRequest, key: string, file: Deno.FsFile): FolderPartial {
    const journalPath = `${this.path}/${key}.journal`;
    const found = readJournal(journalPath);
    const records: JournalRecord[] = file.statSync().size === 0 ? [] : found?.records ?? [];
    const version = request.version ?? null;
    const mixed = records.length > 0 &&
      (found === undefined || found.head.mixed || version === null ||
        found.head.version !== version);
    const head: JournalHead = {
      format: 1,
      room: request.room,
      name: request.name,
      owner: request.owner,
      size: request.size ?? null,
      version,
      mixed,
    };
    const journal = openJournal(journalPath, head, found, records);
    const partial = new FolderPartial({
      path: `${this.path}/${key}.part`,
      file,
      journal: { path: journalPath, file: journal },
      held: records,
      version: mixed ? undefined : request.version,
      publish: (path, size, digest) => this.#publish(request, path, size, digest),
      onClosed: () => {
        if (this.#holders.get(key)?.partial === partial) this.#holders.delete(key);
        this.#closed();
      },
    });
    this.#holders.set(key, { run: request.run, version: request.version, partial });
    return partial;
  }

  /** Opens in the staging folder, which another process may remove whenever it is empty. */
  #inFolder<T>(open: () => T): T {
    for (let attempt = 0;; attempt++) {
      try {
        Deno.mkdirSync(this.path, { recursive: true, mode: 0o700 });
        return open();
      } catch (thrown) {
        if (!(thrown instanceof Deno.errors.NotFound) || attempt === 16) throw thrown;
      }
    }
  }

  /** What interrupted transfers left here, oldest first. */
  leftovers(): Leftover[] {
    const found: Leftover[] = [];
    for (const path of stagedPaths(this.path, ".part")) {
      const leftover = leftoverOf(path);
      if (leftover !== undefined) found.push(leftover);
    }
    return found.sort((a, b) => a.time - b.time);
  }

  /** Removes what was last written more than `age` milliseconds ago and is not in use. */
  sweep(age: number): Leftover[] {
    const removed = this.leftovers().filter((leftover) =>
      !leftover.busy && Date.now() - leftover.time >= age
    );
    for (const { paths } of removed) paths.forEach(remove);
    this.#sweepJournals(age);
    return removed;
  }

  /** Removes journals whose partial was published just before a crash. */
  #sweepJournals(age: number): void {
    for (const path of stagedPaths(this.path, ".journal")) {
      const written = Deno.lstatSync(path).mtime?.getTime() ?? 0;
      if (!isFile(path.replace(/journal$/, "part")) && Date.now() - written >= age) remove(path);
    }
  }
}

function isFile(path: string): boolean {
  try {
    return Deno.lstatSync(path).isFile;
  } catch {
    return false;
  }
}

function openJournal(
  path: string,
  head: JournalHead,
  found: ReturnType<typeof decodeJournal>,
  records: readonly JournalRecord[],
): Deno.FsFile {
  const asBefore = found !== undefined && records.length > 0 &&
    JSON.stringify(found.head) === JSON.stringify(head);
  if (asBefore) {
    const file = Deno.openSync(path, { write: true });
    file.truncateSync(found.length);
    file.seekSync(0, Deno.SeekMode.End);
    return file;
  }
  // A new head for old records: written beside and put in place in one step.
  const fresh = `${path}.new`;
  remove(fresh);
  const file = Deno.openSync(fresh, { write: true, createNew: true, mode: 0o600 });
  file.writeSync(concat([encodeHead(head), encodeRecords(records)]));
  Deno.renameSync(fresh, path);
  return file;
}

/** The files of a staging folder whose names end in `suffix`; none when there is no folder. */
function* stagedPaths(folder: string, suffix: string): Generator<string> {
  try {
    for (const entry of Deno.readDirSync(folder)) {
      if (entry.isFile && entry.name.endsWith(suffix)) yield `${folder}/${entry.name}`;
    }
  } catch (thrown) {
    if (!(thrown instanceof Deno.errors.NotFound)) throw storageFailure(thrown, "list partials");
  }
}

function leftoverOf(path: string): Leftover | undefined {
  const journalPath = path.replace(/\.part$/, ".journal");
  try {
    const file = Deno.openSync(path, { read: true, write: true });
    let busy: boolean;
    let info: Deno.FileInfo;
    try {
      busy = !file.tryLockSync(true);
      info = file.statSync();
    } finally {
      file.close();
    }
    const head = readJournal(journalPath)?.head;
    return {
      room: head?.room ?? "",
      name: head?.name ?? "",
      size: head?.size ?? undefined,
      staged: info.size,
      time: info.mtime?.getTime() ?? 0,
      busy,
      paths: [path, journalPath],
    };
  } catch (thrown) {
    // It was published or removed while we looked.
    if (thrown instanceof Deno.errors.NotFound) return undefined;
    throw thrown;
  }
}

function concat(pieces: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
