/**
 * What the server knows of the files in its rooms beyond the files themselves: whose they are and
 * what their digests are. A row holds only while the file it speaks of is still the one it was
 * written for; rows are written before the file appears, so a crash in between leaves no file
 * without its row. Losing the database loses no file.
 *
 * @module
 */
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { Room } from "./store.ts";

/** One file of a room. */
export interface FileRecord {
  readonly name: string;
  /** The name it was sent under, which may have been taken. */
  readonly requested: string;
  readonly size: number;
  readonly digest: string;
  /** Hash of the owner's key; empty for a file that was put into the room by hand. */
  readonly owner: string;
  /** The sender's version of its source; empty where it had none. */
  readonly version: string;
  /** Inode and modification time of the file this row speaks of. */
  readonly ino: string;
  readonly mtime: number;
  /** When it came into the room, in milliseconds since 1970. */
  readonly published: number;
}

/** Milliseconds to wait for another process that is writing. */
const BUSY_MS = 5_000;
const LAYOUT = 1;

const TABLES = `
  create table if not exists file (
    room text not null, name text not null, requested text not null, size integer not null,
    digest text not null, owner text not null, version text not null, ino text not null,
    mtime integer not null, published integer not null, primary key (room, name)
  ) strict, without rowid;
  create index if not exists file_by_owner on file (owner, room, requested);
  pragma user_version = ${LAYOUT};
`;

/** The server's records, in one database. */
export class Records {
  readonly #database: DatabaseSync;
  readonly #put: StatementSync;
  readonly #get: StatementSync;
  readonly #own: StatementSync;
  readonly #room: StatementSync;

  private constructor(database: DatabaseSync) {
    this.#database = database;
    database.exec(`pragma journal_mode = wal; pragma synchronous = normal; ${TABLES}`);
    this.#put = database.prepare(
      `insert or replace into file
         (room, name, requested, size, digest, owner, version, ino, mtime, published)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#get = database.prepare("select * from file where room = ? and name = ?");
    this.#own = database.prepare(
      "select * from file where owner = ? and room = ? and requested = ?",
    );
    this.#room = database.prepare("select * from file where room = ?");
  }

  /**
   * Opens the database at `path`. One that is damaged is set aside under a name of its own and a
   * new one begun; `onDamaged` hears where the old one went.
   */
  static open(path: string, onDamaged: (aside: string) => void): Records {
    try {
      return new Records(new DatabaseSync(path, { timeout: BUSY_MS }));
    } catch (thrown) {
      if (!isDamage(thrown)) throw thrown;
      const aside = `${path}.damaged-${Date.now()}`;
      Deno.renameSync(path, aside);
      for (const suffix of ["-wal", "-shm"]) {
        try {
          Deno.renameSync(path + suffix, aside + suffix);
        } catch (missing) {
          if (!(missing instanceof Deno.errors.NotFound)) throw missing;
        }
      }
      onDamaged(aside);
      return new Records(new DatabaseSync(path, { timeout: BUSY_MS }));
    }
  }

  put(room: Room, file: FileRecord): void {
    const { name, requested, size, digest, owner, version, ino, mtime, published } = file;
    this.#put.run(room, name, requested, size, digest, owner, version, ino, mtime, published);
  }

  get(room: Room, name: string): FileRecord | undefined {
    return this.#get.get(room, name) as FileRecord | undefined;
  }

  /** What `owner` sent into a room under the name `requested`. */
  own(owner: string, room: Room, requested: string): FileRecord[] {
    return this.#own.all(owner, room, requested) as unknown as FileRecord[];
  }

  /** Every row of a room, by name. */
  room(room: Room): Map<string, FileRecord> {
    const rows = this.#room.all(room) as unknown as FileRecord[];
    return new Map(rows.map((row) => [row.name, row]));
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

/** Whether a row speaks of the file that is there now. */
export function holds(row: FileRecord, info: Deno.FileInfo): boolean {
  return info.isFile && row.size === info.size && row.ino === String(info.ino) &&
    row.mtime === (info.mtime?.getTime() ?? 0);
}
