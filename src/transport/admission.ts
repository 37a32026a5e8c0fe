/**
 * How many connections a server has, in all and from one address. Whoever has been let in keeps its
 * place; a stranger has one only until somebody else needs it. With all places kept, a few strangers
 * more may still greet: to join a conversation, or to hear that there is no room.
 *
 * @module
 */

/** Most connections at once. */
export interface AdmissionLimits {
  readonly connections: number;
  /** Of one address; a network of IPv6 (/64) counts as one. */
  readonly connectionsPerAddress: number;
}

/** Strangers that may greet while all places are kept. */
const OVER = 32;

/** The place of one connection. */
export interface Place {
  /** Its peer has been let in; false when there is no room for it. */
  keep(): boolean;
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
  /** Those that came while all places were kept. */
  readonly #over = new Set<Held>();
  readonly #counts = new Map<string, number>();

  constructor(limits: AdmissionLimits) {
    this.#limits = limits;
  }

  /**
   * A place for a connection from `hostname`. Where strangers have all that are left, the one that
   * came first goes: its `evict` is called.
   */
  enter(hostname: string, evict: () => void): Place {
    const held = { group: groupOf(hostname), evict, isKept: false };
    if (!this.#take(held)) {
      if (this.#over.size >= OVER) this.#evictFirst(this.#over);
      this.#over.add(held);
    }
    return { keep: () => this.#keep(held), leave: () => this.#leave(held) };
  }

  #take(held: Held): boolean {
    const { group } = held;
    const { connections, connectionsPerAddress } = this.#limits;
    const count = this.#counts.get(group) ?? 0;
    if (count >= connectionsPerAddress && !this.#evictFirst(this.#held, group)) return false;
    if (this.#held.size >= connections && !this.#evictFirst(this.#held)) return false;
    this.#held.add(held);
    this.#counts.set(group, (this.#counts.get(group) ?? 0) + 1);
    return true;
  }

  #keep(held: Held): boolean {
    // Others may have left since it came.
    if (this.#over.has(held) && this.#take(held)) this.#over.delete(held);
    held.isKept = this.#held.has(held);
    return held.isKept;
  }

  #evictFirst(from: ReadonlySet<Held>, group?: string): boolean {
    for (const held of from) {
      if (held.isKept || group !== undefined && held.group !== group) continue;
      this.#leave(held);
      held.evict();
      return true;
    }
    return false;
  }

  #leave(held: Held): void {
    this.#over.delete(held);
    if (!this.#held.delete(held)) return;
    const count = (this.#counts.get(held.group) ?? 1) - 1;
    if (count === 0) this.#counts.delete(held.group);
    else this.#counts.set(held.group, count);
  }
}
