import { get } from "../../verbs/download.ts";
import type { Options } from "../arguments.ts";
import { outputOf, runTransfer } from "../transfer.ts";

/** `ft get NAME...` */
export function runGet(names: readonly string[], options: Options): Promise<number> {
  const { onConflict: conflict, checksum, dryRun } = options;
  return runTransfer(
    "get",
    names,
    options,
    (common) => {
      const output = outputOf(names, options);
      return get(names, { ...common, output, conflict, checksum, dryRun });
    },
  );
}
