/**
 * The terms of what is shared: how long it lives, how often it can be downloaded, what is said of
 * it. One row for each thing at the top that has any, a file or a folder, bound to what has the
 * name by its inode: it is written before that appears, and says nothing of what was put there by
 * hand. The row goes with the record of the file (a trigger), and the claims on it go with the row.
 *
 * @module
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";

/** The terms of one share. */
export interface ShareRecord {
  /** Of the top: the name it has in the shared room. */
  readonly name: string;
  /** Inode of what has the name. */
  readonly ino: string;
  /** Hash of the owner's key. */
  readonly owner: string;
  /** Name of the token it was shared with; empty where it had none. */
  readonly who: string;
  /** The run of the program that shared it: repeating itself, it changes nothing. */
  readonly run: string;
  /** When it appeared, in milliseconds since 1970. */
  readonly published: number;
  /** When it vanishes, in milliseconds since 1970 by the clock of the server; null for never. */
  readonly expires: number | null;
  /** How often it can be downloaded yet; null for without end. */
  readonly downloads: number | null;
  /** Empty where there is none. */
  readonly note: string;
  /** The format its content is encrypted in; empty where it is not. */
  readonly secret: string;
}

/** What says which share is meant. */
export type ShareKey = Pick<ShareRecord, "name" | "ino">;

/** The shares of a server that have terms. */
export class Shares {
  readonly #put: StatementSync;
  readonly #get: StatementSync;
  readonly #named: StatementSync;
  readonly #forget: StatementSync;
  readonly #all: StatementSync;
  readonly #over: StatementSync;
  readonly #next: StatementSync;

  /** `database` has the layout of database.ts, and stays open for as long as this is used. */
  constructor(database: DatabaseSync) {
    this.#put = database.prepare(
      `insert or replace into share
         (name, ino, owner, who, run, published, expires, downloads, note, secret)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#get = database.prepare("select * from share where name = ? and ino = ?");
    this.#named = database.prepare(
      "select * from share where name in (select value from json_each(?))",
    );
    this.#forget = database.prepare("delete from share where name = ? and ino = ?");
    this.#all = database.prepare("select * from share");
    this.#over = database.prepare("select * from share where expires <= ? or downloads = 0");
    this.#next = database.prepare("select min(expires) as next from share where expires > ?");
  }

  /** Sets the terms of a share. */
  put(share: ShareRecord): void {
    const { name, ino, owner, who, run, published, expires, downloads, note, secret } = share;
    this.#put.run(name, ino, owner, who, run, published, expires, downloads, note, secret);
  }

  /** The terms of what has the name and the inode; undefined when it has none. */
  get(name: string, ino: string): ShareRecord | undefined {
    return this.#get.get(name, ino) as ShareRecord | undefined;
  }

  /** The terms of what has or had some names, by name. */
  named(names: readonly string[]): Map<string, ShareRecord[]> {
    const shares = this.#named.all(JSON.stringify(names)) as unknown as ShareRecord[];
    return Map.groupBy(shares, ({ name }) => name);
  }

  /** Forgets the terms of a share, and the claims on it. */
  forget({ name, ino }: ShareKey): void {
    this.#forget.run(name, ino);
  }

  /** Every share that has terms, by name. */
  all(): Map<string, ShareRecord[]> {
    return Map.groupBy(this.#all.all() as unknown as ShareRecord[], ({ name }) => name);
  }

  /** Those that have expired or are used up. */
  over(now: number): ShareRecord[] {
    return this.#over.all(now) as unknown as ShareRecord[];
  }

  /** When the next one expires, in milliseconds since 1970; undefined when none does. */
  next(now: number): number | undefined {
    return (this.#next.get(now)?.["next"] ?? undefined) as number | undefined;
  }
}

/** Whether a share is to be seen no more: it has expired, or is used up. */
export function isOver(
  { expires, downloads }: Pick<ShareRecord, "expires" | "downloads">,
  now: number,
): boolean {
  return isExpired({ expires }, now) || downloads === 0;
}

/** Whether its time is over. */
export function isExpired({ expires }: Pick<ShareRecord, "expires">, now: number): boolean {
  return expires !== null && expires <= now;
}
