import { FtError } from "../../error.ts";
import { fetch } from "../../verbs/download.ts";
import { list } from "../../verbs/list.ts";
import type { Options } from "../arguments.ts";
import { codeOptions } from "../code.ts";
import { clientOptions } from "../contact.ts";
import { remoteItems } from "../listing.ts";
import { openPrompts } from "../prompts.ts";
import { err, isInteractive, out, withSignals } from "../shell.ts";
import { escapeText } from "../text.ts";
import { outputOf, runTransfer } from "../transfer.ts";
import { show } from "../voice.ts";

/** `ft fetch [NAME or NUMBER...]` */
export async function runFetch(names: readonly string[], options: Options): Promise<number> {
  const wanted = names.length > 0 ? names : await withSignals((signal) => choose(options, signal));
  if (wanted.length === 0) return 0;
  const { onConflict: conflict, checksum, dryRun } = options;
  const notes = new Notes();
  const exit = await runTransfer(
    "fetch",
    wanted,
    options,
    (common, questions) => {
      const codes = codeOptions(options, questions);
      const output = outputOf(wanted, options);
      const how = { conflict, checksum, dryRun };
      return fetch(wanted, { ...common, ...codes, ...how, onNote: notes.onNote, output });
    },
  );
  notes.tell(options);
  return exit;
}

/** What senders say of secret shares, which nobody can read before they are fetched. */
export class Notes {
  readonly #notes: { readonly name: string; readonly note: string }[] = [];
  readonly onNote = (name: string, note: string): void => void this.#notes.push({ name, note });

  /** Tells them, once the screen is free. */
  tell({ quiet }: Options): void {
    for (const { name, note } of this.#notes) {
      show(() => "", () => [{ what: "note", name, note }]);
      if (!quiet) err(`Note of '${escapeText(name)}': ${escapeText(note)}\n`);
    }
  }
}

/**
 * Shows what is shared and asks for one of it, or takes all of it where nothing is to be asked;
 * nothing when there is nothing.
 *
 * @throws FtError `interrupted` when the user wants none.
 */
async function choose(options: Options, signal: AbortSignal): Promise<string[]> {
  if (!options.yes && !isInteractive()) {
    throw new FtError("usage", "Say what to fetch: there is no terminal to ask on.", {
      hint:
        "Write: ft fetch NAME, and see the names with: ft list shared; --yes takes all of them.",
    });
  }
  const [shared] = await list(["shared"], clientOptions(options, signal));
  const items = shared?.items ?? [];
  if (items.length === 0) {
    out("No files are shared.\n");
    return [];
  }
  if (options.yes) return items.map(({ name }) => name);
  const prompts = await openPrompts();
  const stop = () => void prompts.close();
  signal.addEventListener("abort", stop, { once: true });
  try {
    const question = "Enter the number of the file to download:";
    const answer = await prompts.remoteFile(question, remoteItems(items));
    signal.throwIfAborted();
    if (!answer) throw new FtError("interrupted", "Interrupted. Nothing was fetched.");
    return [answer];
  } finally {
    signal.removeEventListener("abort", stop);
    await prompts.close();
  }
}
