import { FtError } from "../error.ts";
import type { Partial } from "./store.ts";

/** The partial of what is not to be staged. */
export const NOTHING_STAGED: Partial = {
  held: [],
  version: undefined,
  write: refuse,
  keep: refuse,
  publish: refuse,
  close: () => Promise.resolve(),
  discard: () => Promise.resolve(),
};

function refuse(): never {
  throw new FtError("protocol", "It was only asked what would become of the file.");
}
