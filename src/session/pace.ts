/**
 * How fast the bytes of files may move: so many a second in all, so many for each client, and
 * evenly between those who wait: who has been served least is next. What one leaves over, the others
 * take. Pure but for its clock.
 *
 * @module
 */
import { type Clock, SYSTEM_CLOCK } from "../clock.ts";
import { FRAME_SECONDS, PIECE_BYTES } from "../protocol/limits.ts";

/**
 * Seconds in which a piece is to move. Whoever sends one gives up when it is not taken within
 * FRAME_SECONDS; half of that leaves room for a late clock and for those who come later.
 */
const PIECE_SECONDS = FRAME_SECONDS / 2;
/** The rate a connection must get at least, in bytes for each second. */
export const LEAST_RATE: number = PIECE_BYTES / PIECE_SECONDS;
/** Milliseconds after which a piece of a connection that was admitted is the next to move. */
const LATE_MS = PIECE_SECONDS * 1_000;
/** Milliseconds of a rate that may be caught up with after a pause: timers come late. */
const SLACK_MS = 100;

/** How fast; undefined is as fast as it goes. */
export interface PaceOptions {
  /** Bytes for each second in all. */
  readonly total?: number | undefined;
  /** Bytes for each second of each client. */
  readonly perClient?: number | undefined;
  readonly clock?: Clock;
}

/** What a rate allows: nothing before `readyAt`. */
class Meter {
  readonly #rate: number;
  readyAt = -Infinity;

  constructor(rate: number | undefined) {
    this.#rate = rate ?? Infinity;
  }

  pay(bytes: number, now: number): void {
    this.readyAt = Math.max(this.readyAt, now - SLACK_MS) + bytes / this.#rate * 1_000;
  }
}

interface Waiter {
  readonly bytes: number;
  readonly go: () => void;
}

/** A client, over all its connections. */
interface Client {
  readonly meter: Meter;
  /** In the order they came, and since when they have waited. */
  readonly waiting: Map<Waiter, number>;
  /** Connections, and how many of them have files under way. */
  lanes: number;
  active: number;
  /** Bytes it was served, counted from where the others were when it came. */
  served: number;
}

/** Since when a client waits. */
function sinceOf({ waiting }: Client): number {
  const [since = Infinity] = waiting.values();
  return since;
}

/** Shares a rate out among clients. */
export class Pace {
  readonly #options: PaceOptions;
  readonly #clock: Clock;
  readonly #total: Meter;
  readonly #clients = new Map<string, Client>();
  /** Where whoever was served last stood: newcomers begin there, not with a credit. */
  #served = 0;
  #timer: (() => void) | undefined;

  constructor(options: PaceOptions) {
    this.#options = options;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    this.#total = new Meter(options.total);
  }

  /** A place for one connection of a client. */
  lane(name: string): Lane {
    this.#forget();
    let client = this.#clients.get(name);
    if (client === undefined) {
      const meter = new Meter(this.#options.perClient);
      client = { meter, waiting: new Map(), lanes: 0, active: 0, served: 0 };
      this.#clients.set(name, client);
    }
    client.lanes++;
    return new Lane(this, client);
  }

  /** Drops clients that have gone and owe nothing: coming back is no way around a rate. */
  #forget(): void {
    const now = this.#clock.now();
    for (const [name, { lanes, meter }] of this.#clients) {
      if (lanes === 0 && meter.readyAt <= now) this.#clients.delete(name);
    }
  }

  /**
   * @internal Whether one more connection of a client can get its least rate, and those that were
   * admitted still can. A client's further connections leave room for other clients to come.
   */
  admits(client: Client): boolean {
    const { total = Infinity, perClient = Infinity } = this.#options;
    const lanes = client.active + 1;
    let clients = lanes === 1 ? 1 : 0;
    // Each client has the same part of the total, so who has most connections gets least for each.
    let most = lanes === 1 ? 1 : 2 * lanes;
    for (const { active } of this.#clients.values()) {
      if (active > 0) clients++;
      most = Math.max(most, active);
    }
    return lanes * LEAST_RATE <= perClient && most * clients * LEAST_RATE <= total;
  }

  /** @internal Pays for bytes, now or when it is their turn. */
  take(client: Client, waiter: Waiter): boolean {
    const now = this.#clock.now();
    if (client.waiting.size === 0) client.served = Math.max(client.served, this.#served);
    client.waiting.set(waiter, now);
    this.#serve(now);
    return !client.waiting.has(waiter);
  }

  /** @internal Forgets one who waits. */
  drop(client: Client, waiter: Waiter): void {
    client.waiting.delete(waiter);
    this.#serve(this.#clock.now());
  }

  /** Serves all whose time has come, and comes back for the next. */
  #serve(now: number): void {
    this.#timer?.();
    this.#timer = undefined;
    for (;;) {
      const waiting = [...this.#clients.values()].filter((client) => client.waiting.size > 0);
      if (waiting.length === 0) return;
      const first = Math.min(...waiting.map(({ meter }) => meter.readyAt));
      const at = Math.max(first, this.#total.readyAt);
      if (at > now) {
        this.#timer = this.#clock.after(at - now, () => this.#serve(this.#clock.now()));
        return;
      }
      const ready = waiting.filter(({ meter }) => meter.readyAt <= now);
      // Ever new clients, or many who send without being admitted, would hold up those who were.
      const late = ready.filter((client) => client.active > 0 && sinceOf(client) <= now - LATE_MS);
      const next = late.length > 0
        ? late.reduce((a, b) => sinceOf(b) < sinceOf(a) ? b : a)
        : ready.reduce((a, b) => b.served < a.served ? b : a);
      this.#grant(next, now);
    }
  }

  #grant(client: Client, now: number): void {
    const [waiter] = client.waiting.keys();
    if (waiter === undefined) return;
    client.waiting.delete(waiter);
    this.#served = client.served;
    client.served += waiter.bytes;
    client.meter.pay(waiter.bytes, now);
    this.#total.pay(waiter.bytes, now);
    waiter.go();
  }
}

/** One connection's place in a pace. */
export class Lane {
  readonly #pace: Pace;
  readonly #client: Client;
  readonly #waiting = new Set<Waiter>();
  #open = 0;
  #closed = false;

  constructor(pace: Pace, client: Client) {
    this.#pace = pace;
    this.#client = client;
  }

  /** Begins a transfer; false when the connection would get too little to live on. */
  enter(): boolean {
    if (this.#open === 0) {
      if (!this.#pace.admits(this.#client)) return false;
      this.#client.active++;
    }
    this.#open++;
    return true;
  }

  /** Ends a transfer that was begun. */
  leave(): void {
    this.#open--;
    if (this.#open === 0) this.#client.active--;
  }

  /** Waits until so many bytes may move; not at all where they may now, or once it is closed. */
  take(bytes: number): void | Promise<void> {
    if (this.#closed) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiter: Waiter = {
      bytes,
      go: () => {
        this.#waiting.delete(waiter);
        resolve();
      },
    };
    this.#waiting.add(waiter);
    return this.#pace.take(this.#client, waiter) ? undefined : promise;
  }

  /** Gives the place up: nobody waits in it any more. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#client.lanes--;
    for (const waiter of this.#waiting) {
      waiter.go();
      this.#pace.drop(this.#client, waiter);
    }
  }
}
