import { numberedName } from "../name.ts";

/** Names that folders of one command have taken: the second of a name gets a number. */
export class TakenNames {
  readonly #takers = new Map<string, unknown>();

  /** The name for `taker`, who gets the same one each time. */
  of(name: string, taker: unknown): string {
    for (let number = 1;; number++) {
      const candidate = number === 1 ? name : numberedName(name, number);
      const before = this.#takers.get(candidate);
      if (before !== undefined && before !== taker) continue;
      this.#takers.set(candidate, taker);
      return candidate;
    }
  }
}
