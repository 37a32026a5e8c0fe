import type { Unshared } from "../../mod.ts";
import { unshare, unshareAt } from "../../verbs/unshare.ts";
import type { Options } from "../arguments.ts";
import { clientOptions } from "../contact.ts";
import { exitFor, failureTable, failureText } from "../report.ts";
import { err, withSignals } from "../shell.ts";
import { escapeText, formatBytes } from "../text.ts";
import { lineOfFailure, show } from "../voice.ts";

/** `ft unshare NAME...` */
export async function runUnshare(names: readonly string[], options: Options): Promise<number> {
  const { root, quiet } = options;
  const results = await withSignals((signal) =>
    root === undefined ? unshare(names, clientOptions(options, signal)) : unshareAt(root, names)
  );
  const failed = results.filter((result): result is Failed => "error" in result);
  for (const result of results) {
    const { name } = result;
    if ("error" in result) {
      lineOfFailure(result.error, { name });
      continue;
    }
    const { size } = result.about;
    show(() => "", () => [{ what: "unshared", name, size }]);
    if (!quiet) err(`Removed '${escapeText(name)}' (${formatBytes(size)}).\n`);
  }
  const [only] = failed;
  if (only !== undefined) {
    err(results.length === 1 ? failureText(only.error) : failureTable(failed));
  }
  return exitFor(failed.map(({ error }) => error));
}

type Failed = Extract<Unshared, { error: unknown }>;
