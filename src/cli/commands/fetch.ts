import { FtError } from "../../error.ts";
import { fetch } from "../../verbs/download.ts";
import { list } from "../../verbs/list.ts";
import type { Options } from "../arguments.ts";
import { clientOptions } from "../contact.ts";
import { remoteItems } from "../listing.ts";
import { openPrompts } from "../prompts.ts";
import { isInteractive, out, withSignals } from "../shell.ts";
import { runTransfer } from "../transfer.ts";

/** `ft fetch [NAME or NUMBER...]` */
export async function runFetch(names: readonly string[], options: Options): Promise<number> {
  const wanted = names.length > 0 ? names : await choose(options);
  if (wanted.length === 0) return 0;
  const { output, onConflict: conflict, checksum, dryRun } = options;
  return await runTransfer(
    "fetch",
    wanted,
    options,
    (common) => fetch(wanted, { ...common, output, conflict, checksum, dryRun }),
  );
}

/** Shows what is shared and asks for one of it; nothing when there is nothing or none is wanted. */
async function choose(options: Options): Promise<string[]> {
  if (!isInteractive()) {
    throw new FtError("usage", "Say what to fetch: there is no terminal to ask on.", {
      hint: "Write: ft fetch NAME, and see the names with: ft list shared",
    });
  }
  const lists = await withSignals((signal) => list(["shared"], clientOptions(options, signal)));
  const items = lists[0]?.items ?? [];
  if (items.length === 0) {
    out("No files are shared.\n");
    return [];
  }
  const prompts = await openPrompts();
  try {
    const question = "Enter the number of the file to download:";
    const answer = await prompts.remoteFile(question, remoteItems(items));
    return answer === undefined || answer === "" ? [] : [answer];
  } finally {
    await prompts.close();
  }
}
