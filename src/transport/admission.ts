/**
 * How many connections a server has, in all and from one address. Whoever has been let in keeps its
 * place; a stranger has one only until somebody else needs it.
 *
 * @module
 */

/** Most connections at once. */
export interface AdmissionLimits {
  readonly connections: number;
  /** Of one address; a network of IPv6 (/64) counts as one. */
  readonly connectionsPerAddress: number;
}

/** The place of one connection. */
export interface Place {
  /** Its peer has been let in. */
  keep(): void;
  /** The connection has ended. */
  leave(): void;
}

interface Held {
  readonly group: string;
  readonly evict: () => void;
  isKept: boolean;
}

/** Which addresses count as one: those that one household has. */
export function groupOf(hostname: string): string {
  if (!hostname.includes(":")) return hostname;
  const [head = "", tail] = (hostname.split("%")[0] ?? "").split("::");
  const parts = head === "" ? [] : head.split(":");
  const rest = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : 8 - parts.length - rest.length;
  const all = [...parts, ...new Array<string>(Math.max(0, zeros)).fill("0"), ...rest];
  return all.slice(0, 4).map((part) => part.replace(/^0+(?=.)/, "").toLowerCase()).join(":");
}

/** The places of a server. */
export class Admission {
  readonly #limits: AdmissionLimits;
  /** In the order they came. */
  readonly #held = new Set<Held>();
  readonly #counts = new Map<string, number>();

  constructor(limits: AdmissionLimits) {
    this.#limits = limits;
  }

  /**
   * A place for a connection from `hostname`, or undefined when all are taken by those who were let
   * in. Where strangers have them, the one that came first goes: its `evict` is called.
   */
  enter(hostname: string, evict: () => void): Place | undefined {
    const group = groupOf(hostname);
    const { connections, connectionsPerAddress } = this.#limits;
    if ((this.#counts.get(group) ?? 0) >= connectionsPerAddress) {
      if (!this.#evictFirst((held) => held.group === group)) return undefined;
    }
    if (this.#held.size >= connections && !this.#evictFirst(() => true)) return undefined;
    const held: Held = { group, evict, isKept: false };
    this.#held.add(held);
    this.#counts.set(group, (this.#counts.get(group) ?? 0) + 1);
    return { keep: () => held.isKept = true, leave: () => this.#leave(held) };
  }

  #evictFirst(matches: (held: Held) => boolean): boolean {
    for (const held of this.#held) {
      if (held.isKept || !matches(held)) continue;
      this.#leave(held);
      held.evict();
      return true;
    }
    return false;
  }

  #leave(held: Held): void {
    if (!this.#held.delete(held)) return;
    const count = (this.#counts.get(held.group) ?? 1) - 1;
    if (count === 0) this.#counts.delete(held.group);
    else this.#counts.set(held.group, count);
  }
}
