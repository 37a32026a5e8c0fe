import { get } from "../../verbs/download.ts";
import type { Options } from "../arguments.ts";
import { outputOf, runTransfer } from "../transfer.ts";

/** `ft get NAME...` */
export function runGet(names: readonly string[], options: Options): Promise<number> {
  const conflict = options.onConflict;
  return runTransfer(
    "get",
    names,
    options,
    (common) => get(names, { ...common, output: outputOf(names, options), conflict }),
  );
}
