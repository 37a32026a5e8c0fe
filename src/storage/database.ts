/**
 * The database of a server's records: how it is opened, checked and brought to the layout of this
 * version. Several processes may have it open at once.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { FtError } from "../error.ts";
import { lookAt } from "./confine.ts";
import { storageFailure } from "./failure.ts";

/** Milliseconds to wait for another process that is writing. */
const BUSY_MS = 5_000;
/**
 * What this version writes: 2 added the tokens, and who shared a file; 3 trees and terms of shares;
 * 4 which folder is that of a tree.
 */
const LAYOUT = 4;
/** Where a database says which format it is to be written in, and how many of them there are. */
const WRITE_FORMAT = 18;
const FORMATS = 2;

const TABLES = `
  create table if not exists file (
    room text not null, name text not null, requested text not null, size integer not null,
    digest text not null, owner text not null, version text not null, ino text not null,
    mtime integer not null, published integer not null, who text not null default '',
    primary key (room, name, ino)
  ) strict, without rowid;
  create index if not exists file_by_owner on file (owner, room, requested);
  create table if not exists token (
    name text not null primary key, hash text not null unique, verbs text not null,
    created integer not null, expires integer
  ) strict, without rowid;
  create table if not exists share (
    name text not null, ino text not null, owner text not null, who text not null,
    run text not null, published integer not null, expires integer, downloads integer,
    note text not null, secret text not null,
    primary key (name, ino)
  ) strict, without rowid;
  create index if not exists share_by_expiry on share (expires);
  create table if not exists claim (
    id integer primary key autoincrement, name text not null, ino text not null, owner text not null,
    counted integer not null, until integer not null
  ) strict;
  create index if not exists claim_by_share on claim (name, ino);
  create trigger if not exists file_gone after delete on file when old.room = 'shared' begin
    delete from share where name = old.name and ino = old.ino;
  end;
  create trigger if not exists share_gone after delete on share begin
    delete from claim where name = old.name and ino = old.ino;
  end;
  create table if not exists tree (
    room text not null, name text not null, requested text not null, owner text not null,
    who text not null, published integer not null, changed integer not null,
    listed integer not null, ino text not null default '', born integer,
    primary key (room, name)
  ) strict, without rowid;
  create table if not exists tree_missing (
    room text not null, name text not null, path text not null, primary key (room, name, path)
  ) strict, without rowid;
`;

/** Columns that tables of earlier layouts do not have. */
const ADDED = [
  { table: "file", column: "who", type: "text not null default ''" },
  { table: "tree", column: "ino", type: "text not null default ''" },
  { table: "tree", column: "born", type: "integer" },
] as const;

/** What can be prepared only where every column is there. */
const COLUMNS = [
  "select room, name, requested, size, digest, owner, version, ino, mtime, published, who from file",
  "select name, hash, verbs, created, expires from token",
  "select name, ino, owner, who, run, published, expires, downloads, note, secret from share",
  "select id, name, ino, owner, counted, until from claim",
  "select room, name, requested, owner, who, published, changed, listed, ino, born from tree",
  "select room, name, path from tree_missing",
] as const;

/**
 * Opens the database at `path`. One that is damaged is set aside under a name of its own and a
 * new one begun; `onDamaged` hears where the old one went.
 *
 * @throws FtError `io` when it cannot be opened, or is of a later version of ft.
 */
export function openDatabase(path: string, onDamaged: (aside: string) => void): DatabaseSync {
  try {
    return openAt(path);
  } catch (thrown) {
    if (!isDamage(thrown)) throw storageFailure(thrown, `open the records '${path}'`);
    const aside = `${path}.damaged-${Date.now()}`;
    Deno.renameSync(path, aside);
    for (const suffix of ["-wal", "-shm"]) {
      if (lookAt(path + suffix) !== undefined) Deno.renameSync(path + suffix, aside + suffix);
    }
    onDamaged(aside);
    return openAt(path);
  }
}

/** Does many changes in one step, within one turn of the event loop. */
export function transaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec("begin immediate");
  try {
    const result = work();
    database.exec("commit");
    return result;
  } catch (thrown) {
    if (database.isTransaction) database.exec("rollback");
    throw thrown;
  }
}

function openAt(path: string): DatabaseSync {
  checkHead(path);
  const database = new DatabaseSync(path, { timeout: BUSY_MS });
  try {
    check(database);
    database.exec("pragma journal_mode = wal; pragma synchronous = normal");
    if (layoutOf(database) !== LAYOUT) upgrade(database);
    for (const statement of COLUMNS) database.prepare(statement);
    return database;
  } catch (thrown) {
    database.close();
    throw thrown;
  }
}

function layoutOf(database: DatabaseSync): number {
  return Number(database.prepare("pragma user_version").get()?.["user_version"]);
}

/** Makes what is missing, in one step, whichever of several processes comes first. */
function upgrade(database: DatabaseSync): void {
  database.exec("begin immediate");
  try {
    if (layoutOf(database) > LAYOUT) {
      throw new FtError("io", "The records were written by a later version of ft.", {
        hint: "Use that version, or another --root.",
      });
    }
    database.exec(TABLES);
    for (const { table, column, type } of ADDED) {
      const columns = database.prepare("select name from pragma_table_info(?)").all(table);
      if (columns.some(({ name }) => name === column)) continue;
      database.exec(`alter table ${table} add column ${column} ${type}`);
    }
    database.exec(`pragma user_version = ${LAYOUT}; commit`);
  } catch (thrown) {
    if (database.isTransaction) database.exec("rollback");
    throw thrown;
  }
}

/**
 * Whether SQLite says that the file is no database or a broken one (codes 11 and 26), or that it has
 * not the tables our statements are about (code 1).
 */
function isDamage(thrown: unknown): boolean {
  return thrown instanceof Error && "errcode" in thrown &&
    [1, 11, 26].includes((thrown.errcode as number) & 0xff);
}

/** Throws when a database says that only a later SQLite may write it: this one would only read. */
function checkHead(path: string): void {
  if (!lookAt(path)?.isFile) return;
  const head = new Uint8Array(WRITE_FORMAT + 1);
  using file = Deno.openSync(path);
  file.readSync(head);
  if ((head[WRITE_FORMAT] ?? 0) > FORMATS) {
    throw Object.assign(new Error("its format is unknown"), { errcode: 26 });
  }
}

/** Throws when a database is damaged. Only prepared statements say by a code that it is. */
function check(database: DatabaseSync): void {
  // The quick check does not look whether an index and its table say the same.
  const result = database.prepare("pragma integrity_check(1)").get()?.["integrity_check"];
  if (result === "ok") return;
  throw Object.assign(new Error(String(result)), { errcode: 11 });
}
