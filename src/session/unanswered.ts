import { FtError } from "../error.ts";
import type { Claim } from "../storage/store.ts";

/**
 * What of a tree is wanted and has no result yet. Where the tree has only so many downloads, the
 * last of it is withheld until all else has its place and the download is counted.
 */
export class Unanswered {
  /** The entry that is sent last. */
  withheld: number | undefined;
  readonly #claim: Claim | undefined;
  readonly #indexes = new Set<number>();
  /** Settles when only the withheld entry has no result. */
  readonly #earned = Promise.withResolvers<true>();

  constructor(claim: Claim | undefined) {
    this.#claim = claim;
  }

  /** It is known what is wanted. */
  begin(indexes: readonly number[]): void {
    for (const index of indexes) this.#indexes.add(index);
    if (this.#claim?.isCounted === false) this.withheld = indexes.at(-1);
    this.look();
  }

  has(index: number): boolean {
    return this.#indexes.has(index);
  }

  /** An entry has its result. */
  delete(index: number): void {
    this.#indexes.delete(index);
  }

  /** Sees whether the withheld entry is all that is left. */
  look(): void {
    this.#claim?.renew();
    const left = this.#indexes.size;
    if (left === 0 || left === 1 && this.has(this.withheld ?? -1)) this.#earned.resolve(true);
  }

  /**
   * Waits until all else has its place, then counts the download.
   *
   * @throws FtError why it cannot be counted, or `lost` when `over` settles before.
   */
  async earn(over: Promise<unknown>): Promise<void> {
    const ended = over.then(() => false, () => false);
    if (!await Promise.race([this.#earned.promise, ended])) throw new FtError("lost");
    await this.#claim?.commit();
  }
}
