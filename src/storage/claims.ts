/**
 * Claims: who downloads what has only so many downloads. Such a claim is a row, so that it outlives a
 * crash of either side; what a live connection makes of it is kept in memory. A share never has
 * more claims that do not count yet than downloads that are left. What counts is taken off the
 * downloads in one transaction that is on the disk before the last bytes are sent.
 *
 * @module
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { FtError } from "../error.ts";
import { transaction } from "./database.ts";
import type { ShareKey, ShareRecord } from "./shares.ts";
import type { Claim, Claimant } from "./store.ts";

/** Times of claims; tests shorten them. */
export interface ClaimTimes {
  /** Milliseconds that a claim lasts once its connection is gone. */
  readonly lapse: number;
  /** Milliseconds that a connection keeps it without a byte. */
  readonly held: number;
  /** Milliseconds without a byte after which its owner takes over from a connection that is there. */
  readonly still: number;
  /** Milliseconds in which a download that counts may be finished. */
  readonly counted: number;
}

/** CLAIM_SECONDS, FRAME_SECONDS and COUNTED_SECONDS of the protocol, which storage does not know. */
export const CLAIM_TIMES: ClaimTimes = {
  lapse: 30_000,
  held: 120_000,
  still: 5_000,
  counted: 86_400_000,
};

/** What claims go by. */
export interface ClaimsOptions {
  readonly times?: ClaimTimes;
  /** The clock on the wall, in milliseconds since 1970. */
  readonly now?: () => number;
}

/** A row of the table. */
interface ClaimRecord extends ShareKey {
  readonly id: number;
  readonly owner: string;
  /** 1 once it is taken off the downloads, 2 when others have been set since. */
  readonly counted: number;
  /** When it lapses, in milliseconds since 1970. */
  readonly until: number;
}

/** What makes of a row the claim of a live connection. */
interface Holder {
  readonly claimant: Claimant;
  /** When bytes flowed last. */
  seen: number;
  /** When the row lapses: it is not written anew for every byte. */
  until: number;
}

/** The claims on the shares of a server. */
export class Claims {
  readonly #database: DatabaseSync;
  readonly #times: ClaimTimes;
  readonly #now: () => number;
  /** By the number of the claim. */
  readonly #holders = new Map<number, Holder>();
  readonly #find: StatementSync;
  readonly #add: StatementSync;
  readonly #restore: StatementSync;
  readonly #extend: StatementSync;
  readonly #extendAll: StatementSync;
  readonly #remove: StatementSync;
  readonly #removeLapsed: StatementSync;
  readonly #retire: StatementSync;
  readonly #left: StatementSync;
  readonly #take: StatementSync;
  /** Hears that a claim is held no more: its share may be over now. */
  onEnded: () => void = () => {};

  /** `database` has the layout of database.ts, and stays open for as long as this is used. */
  constructor(database: DatabaseSync, { times = CLAIM_TIMES, now = Date.now }: ClaimsOptions) {
    this.#database = database;
    this.#times = times;
    this.#now = now;
    this.#find = database.prepare("select * from claim where name = ? and ino = ?");
    this.#add = database.prepare(
      "insert into claim (name, ino, owner, counted, until) values (?, ?, ?, 0, ?)",
    );
    this.#restore = database.prepare(
      `insert or replace into claim (id, name, ino, owner, counted, until)
       values (?, ?, ?, ?, 1, ?)`,
    );
    this.#extend = database.prepare("update claim set until = ? where id = ? and counted = 0");
    this.#extendAll = database.prepare("update claim set until = ? where counted = 0");
    this.#remove = database.prepare("delete from claim where id = ?");
    this.#removeLapsed = database.prepare(
      "delete from claim where name = ? and ino = ? and until <= ?",
    );
    this.#retire = database.prepare(
      "update claim set counted = 2 where name = ? and ino = ? and counted = 1",
    );
    this.#left = database.prepare("select downloads from share where name = ? and ino = ?");
    this.#take = database.prepare(
      "update share set downloads = downloads - 1 where name = ? and ino = ?",
    );
  }

  /** After a restart: whoever had a claim may come back, however long the server was away. */
  resume(): void {
    this.#extendAll.run(this.#now() + this.#times.lapse);
  }

  /**
   * Claims a download for whoever asks, or goes on with the one they have.
   *
   * @throws FtError `busy` when others have claimed all that are left, `not_found` when none are.
   */
  take(share: ShareRecord, claimant: Claimant): Claim {
    const now = this.#now();
    this.#bound(share, now);
    const own = this.#own(share, claimant, now);
    const id = own?.id ?? transaction(this.#database, () => this.#begin(share, claimant, now));
    const holder = { claimant, seen: now, until: now + this.#times.held };
    this.#holders.set(id, holder);
    if (own?.counted === 0) this.#extend.run(holder.until, id);
    return new HeldClaim(this, {
      id,
      key: { name: share.name, ino: share.ino },
      holder,
      isCounted: own?.counted === 1,
      remaining: share.downloads ?? 0,
    });
  }

  /** Whether anybody may still fetch a share that is over; `isExpired` when its time is, too. */
  isWanted({ name, ino }: ShareKey, isExpired: boolean): boolean {
    const now = this.#now();
    return this.#rows({ name, ino }).some(({ id, counted, until }) =>
      this.#holders.has(id) || !isExpired && counted === 1 && until > now
    );
  }

  #rows({ name, ino }: ShareKey): ClaimRecord[] {
    return this.#find.all(name, ino) as unknown as ClaimRecord[];
  }

  /** A clock that was set back makes no claim last longer whose owner is gone. */
  #bound(share: ShareKey, now: number): void {
    const latest = now + this.#times.lapse;
    for (const { id, until } of this.#rows(share)) {
      if (until > latest && !this.#holders.has(id)) this.#extend.run(latest, id);
    }
  }

  /** The claim that an owner goes on with: one that counts is worth most. */
  #own(share: ShareKey, { owner, run, connection }: Claimant, now: number) {
    const isFree = ({ id }: ClaimRecord) => {
      const holder = this.#holders.get(id);
      if (holder === undefined) return true;
      // Two downloads at once of one connection are two. A newer connection of the same run takes
      // over from an older one, and anybody from one on which nothing moves.
      if (holder.claimant.connection === connection) return false;
      return holder.claimant.run === run || now - holder.seen > this.#times.still;
    };
    return this.#rows(share)
      .filter((row) => row.owner === owner && row.counted < 2 && row.until > now && isFree(row))
      .sort((a, b) => b.counted - a.counted)[0];
  }

  #begin({ name, ino }: ShareKey, { owner }: Claimant, now: number): number {
    this.#removeLapsed.run(name, ino, now);
    this.#requireLeft({ name, ino });
    return Number(this.#add.run(name, ino, owner, now + this.#times.held).lastInsertRowid);
  }

  /** Throws unless there is a download that nobody has claimed. */
  #requireLeft({ name, ino }: ShareKey): void {
    const left = this.#leftOf({ name, ino });
    if (left === 0) {
      throw new FtError("not_found", `'${name}' is shared no more.`, {
        hint: "See what is there with: ft list",
      });
    }
    const claimed = this.#rows({ name, ino }).filter(({ counted }) => counted === 0).length;
    if (claimed < left) return;
    throw new FtError("busy", `Others are fetching '${name}' just now, as often as it can be.`, {
      hint: "Try again a little later: it becomes free if one of them gives up.",
    });
  }

  /** How many downloads are left; any number where its owner has lifted the limit. */
  #leftOf({ name, ino }: ShareKey): number {
    const row = this.#left.get(name, ino);
    return row === undefined ? 0 : Number(row["downloads"] ?? Infinity);
  }

  /** @internal */
  renew(id: number, holder: Holder): void {
    const now = this.#now();
    const { held } = this.#times;
    holder.seen = now;
    if (holder.until - now > held / 2 || this.#holders.get(id) !== holder) return;
    holder.until = now + held;
    this.#extend.run(holder.until, id);
  }

  /** @internal Takes one off the downloads, and waits for the disk. */
  commit(id: number, key: ShareKey, holder: Holder): void {
    if (this.#holders.get(id) !== holder) {
      throw new FtError("superseded", "A newer run of the same download took it over.");
    }
    const now = this.#now();
    // What a receiver is sent because of this cannot be taken back.
    this.#database.exec("pragma synchronous = full");
    try {
      transaction(this.#database, () => {
        this.#removeLapsed.run(key.name, key.ino, now);
        const isThere = this.#rows(key).some((row) => row.id === id);
        // The owner may have set fewer meanwhile, or taken it back.
        if (!isThere || this.#leftOf(key) === 0) this.#requireLeft(key);
        this.#take.run(key.name, key.ino);
        const until = now + this.#times.counted;
        this.#restore.run(id, key.name, key.ino, holder.claimant.owner, until);
      });
    } finally {
      this.#database.exec("pragma synchronous = normal");
    }
  }

  /** @internal */
  end(id: number, holder: Holder, isRemoved: boolean): void {
    if (this.#holders.get(id) !== holder) return;
    this.#holders.delete(id);
    if (isRemoved) this.#remove.run(id);
    else this.#extend.run(this.#now() + this.#times.lapse, id);
    this.onEnded();
  }

  /**
   * What has counted was under terms that are set anew: who is fetching finishes, and nobody comes
   * back for it.
   */
  retire({ name, ino }: ShareKey): void {
    this.#retire.run(name, ino);
  }
}

/** A claim that a connection has. */
class HeldClaim implements Claim {
  readonly remaining: number;
  readonly #claims: Claims;
  readonly #id: number;
  readonly #key: ShareKey;
  readonly #holder: Holder;
  #isCounted: boolean;

  constructor(
    claims: Claims,
    { id, key, holder, isCounted, remaining }: {
      readonly id: number;
      readonly key: ShareKey;
      readonly holder: Holder;
      readonly isCounted: boolean;
      readonly remaining: number;
    },
  ) {
    this.#claims = claims;
    this.#id = id;
    this.#key = key;
    this.#holder = holder;
    this.#isCounted = isCounted;
    this.remaining = remaining;
  }

  get isCounted(): boolean {
    return this.#isCounted;
  }

  renew(): void {
    this.#claims.renew(this.#id, this.#holder);
  }

  // deno-lint-ignore require-await -- a store elsewhere has to wait
  async commit(): Promise<void> {
    if (this.#isCounted) return;
    this.#claims.commit(this.#id, this.#key, this.#holder);
    this.#isCounted = true;
  }

  done(): void {
    this.#claims.end(this.#id, this.#holder, true);
  }

  release(): void {
    this.#claims.end(this.#id, this.#holder, !this.#isCounted);
  }

  leave(): void {
    this.#claims.end(this.#id, this.#holder, false);
  }
}
