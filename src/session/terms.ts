import { FtError, toFailure } from "../error.ts";
import { checkTerms, type ShareTerms } from "../protocol/message.ts";
import type { Terms } from "../storage/store.ts";

/**
 * The terms of a share as they can be sent: what is not said is left out.
 *
 * @throws FtError `usage` when one of them cannot be.
 */
export function acceptTerms(terms: Terms): ShareTerms {
  try {
    return checkTerms(terms, "");
  } catch (thrown) {
    const message = toFailure(thrown).message.replace("A message's field", "Of a share");
    throw new FtError("usage", message, { cause: thrown });
  }
}

/** The terms that a file is shared on, of all that is said of it. */
export function termsOf({ expires, downloads, note, secret }: ShareTerms): Terms {
  return { expires, downloads, note, secret };
}
