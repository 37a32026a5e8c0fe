/** Milliseconds that the first failure costs; each further one costs twice as much. */
const FIRST_MS = 250;
/** The most: below the deadline of the greeting, which goes on counting. */
const LONGEST_MS = 8_000;
/** Milliseconds after the last failure until an address is as good as new. */
const FORGET_MS = 10 * 60 * 1000;
/** Addresses that are remembered, so that a stranger with many of them fills no memory. */
const ADDRESSES = 10_000;

interface Failures {
  readonly count: number;
  readonly at: number;
}

/** How often which address has failed lately, and how long its next answer takes for it. */
export class FailedAttempts {
  readonly #now: () => number;
  /** The address that failed last is the last. */
  readonly #addresses = new Map<string, Failures>();

  /** `now` is a clock in milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Addresses that are remembered. */
  get size(): number {
    return this.#addresses.size;
  }

  /** Notes a failure of `peer`, `HOST:PORT`, and says how many milliseconds its answer is to take. */
  add(peer: string): number {
    const address = addressOf(peer);
    const now = this.#now();
    const before = this.#addresses.get(address);
    const count = before === undefined || now - before.at > FORGET_MS ? 1 : before.count + 1;
    this.#addresses.delete(address);
    this.#addresses.set(address, { count, at: now });
    for (const [oldest, { at }] of this.#addresses) {
      if (this.#addresses.size <= ADDRESSES && now - at <= FORGET_MS) break;
      this.#addresses.delete(oldest);
    }
    return Math.min(FIRST_MS * 2 ** (count - 1), LONGEST_MS);
  }
}

/**
 * Whom a peer `HOST:PORT` counts as: its IPv4 address, or the /64 network of its IPv6 address,
 * within which one machine may have as many addresses as it likes.
 */
export function addressOf(peer: string): string {
  const [, six, four] = /^(?:\[(.*)\]|(.*)):\d+$/.exec(peer) ?? [];
  if (six === undefined) return four ?? peer;
  const [head = [], tail = []] = six.replace(/%.*$/, "").split("::")
    .map((half) => half.split(":").filter((group) => group !== ""));
  // An IPv4 address at the end stands for two groups, and "::" for what is missing of eight.
  const known = head.length + tail.length + (six.includes(".") ? 1 : 0);
  const groups = [...head, ...Array<string>(Math.max(0, 8 - known)).fill("0"), ...tail];
  return groups.slice(0, 4).map((group) => parseInt(group, 16).toString(16)).join(":");
}
