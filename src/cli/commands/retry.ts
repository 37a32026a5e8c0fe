import { FtError } from "../../error.ts";
import { type RetryItem, type RetryList, RetryMemory } from "../../verbs/retry_list.ts";
import { type Options, parseArguments } from "../arguments.ts";
import { stateFolder } from "../contact.ts";
import { env, err, out } from "../shell.ts";
import { escapeText } from "../text.ts";
import { isPiped } from "../transfer.ts";
import { runFetch } from "./fetch.ts";
import { runGet } from "./get.ts";
import { type Only, runPut, runShare } from "./put.ts";

type Run = (operands: readonly string[], options: Options, only: Only) => Promise<number>;

const RUNS: Record<RetryList["command"], Run> = {
  put: runPut,
  share: runShare,
  get: runGet,
  fetch: runFetch,
};

/** `ft retry` */
export async function runRetry(_: readonly string[], options: Options): Promise<number> {
  const list = new RetryMemory(stateFolder(options)).get();
  if (list === undefined) {
    out("There is nothing to do again: nothing failed in the last command that moved files.\n");
    return 0;
  }
  const operands = list.items.map(({ operand }) => operand);
  const again = optionsOf(list, operands, options);
  if (isPiped(operands, again)) {
    out(
      "There is nothing to do again: what goes through a pipe comes once. Run all of it again.\n",
    );
    return 0;
  }
  enter(list.folder);
  if (!options.quiet) {
    const what = operands.length === 1 ? "1 file or folder" : `${operands.length} files or folders`;
    const more = list.more > 0 ? `; ${list.more} more failed than are remembered` : "";
    err(`Again: ft ${list.command} of ${what}, in '${escapeText(list.folder)}'${more}.\n`);
  }
  return await RUNS[list.command](operands, again, new Map(list.items.flatMap(partOf)));
}

/** Paths are meant from where the command ran. */
function enter(folder: string): void {
  try {
    Deno.chdir(folder);
  } catch (thrown) {
    throw new FtError("not_found", `The folder '${folder}' in which it ran cannot be entered.`, {
      hint: "Put it back, or run the command anew.",
      cause: thrown,
    });
  }
}

/** The options of then; those that consent, and where this command reads from, are of now. */
function optionsOf(list: RetryList, operands: readonly string[], now: Options): Options {
  const { command, server, options } = list;
  const words = server === undefined ? options : ["--server", server, ...options];
  // What is set by now is no part of what was done then, but for a server that is never written.
  const ofServer = (name: string) => name === "FT_SERVER" ? env(name) : undefined;
  const invocation = parseArguments([command, ...words, "--", ...operands], ofServer);
  if (invocation.kind !== "run") throw new FtError("io", "What is remembered is no command.");
  const { state, quiet, json, retries, limit, timeout, trustFirst } = now;
  return { ...invocation.options, state, quiet, json, retries, limit, timeout, trustFirst };
}

function partOf({ operand, paths }: RetryItem): [string, readonly string[]][] {
  return paths === undefined ? [] : [[operand, paths]];
}
