import type { ShareKey } from "./shares.ts";
import type { Claim } from "./store.ts";

/** What is being fetched and is not counted: it stays until all who fetch it are done. */
export class Holds {
  /** An entry for each who fetches it. */
  readonly #held = new Set<ShareKey>();
  readonly #onEnded: () => void;

  /** `onEnded` hears that one has ended: what it held may be over now. */
  constructor(onEnded: () => void) {
    this.#onEnded = onEnded;
  }

  /** A claim that nobody has to wait for. */
  take({ name, ino }: ShareKey): Claim {
    const held = { name, ino };
    this.#held.add(held);
    const end = () => {
      if (this.#held.delete(held)) this.#onEnded();
    };
    return {
      isCounted: true,
      remaining: 0,
      renew: () => {},
      commit: () => Promise.resolve(),
      done: end,
      release: end,
      leave: end,
    };
  }

  has(key: ShareKey): boolean {
    return this.#held.values().some((held) => isSame(held, key));
  }

  /** It is gone all the same: its number may be another's now. */
  forget(key: ShareKey): void {
    for (const held of this.#held) {
      if (isSame(held, key)) this.#held.delete(held);
    }
  }
}

function isSame(a: ShareKey, b: ShareKey): boolean {
  return a.name === b.name && a.ino === b.ino;
}
