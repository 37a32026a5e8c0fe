import { FtError, toFailure } from "../../error.ts";
import type { ClientOptions, Item, Receipt, Result } from "../../mod.ts";
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
  const done = await run(
    prompts,
    command,
    path,
    options,
    (common) => verb([path], { ...common, conflict }),
  );
  if (done === undefined) return;
  const what = command === "put" ? "Uploaded" : "Shared";
  out(`${what} '${escapeText(done.name)}' (${formatBytes(done.size)}).\n`);
}

async function getOne(prompts: Prompts, options: Options, name: string): Promise<void> {
  const { output, onConflict: conflict } = options;
  const done = await run(
    prompts,
    "get",
    name,
    options,
    (common) => get([name], { ...common, output, conflict }),
  );
  tellDownloaded(done, options);
}

async function fetchOne(prompts: Prompts, options: Options, name: string): Promise<void> {
  const { output, onConflict: conflict } = options;
  const notes = new Notes();
  const done = await run(
    prompts,
    "fetch",
    name,
    options,
    (common, questions) => {
      const codes = codeOptions(options, questions, prompts.terminal);
      return fetch([name], { ...common, ...codes, onNote: notes.onNote, output, conflict });
    },
  );
  tellDownloaded(done, options);
  notes.tell(options);
}

function tellDownloaded(done: Receipt | undefined, { output }: Options): void {
  if (done === undefined) return;
  const what = `'${escapeText(done.name)}' (${formatBytes(done.size)})`;
  out(`Downloaded ${what} into '${escapeText(output)}'.\n`);
}

async function run(
  prompts: Prompts,
  command: string,
  operand: string,
  options: Options,
  move: (common: ClientOptions, questions: Questions) => Promise<Result[]>,
): Promise<Receipt | undefined> {
  const results = await withSignals((signal, interrupt) =>
    withProgress(options, 1, ({ onEvent, aside }) => {
      const common = { ...clientOptions(options, signal, prompts), onEvent };
      return move(common, { signal, interrupt, aside });
    })
  );
  tellFailures(results, interruptionText(command, [operand], options));
  const [result] = results;
  return result !== undefined && "receipt" in result ? result.receipt : undefined;
}
