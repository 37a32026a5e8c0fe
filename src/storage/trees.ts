/**
 * The trees of a server's rooms: folders that were sent as one, whose they are, and what of them is
 * still missing.
 *
 * @module
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Room } from "./store.ts";

/** Bytes of the row of a missing entry beside its names. */
const ROW_BYTES = 32;
/** Rows of a page. */
const PAGE_ROWS = 1_000;

/** One tree. */
export interface TreeRecord {
  /** The name of its folder in the room. */
  readonly name: string;
  /** The name it was sent under, which may have been taken. */
  readonly requested: string;
  /** Hash of the owner's key. */
  readonly owner: string;
  /** Name of the token it was sent with; empty where it had none. */
  readonly who: string;
  /** When it came into the room, in milliseconds since 1970. */
  readonly published: number;
  /** When it was last sent to. */
  readonly changed: number;
  /** Whether its manifest has once been complete: before that nobody sees it. */
  readonly listed: 0 | 1;
  /** Inode of its folder; empty as long as that is not known. */
  readonly ino: string;
  /** When its folder was born, in milliseconds since 1970; null where the platform does not say. */
  readonly born: number | null;
}

/** A missing entry. */
interface MissingRow {
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
}

/** Whether a tree is what has its name, and not a folder that was put there by hand since. */
export function isFolderOf({ ino, born }: TreeRecord, info: Deno.FileInfo | undefined): boolean {
  if (!info?.isDirectory) return false;
  // Of trees of an earlier version nothing is known but their names.
  if (ino === "") return true;
  if (ino !== String(info.ino)) return false;
  // The inode of what was removed is used again, by what is born later. To set the time of a folder
  // back moves its birth back, too, on some systems.
  return born === null || info.birthtime === null || info.birthtime.getTime() <= born;
}

/** The table of trees. */
export class Trees {
  readonly #put: StatementSync;
  readonly #bind: StatementSync;
  readonly #get: StatementSync;
  readonly #own: StatementSync;
  readonly #room: StatementSync;
  readonly #forget: StatementSync;
  readonly #touch: StatementSync;
  readonly #miss: StatementSync;
  readonly #found: StatementSync;
  readonly #foundAll: StatementSync;
  readonly #missing: StatementSync;
  readonly #cost: StatementSync;
  readonly #after: StatementSync;

  constructor(database: DatabaseSync) {
    this.#put = database.prepare(
      `insert or replace into tree
         (room, name, requested, owner, who, published, changed, listed, ino, born)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#bind = database.prepare("update tree set ino = ?, born = ? where room = ? and name = ?");
    this.#get = database.prepare("select * from tree where room = ? and name = ?");
    this.#own = database.prepare(
      "select * from tree where owner = ? and room = ? and requested = ?",
    );
    this.#room = database.prepare("select * from tree where room = ?");
    this.#forget = database.prepare("delete from tree where room = ? and name = ?");
    this.#touch = database.prepare(
      "update tree set changed = ?, listed = 1 where room = ? and name = ?",
    );
    // Many paths are one parameter: to run a statement for each costs three times as much.
    this.#miss = database.prepare(
      "insert or ignore into tree_missing select ?, ?, value from json_each(?)",
    );
    this.#found = database.prepare(
      `delete from tree_missing where room = ? and name = ?
         and path in (select value from json_each(?))`,
    );
    this.#foundAll = database.prepare("delete from tree_missing where room = ? and name = ?");
    this.#missing = database.prepare(
      "select count(*) as count from tree_missing where room = ? and name = ?",
    );
    this.#cost = database.prepare(
      `select sum(${ROW_BYTES} + octet_length(?2) + octet_length(value)) as bytes
       from json_each(?3) where not exists
         (select 1 from tree_missing where room = ?1 and name = ?2 and path = value)`,
    );
    this.#after = database.prepare(
      `select name, path, ${ROW_BYTES} + octet_length(name) + octet_length(path) as bytes
       from tree_missing where room = ? and (name, path) > (?, ?)
       order by name, path limit ${PAGE_ROWS}`,
    );
  }

  /** Adds a tree. */
  put(room: Room, tree: TreeRecord): void {
    const { name, requested, owner, who, published, changed, listed, ino, born } = tree;
    this.#put.run(room, name, requested, owner, who, published, changed, listed, ino, born);
  }

  /** Says which folder is that of a tree. */
  bind(room: Room, name: string, { ino, birthtime }: Deno.FileInfo): void {
    this.#bind.run(String(ino), birthtime?.getTime() ?? null, room, name);
  }

  /** The tree of that name whose folder is there now, of which `info` says what it is. */
  get(room: Room, name: string, info: Deno.FileInfo | undefined): TreeRecord | undefined {
    const tree = this.#get.get(room, name) as unknown as TreeRecord | undefined;
    return tree !== undefined && isFolderOf(tree, info) ? tree : undefined;
  }

  /** What `owner` sent into a room under the name `requested`. */
  own(owner: string, room: Room, requested: string): TreeRecord[] {
    return this.#own.all(owner, room, requested) as unknown as TreeRecord[];
  }

  /** All trees of a room. */
  room(room: Room): TreeRecord[] {
    return this.#room.all(room) as unknown as TreeRecord[];
  }

  /** Removes a tree with what is known of it; its files stay as they are. */
  forget(room: Room, name: string): void {
    this.#foundAll.run(room, name);
    this.#forget.run(room, name);
  }

  /** Its manifest is complete: from now on it is listed. */
  list(room: Room, name: string, now: number): void {
    this.#touch.run(now, room, name);
  }

  /** Entries of a tree that are to come. */
  miss(room: Room, name: string, paths: Iterable<string>): void {
    this.#miss.run(room, name, JSON.stringify([...paths]));
  }

  /** Entries that have come. */
  found(room: Room, name: string, paths: readonly string[]): void {
    this.#found.run(room, name, JSON.stringify(paths));
  }

  /** Nothing of a tree is missing. */
  foundAll(room: Room, name: string): void {
    this.#foundAll.run(room, name);
  }

  /** How many entries are missing. */
  missing(room: Room, name: string): number {
    return Number(this.#missing.get(room, name)?.["count"] ?? 0);
  }

  /** Bytes that it takes to know that entries are missing, besides those that are known to be. */
  cost(room: Room, name: string, paths: readonly string[]): number {
    return Number(this.#cost.get(room, name, JSON.stringify(paths))?.["bytes"] ?? 0);
  }

  /** Bytes that all that is missing in a room takes, page by page. */
  *costs(room: Room): Generator<number> {
    for (let last = { name: "", path: "" };;) {
      const rows = this.#after.all(room, last.name, last.path) as unknown as MissingRow[];
      const end = rows.at(-1);
      if (end === undefined) return;
      yield rows.reduce((sum, { bytes }) => sum + bytes, 0);
      last = end;
    }
  }
}
