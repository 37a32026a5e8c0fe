/**
 * A folder of this machine, looked through to be sent: what is in it and can travel, and what
 * cannot, with its reason.
 *
 * @module
 */
import { FtError } from "../error.ts";
import { nameFault } from "../name.ts";
import { type FileId, isAbsent, isReal, isSame } from "./confine.ts";
import { readFailure } from "./failure.ts";
import { IgnoreRules } from "./ignore_rules.ts";
import { leadsOut, readTarget, targetFault } from "./link_target.ts";
import { join, type Listed, type OpenFolder, openFolder } from "./local_folder.ts";
import { isExecutable, isSameVersion, type KnownFile, LocalSource } from "./local_source.ts";

/** Entries looked at before other work gets a turn. */
const TURN_ENTRIES = 500;
const RENAME = "Rename it, then send it.";

/** What becomes of symbolic links: sent as links, as what they lead to, or not at all. */
export type Links = "keep" | "follow" | "skip";

/** Something in a folder that can be sent. */
export interface TreeEntry {
  /** Canonical name, relative to the folder. */
  readonly path: string;
  readonly kind: "file" | "folder" | "link";
  /** Bytes of a file; 0 for what is none. */
  readonly size: number;
  /** Last modification in milliseconds since 1970. */
  readonly mtime: number;
  /** Whether its owner may run it; only files, and never on Windows. */
  readonly exec: boolean;
  /** What a link says, in normal form C. */
  readonly target?: string;
  /** Where it lies on this machine. */
  readonly local: string;
  /** Which file it was when it was looked at. */
  readonly id: FileId;
}

/** Something in a folder that cannot be sent. */
export interface Unsendable {
  /** Relative to the folder; it may be no name at all: escape it to show it. */
  readonly path: string;
  readonly error: FtError;
}

/** How a folder is looked through. */
export interface TreeOptions {
  /** Patterns of what is left out, as gitignore(5) has them. They beat every ignore file. */
  readonly exclude?: readonly string[];
  /** Whether ignore files in the folder are heeded; by default they are. */
  readonly ignoreFiles?: boolean;
  /** By default "keep". */
  readonly links?: Links;
  /** What the folder is called in messages; by default by its path. */
  readonly title?: string;
  /** The name that all paths are going to follow: together they must be a name, too. */
  readonly under?: string;
  readonly signal?: AbortSignal | undefined;
  /** Hears of what is left out: by a pattern, with all that is in it, or for being a link. */
  readonly onLeftOut?: (path: string, why: "excluded" | "link") => void;
}

/**
 * Goes through a folder: each folder before what is in it, names in order. Hidden files and empty
 * folders are there. No link is followed unless that is asked for; then it may lead anywhere, and
 * one that leads back to where it lies is reported. What vanishes meanwhile is left out.
 *
 * Only the names of the folders on the way to the current one are held.
 *
 * @throws FtError when the folder itself cannot be read, and `interrupted`.
 */
export async function* walkTree(
  root: string,
  options: TreeOptions = {},
): AsyncGenerator<TreeEntry | Unsendable> {
  const { exclude = [], ignoreFiles = true, signal } = options;
  const rules = ignoreFiles || exclude.length > 0 ? IgnoreRules.of(exclude) : undefined;
  const walk = new Walk(root, rules, options);
  for (let steps = 1; !walk.isOver; steps++) {
    if (steps % TURN_ENTRIES === 0) await new Promise<void>((turn) => setImmediate(turn));
    if (signal?.aborted) {
      throw signal.reason instanceof FtError ? signal.reason : new FtError("interrupted");
    }
    if (walk.rules?.isWaiting) await walk.rules.load();
    const found = walk.step();
    if (found !== undefined) yield found;
  }
}

/**
 * Opens a file that the walk gave.
 *
 * @param known what is known of it without reading it.
 * @throws FtError `changed` when it is another file by now, `not_found` when it is gone.
 */
export function openEntry(
  { path, local, id }: TreeEntry,
  known?: (info: Deno.FileInfo) => KnownFile,
): LocalSource {
  try {
    // Looked at first: opening a pipe in its place would wait for the other end.
    const seen = Deno.lstatSync(local);
    if (seen.isFile && isSame(seen, id)) {
      const source = new LocalSource(Deno.openSync(local, { read: true }), local, known?.(seen));
      if (isSame(source.info, id) && isReal(local)) return source;
      source.close();
    }
  } catch (thrown) {
    throw openFailure(thrown, path);
  }
  throw new FtError("changed", `'${path}' is another file by now.`);
}

/**
 * Fills `into` with a small file that the walk gave, whole, as it was then. The folder it lies in
 * has to be seen to be no link by whoever calls this, which costs a look for each folder only.
 *
 * @throws FtError `changed` when it is not that file any more, `not_found` when it is gone.
 */
export function readEntry({ path, local, id, size, mtime }: TreeEntry, into: Uint8Array): void {
  try {
    // Looked at first: opening a pipe in its place would wait for the other end.
    const seen = Deno.lstatSync(local);
    const isIt = seen.isFile && isSame(seen, id) && seen.size === size &&
      seen.mtime?.getTime() === mtime;
    if (isIt && into.length === size) {
      using file = Deno.openSync(local, { read: true });
      let filled = 0;
      while (filled < size) {
        const count = file.readSync(into.subarray(filled));
        if (count === null) break;
        filled += count;
      }
      // Afterwards, where one look tells both: that it was this file which was read, and that it
      // was not written to meanwhile. Looking at an open file costs as much as opening it.
      if (filled === size && isSameVersion(file.statSync(), seen)) return;
    }
  } catch (thrown) {
    throw openFailure(thrown, path);
  }
  throw changed(path);
}

/** The failure of a file that is no longer what it was when it was offered. */
export function changed(path: string): FtError {
  return new FtError("changed", `'${path}' changed while the folder was sent.`, {
    hint: "Run the same again once it is no longer written to.",
  });
}

function openFailure(thrown: unknown, path: string): FtError {
  if (isAbsent(thrown)) return new FtError("not_found", `'${path}' is gone.`);
  return readFailure(thrown, `read '${path}'`);
}

/** A walk that is under way. Every path it opens is a real one: followed links are resolved. */
class Walk {
  readonly #root: string;
  readonly #options: TreeOptions;
  readonly #open: OpenFolder[];

  constructor(root: string, rules: IgnoreRules | undefined, options: TreeOptions) {
    this.#options = options;
    const { title = root } = options;
    try {
      this.#root = Deno.realPathSync(root);
      this.#open = [openFolder("", this.#root, Deno.lstatSync(this.#root), rules)];
    } catch (thrown) {
      if (isAbsent(thrown)) throw new FtError("not_found", `Folder '${title}' not found.`);
      throw readFailure(thrown, `read '${root}'`);
    }
  }

  get isOver(): boolean {
    return this.#open.length === 0;
  }

  /** What of the folder that is looked at is left out. */
  get rules(): IgnoreRules | undefined {
    return this.#open.at(-1)?.rules;
  }

  /** Looks at one more name; undefined where that gives nothing. */
  step(): TreeEntry | Unsendable | undefined {
    const folder = this.#open.at(-1);
    const listed = folder?.names[folder.done];
    if (folder === undefined || listed === undefined) {
      this.#open.pop();
      return undefined;
    }
    const twin = folder.names[folder.done++ - 1];
    const path = folder.prefix + listed.name;
    try {
      return this.#look(folder, listed, path, twin?.name === listed.name);
    } catch (thrown) {
      if (isGone(thrown)) return undefined;
      return { path, error: readFailure(thrown, `read '${path}'`) };
    }
  }

  #look(
    folder: OpenFolder,
    { raw, isFolder }: Listed,
    path: string,
    hasTwin: boolean,
  ): TreeEntry | undefined {
    const { links = "keep", under, onLeftOut } = this.#options;
    const place = join(folder.local, raw);
    const info = look(place, Deno.lstatSync);
    const isFollowed = links === "follow" && info?.isSymlink === true;
    const seen = isFollowed ? look(place, Deno.statSync) : info;
    if (folder.rules?.ignores(path, seen?.isDirectory ?? isFolder)) {
      onLeftOut?.(path, "excluded");
      return undefined;
    }
    const fault = nameFault(under === undefined ? path : `${under}/${path}`);
    if (fault !== undefined) throw unsendable(path, fault, RENAME);
    if (hasTwin) {
      throw unsendable(path, "another name is the same in Unicode's normal form C", RENAME);
    }
    if (info === undefined) return undefined;
    if (seen === undefined) throw linkFailure(path, "what it leads to is not there");
    const common = { path, size: 0, mtime: seen.mtime?.getTime() ?? 0, exec: false };
    if (seen.isSymlink) {
      if (links === "skip") {
        onLeftOut?.(path, "link");
        return undefined;
      }
      return {
        ...common,
        kind: "link",
        local: place,
        id: { dev: seen.dev, ino: seen.ino },
        target: this.#target(path, folder.local, raw),
      };
    }
    const local = isFollowed ? Deno.realPathSync(place) : place;
    const entry = { ...common, local, id: { dev: seen.dev, ino: seen.ino } };
    if (seen.isFile) {
      return { ...entry, kind: "file", size: seen.size, exec: isExecutable(seen) ?? false };
    }
    if (!seen.isDirectory) {
      throw unsendable(path, "it is no file, folder or link", "Leave it out with --exclude.");
    }
    if (isFollowed && this.#open.some(({ id }) => isSame(seen, id))) {
      throw linkFailure(path, "it leads back to a folder that it lies in");
    }
    this.#open.push(openFolder(`${path}/`, local, seen, folder.rules));
    return { ...entry, kind: "folder" };
  }

  /** What a link says, when it can be kept. */
  #target(path: string, folder: string, raw: string): string {
    const target = readTarget(join(folder, raw));
    const fault = targetFault(target.normalize("NFC")) ??
      leadsOut(this.#root, folder.slice(this.#root.length).split("/").filter(Boolean), target);
    if (fault === undefined) return target.normalize("NFC");
    throw linkFailure(path, fault);
  }
}

/** Looks; undefined where there is nothing to see. */
function look(path: string, see: (path: string) => Deno.FileInfo): Deno.FileInfo | undefined {
  try {
    return see(path);
  } catch (thrown) {
    if (isGone(thrown)) return undefined;
    throw thrown;
  }
}

/** What is too long for the system is not gone: it can never be sent. */
function isGone(thrown: unknown): boolean {
  return isAbsent(thrown) && !(thrown instanceof Error && "code" in thrown &&
    thrown.code === "ENAMETOOLONG");
}

function unsendable(path: string, fault: string, hint: string): FtError {
  return new FtError("bad_name", `Cannot send '${path}': ${fault}.`, { hint });
}

function linkFailure(path: string, fault: string): FtError {
  return new FtError("denied", `The link '${path}' is not sent: ${fault}.`, {
    hint: "Choose with --links: follow sends what links lead to, skip leaves them out.",
  });
}
