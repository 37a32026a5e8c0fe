import { FtError, toFailure } from "../../error.ts";
import type { ClientOptions, Item, Result } from "../../mod.ts";
import { fetch, get } from "../../verbs/download.ts";
import { list } from "../../verbs/list.ts";
import { put, share } from "../../verbs/upload.ts";
import type { Options } from "../arguments.ts";
import { codeOptions, type Questions } from "../code.ts";
import { clientOptions, contactOf } from "../contact.ts";
import { remoteItems } from "../listing.ts";
import type { Prompts } from "../prompt.ts";
import { openPrompts } from "../prompts.ts";
import { out, withSignals } from "../shell.ts";
import { escapeText, formatBytes } from "../text.ts";
import { interruptionText, STANDARD, tellFailures, withProgress } from "../transfer.ts";
import { tellFailure } from "../voice.ts";
import { Notes } from "./fetch.ts";

type Moved = Exclude<Result, { error: FtError }>;

/** Thrown when the user leaves a question by Ctrl-C or the end of input. */
class Left extends Error {}

/** `ft client [SERVER]` */
export async function runClient(_operands: readonly string[], options: Options): Promise<number> {
  if (options.output === STANDARD) {
    throw new FtError("usage", "The menu does not write files to standard output.", {
      hint: "Write: ft get NAME --output -",
    });
  }
  // A server that nobody can mean is told of before any question.
  contactOf(options);
  const prompts = await openPrompts();
  try {
    await menu(prompts, options);
    return 0;
  } catch (thrown) {
    if (!(thrown instanceof Left)) throw thrown;
    out("\n");
    return 0;
  } finally {
    await prompts.close();
  }
}

async function menu(prompts: Prompts, options: Options): Promise<void> {
  for (;;) {
    const choice = answered(await prompts.choice());
    if (choice === "q") break;
    const action = ACTIONS[choice];
    if (action === undefined) {
      if (choice !== "") out("Invalid choice. Please try again.\n");
      continue;
    }
    try {
      await action(prompts, options);
    } catch (thrown) {
      if (thrown instanceof Left) throw thrown;
      tellFailure(toFailure(thrown));
    }
  }
  out("Goodbye!\n");
}

function answered(answer: string | undefined): string {
  if (answer === undefined) throw new Left();
  return answer;
}

const ACTIONS: Record<string, (prompts: Prompts, options: Options) => Promise<void>> = {
  "1": (prompts, options) => uploadOne(prompts, options, "put", put),
  "2": async (prompts, options) => {
    const items = await offered(prompts, options, "public");
    const question = "Enter the name of the file to download:";
    const name = answered(await prompts.remoteFile(question, remoteItems(items)));
    if (name !== "") await getOne(prompts, options, name);
  },
  "3": (prompts, options) => uploadOne(prompts, options, "share", share),
  "4": async (prompts, options) => {
    const items = await offered(prompts, options, "shared");
    if (items.length === 0) return out("No files are shared.\n");
    const question = "Enter the number of the file to download:";
    const name = answered(await prompts.remoteFile(question, remoteItems(items)));
    if (name !== "") await fetchOne(prompts, options, name);
  },
};

/** The files of a room, to choose from. */
async function offered(
  prompts: Prompts,
  options: Options,
  room: "public" | "shared",
): Promise<readonly Item[]> {
  const lists = await withSignals((signal) =>
    list([room], clientOptions(options, signal, prompts))
  );
  return lists[0]?.items ?? [];
}

async function uploadOne(
  prompts: Prompts,
  options: Options,
  command: "put" | "share",
  verb: typeof put,
): Promise<void> {
  const path = answered(await prompts.localFile("Enter the name of the file to upload:"));
  if (path === "") return;
  const conflict = options.onConflict;
  const results = await run(
    prompts,
    command,
    path,
    options,
    (common) => verb([path], { ...common, conflict }),
  );
  tellDone(command === "put" ? "Uploaded" : "Shared", results);
}

async function getOne(prompts: Prompts, options: Options, name: string): Promise<void> {
  const { output, onConflict: conflict } = options;
  const results = await run(
    prompts,
    "get",
    name,
    options,
    (common) => get([name], { ...common, output, conflict }),
  );
  tellDone("Downloaded", results, ` into '${escapeText(output)}'`);
}

async function fetchOne(prompts: Prompts, options: Options, name: string): Promise<void> {
  const { output, onConflict: conflict } = options;
  const notes = new Notes();
  const results = await run(
    prompts,
    "fetch",
    name,
    options,
    (common, questions) => {
      const codes = codeOptions(options, questions, prompts.terminal);
      return fetch([name], { ...common, ...codes, onNote: notes.onNote, output, conflict });
    },
  );
  tellDone("Downloaded", results, ` into '${escapeText(output)}'`);
  notes.tell(options);
}

async function run(
  prompts: Prompts,
  command: string,
  operand: string,
  options: Options,
  move: (common: ClientOptions, questions: Questions) => Promise<Result[]>,
): Promise<Result[]> {
  const results = await withSignals((signal, interrupt) =>
    withProgress(options, [operand], ({ onEvent, aside }) => {
      const common = { ...clientOptions(options, signal, prompts), onEvent };
      return move(common, { signal, interrupt, aside });
    })
  );
  tellFailures(results, interruptionText(command, [operand], options));
  return results;
}

/** Says what was moved: of a pattern how much of it. */
function tellDone(done: string, results: readonly Result[], where = ""): void {
  const moved = results.filter((result): result is Moved => !("error" in result));
  const [first, ...more] = moved;
  if (first === undefined) return;
  const folders = moved.filter((result) => "tree" in result).length;
  const counts = [counted(moved.length - folders, "file"), counted(folders, "folder")];
  const what = more.length === 0 ? titleOf(first) : counts.flat().join(" and ");
  out(`${done} ${what}${where}.\n`);
}

function titleOf(moved: Moved): string {
  if ("receipt" in moved) {
    const { name, size } = moved.receipt;
    return `'${escapeText(name)}' (${formatBytes(size)})`;
  }
  const { name, files } = moved.tree;
  const count = Object.values(files).reduce((sum, some) => sum + some);
  return `'${escapeText(name)}/' (${count} ${count === 1 ? "file" : "files"})`;
}

function counted(count: number, what: string): string[] {
  return count === 0 ? [] : [`${count} ${what}${count === 1 ? "" : "s"}`];
}
