/**
 * A download that counts: its first chunk is sent last, when the receiver has verified all others
 * and the claim is committed. Without that chunk, the size of which is FIRST_CHUNK_BYTES in all but
 * the smallest files, nobody has the file; whoever gets it has been counted.
 *
 * @module
 */
import type { FailureCode, FtError } from "../error.ts";
import { FIRST_CHUNK_BYTES } from "../protocol/chunk.ts";
import type { Claim } from "../storage/store.ts";

/** The chunk that is sent last. */
export const WITHHELD_CHUNK = 0;

/** What holds the first chunk back. */
export class Withheld {
  readonly #claim: Claim;
  readonly #before: number;
  readonly #earned = Promise.withResolvers<void>();

  /** `size` is that of the file. */
  constructor(claim: Claim, size: number) {
    this.#claim = claim;
    this.#before = Math.max(0, size - FIRST_CHUNK_BYTES);
  }

  /** Hears how many bytes the receiver has verified, those held from earlier included. */
  hear(verified: number): void {
    this.#claim.renew();
    if (verified >= this.#before) this.#earned.resolve();
  }

  /**
   * Waits until all else is verified, then counts the download; not when `over` comes first, however
   * it settles.
   *
   * @throws FtError why it cannot be counted.
   */
  async earn(over: Promise<unknown>): Promise<void> {
    const isEarned = await Promise.race([
      over.then(() => false, () => false),
      this.#earned.promise.then(() => true),
    ]);
    if (isEarned) await this.#claim.commit();
  }
}

/** What ENTRY says of a download that is to be counted yet; undefined of any other. */
export function countingOf(claim: Claim | undefined): { downloads: number } | undefined {
  if (claim === undefined || claim.isCounted) return undefined;
  return { downloads: Math.max(1, claim.remaining) };
}

/** How a download ends whose receiver may come back for the rest of it. */
const GONE: ReadonlySet<FailureCode> = new Set(["lost", "timeout", "closing"]);

/** Ends the claim of a download that failed; once is enough. */
export function endClaim(claim: Claim | undefined, { code, side }: FtError): void {
  // What the receiver says itself is not that it is gone.
  if (side === "here" && GONE.has(code)) claim?.leave();
  else claim?.release();
}
