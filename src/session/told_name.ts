import { FtError } from "../error.ts";

/** Characters of a name that a failure quotes at most, where the name may be of any length. */
const QUOTED = 300;

/**
 * A failure in the words of who sends something blindly: what it is called here, and what its name
 * here begins with, is not the sender's business.
 *
 * @param kept what it is called here.
 * @param told what its sender calls it; undefined where that may know.
 */
export function inToldName(
  failure: FtError,
  kept: string | undefined,
  told: string | undefined,
): FtError {
  if (kept === undefined || told === undefined || kept === told) return failure;
  const { code, side, cause } = failure;
  const words = (text: string) =>
    text.replaceAll(`'${kept}'`, `'${told}'`).replaceAll(`'${kept}/`, `'${told}/`)
      .replaceAll(`'${kept.slice(0, QUOTED)}'`, `'${told.slice(0, QUOTED)}'`);
  const hint = failure.hint === undefined ? {} : { hint: words(failure.hint) };
  return new FtError(code, words(failure.message), { side, cause, ...hint });
}
