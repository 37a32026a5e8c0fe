/**
 * What the server knows of the files in its rooms beyond the files themselves: whose they are and
 * what their digests are. A row holds only while the file it speaks of is still the one it was
 * written for. Rows are written before the file appears and beside those of the file it replaces,
 * so a crash in between leaves neither file without its row. Losing the database loses no file.
 *
 * @module
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { openDatabase, transaction } from "./database.ts";
import { type FileRecord, holds } from "./file_record.ts";
import { Claims, type ClaimsOptions } from "./claims.ts";
import { Shares } from "./shares.ts";
import type { Room } from "./store.ts";
import { Tokens } from "./tokens.ts";
import { type TreeRecord, Trees } from "./trees.ts";

/** Rows of a page. */
const PAGE_ROWS = 500;

/** The files of an owner. SQLite would look through all of the room: the room begins the key. */
export const OWNED = "select * from file indexed by file_by_owner where owner = ? and room = ?";

/** The server's records, in one database. */
export class Records {
  /** The named tokens, which are kept in the same database. */
  readonly tokens: Tokens;
  /** The folders that were sent as one, likewise. */
  readonly trees: Trees;
  /** The terms of what is shared, and who is downloading it. */
  readonly shares: Shares;
  readonly claims: Claims;
  readonly #database: DatabaseSync;
  readonly #put: StatementSync;
  readonly #get: StatementSync;
  readonly #forget: StatementSync;
  readonly #forgetOthers: StatementSync;
  readonly #forgetBelow: StatementSync;
  readonly #named: StatementSync;
  readonly #stamp: StatementSync;
  readonly #own: StatementSync;
  readonly #room: StatementSync;
  readonly #after: StatementSync;
  readonly #owned: StatementSync;

  private constructor(database: DatabaseSync, options: ClaimsOptions) {
    this.#database = database;
    this.tokens = new Tokens(database);
    this.trees = new Trees(database);
    this.shares = new Shares(database);
    this.claims = new Claims(database, options);
    this.#put = database.prepare(
      `insert or replace into file
         (room, name, requested, size, digest, owner, version, ino, mtime, published, who)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#get = database.prepare("select * from file where room = ? and name = ?");
    this.#named = database.prepare(
      "select * from file where room = ? and name in (select value from json_each(?))",
    );
    this.#stamp = database.prepare(
      "select total_changes() as own, data_version as others from pragma_data_version",
    );
    this.#forget = database.prepare(
      "delete from file where room = ? and name = ? and ino = ?",
    );
    this.#forgetOthers = database.prepare(
      "delete from file where room = ? and name = ? and ino <> ?",
    );
    // The next sign after a slash is the zero.
    this.#forgetBelow = database.prepare(
      "delete from file where room = ? and name >= ? and name < ?",
    );
    this.#own = database.prepare(`${OWNED} and requested = ?`);
    this.#owned = database.prepare(OWNED);
    this.#room = database.prepare("select * from file where room = ?");
    this.#after = database.prepare(
      `select * from file where room = ? and (name, ino) > (?, ?)
       order by name, ino limit ${PAGE_ROWS}`,
    );
  }

  /**
   * Opens the database at `path`; `onDamaged` hears where a damaged one went before a new one was
   * begun.
   */
  static open(
    path: string,
    onDamaged: (aside: string) => void,
    options: ClaimsOptions = {},
  ): Records {
    return new Records(openDatabase(path, onDamaged), options);
  }

  /** Adds the row of a file, beside those of other files that have or had its name. */
  put(room: Room, file: FileRecord): void {
    const { name, requested, size, digest, owner, version, ino, mtime, published, who } = file;
    this.#put.run(room, name, requested, size, digest, owner, version, ino, mtime, published, who);
  }

  /** The row of the file `name` that is there now, of which `info` says what it is. */
  get(room: Room, name: string, info: Deno.FileInfo): FileRecord | undefined {
    const rows = this.#get.all(room, name) as unknown as FileRecord[];
    return rows.find((row) => holds(row, info));
  }

  /** The rows of files that have or had some names, by name. */
  named(room: Room, names: readonly string[]): Map<string, FileRecord[]> {
    const rows = this.#named.all(room, JSON.stringify(names)) as unknown as FileRecord[];
    return Map.groupBy(rows, (row) => row.name);
  }

  /** Another one whenever anything may be, by this process or by one beside it. */
  stamp(): string {
    const { own, others } = this.#stamp.get() ?? {};
    return `${own}-${others}`;
  }

  /** The row of what was sent as the file `name`, also if that was written since. */
  sent(room: Room, name: string, { ino }: Deno.FileInfo): FileRecord | undefined {
    const rows = this.#get.all(room, name) as unknown as FileRecord[];
    return rows.find((row) => row.owner !== "" && row.ino === String(ino));
  }

  /** Removes a row whose file did not get its name after all. */
  forget(room: Room, { name, ino }: Pick<FileRecord, "name" | "ino">): void {
    this.#forget.run(room, name, ino);
  }

  /** Removes the rows of other files that had the name. */
  forgetOthers(room: Room, { name, ino }: Pick<FileRecord, "name" | "ino">): void {
    this.#forgetOthers.run(room, name, ino);
  }

  /** What `owner` sent into a room under the name `requested`. */
  own(owner: string, room: Room, requested: string): FileRecord[] {
    return this.#own.all(owner, room, requested) as unknown as FileRecord[];
  }

  /** All that `owner` sent into a room. */
  owned(owner: string, room: Room): FileRecord[] {
    return this.#owned.all(owner, room) as unknown as FileRecord[];
  }

  /** Every row of a room, by name. */
  room(room: Room): Map<string, FileRecord[]> {
    const rows = this.#room.all(room) as unknown as FileRecord[];
    return Map.groupBy(rows, (row) => row.name);
  }

  /** Every row of a room in pages; between two of them other work may change the rows. */
  *pages(room: Room): Generator<FileRecord[]> {
    for (let last = { name: "", ino: "" };;) {
      const rows = this.#after.all(room, last.name, last.ino) as unknown as FileRecord[];
      const end = rows.at(-1);
      if (end === undefined) return;
      yield rows;
      last = end;
    }
  }

  /** The tree that a name is in: the outermost one, or the one that has it. */
  treeOf(room: Room, name: string): TreeRecord | undefined {
    for (let end = name.indexOf("/"); end > 0; end = name.indexOf("/", end + 1)) {
      const tree = this.trees.get(room, name.slice(0, end));
      if (tree !== undefined) return tree;
    }
    return this.trees.get(room, name);
  }

  /** Forgets a tree and all the files in it. */
  forgetTree(room: Room, name: string): void {
    this.#forgetBelow.run(room, `${name}/`, `${name}0`);
    this.trees.forget(room, name);
  }

  /** Does many changes in one step, within one turn of the event loop. */
  transaction<T>(work: () => T): T {
    return this.#database.isTransaction ? work() : transaction(this.#database, work);
  }

  close(): void {
    this.#database.close();
  }
}
