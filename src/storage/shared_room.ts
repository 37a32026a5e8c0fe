/**
 * The life of what is in the shared room: what is over is seen no more at once, and removed soon.
 * All times are those of the server's wall clock: set forward it ends shares early, set back late.
 *
 * @module
 */
import { FtError } from "../error.ts";
import { findInside, type Found, lookAt } from "./confine.ts";
import { storageFailure } from "./failure.ts";
import { type FileRecord, holds } from "./file_record.ts";
import { findListed } from "./listed_name.ts";
import { Holds } from "./holds.ts";
import { tagOf } from "./local_source.ts";
import { remove } from "./lock.ts";
import type { Records } from "./records.ts";
import { isExpired, isOver, type ShareRecord } from "./shares.ts";
import { treeAround } from "./tree_around.ts";
import { isFolderOf, type TreeRecord } from "./trees.ts";
import { filesBelow } from "./walk.ts";
import type { About, Claim, Claimant, Item, StageRequest, Terms, View } from "./store.ts";

/** A file of the room that an owner shared. */
interface OwnShare extends Found {
  readonly row: FileRecord;
}

/** Who shares something, and how. */
type Shared = Pick<StageRequest, "room" | "owner" | "who" | "run" | "terms">;

/** The shared room of a server. */
export class SharedRoom {
  readonly #root: () => string;
  readonly #records: Records;
  readonly #now: () => number;
  readonly #holds: Holds;
  /** Hears that there may be something to sweep at another time than {@linkcode next} said. */
  onChange: () => void = () => {};
  #hasEnded = false;

  /** `root` is the folder of the room, or throws while that is gone. */
  constructor(root: () => string, records: Records, now: () => number = Date.now) {
    this.#root = root;
    this.#records = records;
    this.#now = now;
    const onEnded = () => {
      this.#hasEnded = true;
      this.onChange();
    };
    records.claims.onEnded = onEnded;
    this.#holds = new Holds(onEnded);
  }

  /**
   * The terms of the file `name` that is there now. What was changed by hand since it was shared
   * has none: it is the server's now.
   */
  termsOf(name: string, info: Deno.FileInfo): ShareRecord | undefined {
    const share = this.#records.shares.get(name, String(info.ino));
    if (share === undefined) return undefined;
    const owner = info.isDirectory
      ? this.#records.trees.get("shared", name, info)?.owner
      : this.#records.get("shared", name, info)?.owner;
    return owner === share.owner ? share : undefined;
  }

  /**
   * Whether a file, or a folder or a part of it, may be sent: the claim to download it with, where
   * it is said for whom it is. A file needs none unless it is counted: once opened it can be read to
   * its end, whatever becomes of its name.
   *
   * @throws FtError `not_found` when it is over, or counted and nobody says for whom it is;
   * `busy` when others have claimed what is left.
   */
  admit(
    name: string,
    info: Deno.FileInfo,
    claimant: Claimant | undefined,
    isWhole = true,
  ): Claim | undefined {
    const share = this.termsOf(name, info);
    if (share !== undefined && isExpired(share, this.#now())) throw notFound(name);
    if (share === undefined || share.downloads === null) {
      const isHeld = info.isDirectory && claimant !== undefined;
      return isHeld ? this.#holds.take({ name, ino: String(info.ino) }) : undefined;
    }
    if (claimant === undefined || !isWhole) throw notFound(name);
    return this.#records.claims.take(share, claimant);
  }

  /** How a file is encrypted, with its note, which is encrypted as well; undefined when it is not. */
  secretOf(name: string, info: Deno.FileInfo): Pick<Terms, "secret" | "note"> | undefined {
    const share = this.termsOf(name, info);
    return share?.secret ? { secret: share.secret, note: share.note } : undefined;
  }

  /** Sets the terms of what is about to appear. */
  put(share: ShareRecord): void {
    this.#records.shares.put(share);
    this.onChange();
  }

  /** The row that gives a file its terms; undefined when it has none. */
  shareOf(request: Shared, name: string, ino: string): ShareRecord | undefined {
    const { owner, who = "", run, terms = {} } = request;
    if (request.room !== "shared" || isPlain(terms)) return undefined;
    const { expires, downloads, note = "", secret = "" } = terms;
    const published = this.#now();
    return {
      name,
      ino,
      owner,
      who,
      run,
      published,
      expires: expires === undefined ? null : published + expires,
      downloads: downloads ?? null,
      note,
      secret,
    };
  }

  /**
   * Gives a file that is sent again the terms it is sent with now. The same run says nothing new: it
   * repeats itself because it has not heard the receipt.
   */
  renew(request: Shared, { name, ino }: Pick<FileRecord, "name" | "ino">): void {
    if (request.room !== "shared") return;
    const before = this.#records.shares.get(name, ino);
    if (before !== undefined && before.run === request.run) return;
    const share = this.shareOf(request, name, ino);
    if (share !== undefined) this.put(share);
    else if (before !== undefined) this.#records.shares.forget(before);
    // A folder may have other files now than it was counted for.
    const isTree = findInside(this.#root(), name)?.info.isDirectory === true;
    if (isTree) this.#records.claims.retire({ name, ino });
  }

  /** Whether what has a name is to be seen no more, by its own terms or those of its folder. */
  isOver(name: string): boolean {
    const tree = treeAround(this.#records, "shared", this.#root(), name)?.name ?? name;
    return this.#isOverAt(tree) || tree !== name && this.#isOverAt(name);
  }

  #isOverAt(name: string): boolean {
    const found = findInside(this.#root(), name);
    const share = found && this.termsOf(name, found.info);
    return share !== undefined && isOver(share, this.#now());
  }

  /** Removes what is over from the disk, unless somebody is still to finish a download of it. */
  sweep(): void {
    const now = this.#now();
    this.#hasEnded = false;
    for (const share of this.#records.shares.over(now)) {
      const isWanted = this.#records.claims.isWanted(share, isExpired(share, now));
      if (isWanted || this.#holds.has(share)) continue;
      const found = findInside(this.#root(), share.name);
      if (found !== undefined && this.termsOf(share.name, found.info) !== undefined) {
        this.#remove(share.name, found);
      }
      this.#records.shares.forget(share);
    }
  }

  /** Removes what is over just now, so that its name is free. */
  clear(name: string): void {
    if (this.isOver(name)) this.sweep();
  }

  /** When there is something to sweep next, in milliseconds since 1970; undefined for never. */
  next(): number | undefined {
    const now = this.#now();
    return this.#hasEnded ? now : this.#records.shares.next(now);
  }

  /**
   * Takes back what was shared, by its owner or, without a view, by whoever has the server.
   *
   * @throws FtError `not_found`
   */
  async unshare(name: string, view: View | undefined): Promise<About> {
    const shares = view === undefined ? await this.#named(name) : this.#own(name, view);
    const gone = shares.map((share) => {
      const { row, info } = share;
      const of = { row, share: this.#records.shares.get(row.name, row.ino), view };
      const size = info.isDirectory ? bytesBelow(share.path) : info.size;
      const about = { ...itemOf(row.name, info, of), name, size };
      this.#remove(row.name, share);
      return about;
    });
    // A blind owner knows several by one name; the newest stands for them.
    const [newest] = gone.sort((a, b) => b.time - a.time);
    if (newest === undefined) throw notFound(name);
    return newest;
  }

  /** What an owner shared under a name, and that is not over. */
  #own(name: string, { owner, blind }: View): OwnShare[] {
    const trees = this.#records.trees.room("shared").flatMap((tree) => {
      const found = findInside(this.#root(), tree.name);
      const isMeant = tree.owner === owner && (blind ? tree.requested : tree.name) === name;
      if (!isMeant || found === undefined || !isFolderOf(tree, found.info)) return [];
      if (this.isOver(tree.name)) return [];
      return [{ row: rowFor(tree.name, found.info, tree), ...found }];
    });
    return trees.concat(this.#ownFiles(name, { owner, ...(blind === undefined ? {} : { blind }) }));
  }

  #ownFiles(name: string, { owner, blind }: View): OwnShare[] {
    return this.#records.owned(owner, "shared").flatMap((row) => {
      if ((blind ? row.requested : row.name) !== name) return [];
      const found = findInside(this.#root(), row.name);
      const isThere = found !== undefined && holds(row, found.info);
      return isThere && !this.isOver(row.name) ? [{ row, ...found }] : [];
    });
  }

  /** The file of a name, whoever shared it or put it there. */
  async #named(name: string): Promise<OwnShare[]> {
    const found = await findListed(this.#root(), name);
    if (found === undefined) return [];
    const { info } = found;
    const tree = this.#records.trees.get("shared", name, info);
    if (!info.isFile && tree === undefined) return [];
    const row = this.#records.get("shared", name, info) ?? rowFor(name, info, tree);
    return [{ row, ...found }];
  }

  #remove(name: string, { path, info }: Found): void {
    try {
      if (info.isDirectory) Deno.removeSync(path, { recursive: true });
      else if (lookAt(path) !== undefined) remove(path);
    } catch (thrown) {
      throw storageFailure(thrown, `remove '${name}'`);
    }
    if (info.isDirectory) this.#records.forgetTree("shared", name);
    const key = { name, ino: String(info.ino) };
    this.#records.forget("shared", key);
    this.#records.shares.forget(key);
    this.#holds.forget(key);
  }
}

/** Whether terms say nothing. */
export function isPlain({ expires, downloads, note = "", secret = "" }: Terms = {}): boolean {
  return expires === undefined && downloads === undefined && note + secret === "";
}

/** What stands for the record of what has none of its own. */
function rowFor(
  name: string,
  info: Deno.FileInfo,
  tree: Pick<TreeRecord, "owner" | "who" | "published" | "requested"> | undefined,
): FileRecord {
  const mtime = info.mtime?.getTime() ?? 0;
  const { owner = "", who = "", published = mtime, requested = name } = tree ?? {};
  const ino = String(info.ino);
  const { size } = info;
  return { name, requested, size, digest: "", owner, version: "", ino, mtime, published, who };
}

/** How a file is listed. */
export function itemOf(
  name: string,
  info: Deno.FileInfo,
  { row, share, view }: {
    readonly row: FileRecord | undefined;
    readonly share: ShareRecord | undefined;
    readonly view: View | undefined;
  },
): Item {
  return {
    name,
    size: info.size,
    time: row?.published ?? info.mtime?.getTime() ?? 0,
    tag: tagOf(info),
    ...(row?.who ? { who: row.who } : {}),
    ...termsIn(share),
    ...(row !== undefined && row.owner === view?.owner ? { mine: true } : {}),
  };
}

/** Bytes of all files of a folder. */
function bytesBelow(folder: string): number {
  let bytes = 0;
  for (const { info } of filesBelow(folder)) bytes += info?.size ?? 0;
  return bytes;
}

function notFound(name: string): FtError {
  return new FtError("not_found", `File '${name}' not found.`);
}

/** What a list says of the terms of a share. */
export function termsIn(
  share: ShareRecord | undefined,
): Pick<Item, "expires" | "downloads" | "note" | "secret"> {
  if (share === undefined) return {};
  const { expires, downloads, note, secret } = share;
  return {
    ...(expires === null ? {} : { expires }),
    ...(downloads === null ? {} : { downloads }),
    ...(note === "" ? {} : { note }),
    ...(secret === "" ? {} : { secret }),
  };
}
