/**
 * Small files that are staged together, in folders of their own: one lock says that all of them are
 * in use, and what is left of them goes with the folders.
 *
 * @module
 */
import { openLocked, remove } from "./lock.ts";

/**
 * What the names of such folders end in; before it they have a number, and before that the name of
 * their lock, which looks like an empty partial.
 */
const ENDING = ".small";
const FOLDER = /^([^.]+)\.[0-9]+\.small$/;

/** A folder of a tree that is staged as a whole, with files under the names they are to have. */
export interface StagedFolder {
  readonly path: string;
  /** Whether nothing is in it but what is known to be written. */
  isSound: boolean;
  /** Whether it has its place, and is not here any more. */
  isMoved: boolean;
}

/** Where a staged file lies. */
export interface StagedFile {
  readonly path: string;
  readonly file: Deno.FsFile;
  /** Set where it lies in a folder that may get its place with all that is in it. */
  readonly folder: StagedFolder | undefined;
}

/** Folders of staged files. */
export class StagedGroup {
  readonly #base: string;
  readonly #lock: Deno.FsFile;
  #made = 0;
  readonly #staged: StagedFolder[] = [];
  /** The folder of files that get their places one by one. */
  #single: string | undefined;
  #files = 0;
  readonly #folders = new Map<string, StagedFolder>();

  private constructor(base: string, lock: Deno.FsFile) {
    this.#base = base;
    this.#lock = lock;
  }

  /** Makes one in a staging folder; undefined when a sweep has just taken its lock for a leftover. */
  static in(staging: string): StagedGroup | undefined {
    const base = `${staging}/${crypto.randomUUID()}`;
    const lock = openLocked(`${base}.part`);
    return lock === undefined ? undefined : new StagedGroup(base, lock);
  }

  /**
   * A new file; `mode` is subject to umask.
   *
   * @param name what it is to be called, where it may lie in a staged folder.
   * @param folder which one, by any key.
   */
  create(mode: number, name: string, folder: string | undefined): StagedFile {
    const staged = folder === undefined ? undefined : this.#folder(folder);
    if (staged !== undefined) {
      try {
        return { ...open(`${staged.path}/${name}`, mode), folder: staged };
      } catch (thrown) {
        // A file system may take two names for one: the second is a file for itself.
        if (!(thrown instanceof Deno.errors.AlreadyExists)) throw thrown;
      }
    }
    this.#single ??= this.#make();
    return { ...open(`${this.#single}/${this.#files++}`, mode), folder: undefined };
  }

  #folder(key: string): StagedFolder {
    const there = this.#folders.get(key);
    if (there !== undefined) return there;
    const staged = { path: this.#make(), isSound: true, isMoved: false };
    this.#folders.set(key, staged);
    this.#staged.push(staged);
    return staged;
  }

  // Side by side, not in one: each folder on its way makes a file's creation dearer.
  #make(): string {
    const path = `${this.#base}.${this.#made++}${ENDING}`;
    Deno.mkdirSync(path);
    return path;
  }

  /** What comes next lies in other folders: those that were staged may have their places. */
  turn(): void {
    this.#folders.clear();
  }

  /** Removes what is left in it. What has another name meanwhile stays under that. */
  end(): void {
    try {
      if (this.#single !== undefined) removeAll(this.#single);
      for (const { path, isMoved } of this.#staged) if (!isMoved) removeAll(path);
      remove(`${this.#base}.part`);
    } catch {
      // What became of the files is known. The rest goes with the next sweep.
    } finally {
      this.#lock.close();
    }
  }
}

/** Removes what a killed process left of its groups. */
export function sweepGroups(staging: string, names: Iterable<string>): void {
  for (const name of names) {
    const base = FOLDER.exec(name)?.[1];
    if (base === undefined) continue;
    const lockPath = `${staging}/${base}.part`;
    using lock = openLocked(lockPath);
    if (lock === undefined) continue;
    removeAll(`${staging}/${name}`);
    remove(lockPath);
  }
}

function open(path: string, mode: number): { path: string; file: Deno.FsFile } {
  return { path, file: Deno.openSync(path, { write: true, createNew: true, mode }) };
}

function removeAll(path: string): void {
  try {
    Deno.removeSync(path, { recursive: true });
  } catch (thrown) {
    if (!(thrown instanceof Deno.errors.NotFound)) throw thrown;
  }
}
