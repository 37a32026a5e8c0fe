/**
 * What the server knows of the files in its rooms beyond the files themselves: whose they are and
 * what their digests are. A row holds only while the file it speaks of is still the one it was
 * written for. Rows are written before the file appears and beside those of the file it replaces,
 * so a crash in between leaves neither file without its row. Losing the database loses no file.
 *
 * @module
 */
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { lookAt } from "./confine.ts";
import { storageFailure } from "./failure.ts";
import { type FileRecord, holds } from "./file_record.ts";
import type { Room } from "./store.ts";

/** Milliseconds to wait for another process that is writing. */
const BUSY_MS = 5_000;
const LAYOUT = 1;
/** Rows of a page. */
const PAGE_ROWS = 500;

const TABLES = `
  create table if not exists file (
    room text not null, name text not null, requested text not null, size integer not null,
    digest text not null, owner text not null, version text not null, ino text not null,
    mtime integer not null, published integer not null, primary key (room, name, ino)
  ) strict, without rowid;
  create index if not exists file_by_owner on file (owner, room, requested);
  pragma user_version = ${LAYOUT};
`;

/** The server's records, in one database. */
export class Records {
  readonly #database: DatabaseSync;
  readonly #put: StatementSync;
  readonly #get: StatementSync;
  readonly #forget: StatementSync;
  readonly #forgetOthers: StatementSync;
  readonly #own: StatementSync;
  readonly #room: StatementSync;
  readonly #after: StatementSync;

  private constructor(database: DatabaseSync) {
    this.#database = database;
    database.exec(`pragma journal_mode = wal; pragma synchronous = normal; ${TABLES}`);
    this.#put = database.prepare(
      `insert or replace into file
         (room, name, requested, size, digest, owner, version, ino, mtime, published)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#get = database.prepare("select * from file where room = ? and name = ?");
    this.#forget = database.prepare(
      "delete from file where room = ? and name = ? and ino = ?",
    );
    this.#forgetOthers = database.prepare(
      "delete from file where room = ? and name = ? and ino <> ?",
    );
    this.#own = database.prepare(
      "select * from file where owner = ? and room = ? and requested = ?",
    );
    this.#room = database.prepare("select * from file where room = ?");
    this.#after = database.prepare(
      `select * from file where room = ? and (name, ino) > (?, ?)
       order by name, ino limit ${PAGE_ROWS}`,
    );
  }

  /**
   * Opens the database at `path`. One that is damaged is set aside under a name of its own and a
   * new one begun; `onDamaged` hears where the old one went.
   */
  static open(path: string, onDamaged: (aside: string) => void): Records {
    try {
      return Records.#at(path);
    } catch (thrown) {
      if (!isDamage(thrown)) throw storageFailure(thrown, `open the records '${path}'`);
      const aside = `${path}.damaged-${Date.now()}`;
      Deno.renameSync(path, aside);
      for (const suffix of ["-wal", "-shm"]) {
        if (lookAt(path + suffix) !== undefined) Deno.renameSync(path + suffix, aside + suffix);
      }
      onDamaged(aside);
      return Records.#at(path);
    }
  }

  static #at(path: string): Records {
    const database = new DatabaseSync(path, { timeout: BUSY_MS });
    try {
      check(database);
      return new Records(database);
    } catch (thrown) {
      database.close();
      throw thrown;
    }
  }

  /** Adds the row of a file, beside those of other files that have or had its name. */
  put(room: Room, file: FileRecord): void {
    const { name, requested, size, digest, owner, version, ino, mtime, published } = file;
    this.#put.run(room, name, requested, size, digest, owner, version, ino, mtime, published);
  }

  /** The row of the file `name` that is there now, of which `info` says what it is. */
  get(room: Room, name: string, info: Deno.FileInfo): FileRecord | undefined {
    const rows = this.#get.all(room, name) as unknown as FileRecord[];
    return rows.find((row) => holds(row, info));
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

  close(): void {
    this.#database.close();
  }
}

/** Whether SQLite says that the file is no database or a broken one (codes 11 and 26). */
function isDamage(thrown: unknown): boolean {
  return thrown instanceof Error && "errcode" in thrown &&
    [11, 26].includes((thrown.errcode as number) & 0xff);
}

/** Throws when a database is damaged. Only prepared statements say by a code that it is. */
function check(database: DatabaseSync): void {
  const result = database.prepare("pragma quick_check(1)").get()?.["quick_check"];
  if (result === "ok") return;
  throw Object.assign(new Error(String(result)), { errcode: 11 });
}
