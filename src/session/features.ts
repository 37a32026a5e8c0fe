import { FtError } from "../error.ts";
import { ZSTD_FEATURE } from "./compression.ts";

/** The features of FT/1 that ft has. */
export const FEATURES: readonly string[] = [ZSTD_FEATURE];

/** Throws FtError `version` when a client cannot do without something that is not among them. */
export function requireFeatures(required: readonly string[]): void {
  const missing = required.filter((feature) => !FEATURES.includes(feature));
  if (missing.length > 0) {
    throw new FtError("version", `This server lacks: ${missing.join(", ")}.`);
  }
}
