/**
 * What the commands that move files have in common: progress while they run, failures at the end.
 *
 * @module
 */
import { FtError, toFailure } from "../error.ts";
import type { ClientOptions, Result, TransferEvent } from "../mod.ts";
import { failedItems, type RetryItem, type RetryList, RetryMemory } from "../verbs/retry_list.ts";
import type { Options } from "./arguments.ts";
import type { Questions } from "./code.ts";
import { commandLine, optionWords, wordsOf } from "./command_line.ts";
import { clientOptions, serverWord, stateFolder } from "./contact.ts";
import { Progress } from "./progress.ts";
import { exitFor, failureTable, failureText } from "./report.ts";
import {
  canRedraw,
  env,
  err,
  hasColor,
  out,
  OutputClosed,
  terminalSize,
  withSignals,
} from "./shell.ts";
import { standardOutput } from "./standard_streams.ts";
import { escapeText, formatBytes, quoteShell } from "./text.ts";
import { hasLines, leaveFiles, lineOfEvent } from "./voice.ts";

/** What stands for standard input among files, and for standard output in `--output`. */
export const STANDARD = "-";

/** Whether a command reads a pipe or writes into one: what goes through that comes once. */
export function isPiped(operands: readonly string[], { output }: Options): boolean {
  return output === STANDARD || operands.includes(STANDARD);
}

/** What becomes of a pipe that is not moved to its end. */
const NOT_KEPT = "What came through the pipe is not kept.";

/** Where downloads of these names go. */
export function outputOf(
  names: readonly string[],
  { output }: Options,
): string | WritableStream<Uint8Array> {
  if (output !== STANDARD) return output;
  if (hasLines()) {
    throw new FtError("usage", "With --json standard output is for lines alone.", {
      hint: "Leave out --json, or name a file with --output.",
    });
  }
  const [name = "", ...more] = names;
  if (more.length === 0) return standardOutput(name);
  throw new FtError("usage", "One file at a time goes to standard output.", {
    hint: "Name a folder with --output, or run ft once for each file.",
  });
}

/** How it is shown that files move. */
interface Shown {
  readonly onEvent: (event: TransferEvent) => void;
  /** Runs what needs the screen for itself. */
  readonly aside: Questions["aside"];
  /** Aborted when nobody reads what is said of the files. */
  readonly closed?: AbortSignal;
}

type Move = (shown: Shown) => Promise<Result[]>;

/** There is nothing on the screen to make room. */
const atOnce: Shown["aside"] = (work) => work();

/** How progress is shown so that it does not get into what else is on the terminal. */
function formOf(
  operands: readonly string[],
  { output, quiet }: Options,
): "bars" | "lines" | "none" {
  const isFetched = output === STANDARD;
  if (quiet || isFetched && Deno.stdout.isTerminal()) return "none";
  // What reads the pipe may well write there, too.
  const isShared = isFetched || operands.includes(STANDARD) && Deno.stdin.isTerminal();
  return canRedraw(Deno.stderr) && !isShared ? "bars" : "lines";
}

/** Moves files and says how it goes; resolves with the results. */
export async function withProgress(
  options: Options,
  operands: readonly string[],
  move: Move,
): Promise<Result[]> {
  if (options.dryRun) return await withPlan(move);
  const form = formOf(operands, options);
  if (form === "none") return await move({ onEvent: lineOfEvent, aside: atOnce });
  const progress = new Progress({
    write: err,
    terminal: form === "bars",
    columns: () => terminalSize().columns,
    color: hasColor(Deno.stderr),
    now: () => performance.now(),
  });
  const onEvent = (event: TransferEvent) => {
    lineOfEvent(event);
    // The failure of a single file is told once, as the command's own.
    if (event.kind !== "failed" || operands.length > 1) progress.listen(event);
  };
  try {
    return await move({ onEvent, aside: (work) => progress.aside(work) });
  } finally {
    progress.close();
  }
}

/** Says what would move, on standard output. */
async function withPlan(move: Move): Promise<Result[]> {
  const closed = new AbortController();
  let files = 0;
  let bytes = 0;
  const onEvent = (event: TransferEvent) => {
    lineOfEvent(event);
    if (event.kind !== "planned" || closed.signal.aborted) return;
    files++;
    bytes += event.size ?? 0;
    const size = event.size === undefined ? "" : `  ${formatBytes(event.size)}`;
    try {
      out(`${escapeText(event.name)}${size}\n`);
    } catch (thrown) {
      // Who listens must not throw: it would be the failure of a file.
      closed.abort(thrown);
    }
  };
  let results: Result[];
  try {
    results = await move({ onEvent, aside: atOnce, closed: closed.signal });
  } finally {
    closed.signal.throwIfAborted();
  }
  err(`${files} ${files === 1 ? "file" : "files"} would travel, ${formatBytes(bytes)}.\n`);
  return results;
}

type Failed = Extract<Result, { error: FtError }>;

/**
 * Tells the failures among results; returns the exit code.
 *
 * @param interruption what to say when it was interrupted.
 * @param again what does only that again which failed, where that is remembered.
 */
export function tellFailures(
  results: readonly Result[],
  interruption: string,
  again?: string,
): number {
  const failed = results.filter((result): result is Failed => "error" in result);
  const interrupted = failed.filter(({ error }) => error.code === "interrupted");
  if (interrupted.length > 0) {
    err(`Interrupted. ${interruption}\n`);
    return 130;
  }
  if (failed.length === 1 && results.length === 1) {
    for (const { error } of failed) err(failureText(error));
  } else if (failed.length > 0) {
    err(failureTable(failed));
    if (again !== undefined) err(`  Do just that again with: ${again}\n`);
  }
  return exitFor(failed.map(({ error }) => error));
}

/** What to say when a command was interrupted: whether anything is kept, and how to go on. */
export function interruptionText(
  command: string,
  operands: readonly string[],
  options: Options,
): string {
  const sends = command === "put" || command === "share";
  const isPiped = sends ? operands.includes(STANDARD) : options.output === STANDARD;
  if (isPiped) return NOT_KEPT;
  const kept = options.secret
    ? "Nothing of it is kept, as its key is not. Start again with:"
    : options.codeFile !== undefined
    ? "Of what is secret nothing is kept. Start again with:"
    : "What has arrived is kept. Go on with:";
  return `${kept}\n  ${commandLine(command, operands, options)}`;
}

/** Runs one command that moves files, from its options to its exit code. */
export async function runTransfer(
  command: RetryList["command"],
  operands: readonly string[],
  options: Options,
  move: (
    common: ClientOptions & { readonly signal: AbortSignal },
    questions: Questions,
  ) => Promise<Result[]>,
): Promise<number> {
  let results: Result[];
  try {
    results = await withSignals(
      (whole, interrupt) =>
        withProgress(options, operands, ({ onEvent, aside, closed }) => {
          const signal = closed === undefined ? whole : AbortSignal.any([whole, closed]);
          const common = { ...clientOptions(options, signal), signal, onEvent };
          return move(common, { signal, interrupt, aside });
        }),
      isPiped(operands, options) ? `${NOT_KEPT} Run all of it again, with more time.` : undefined,
    );
  } catch (thrown) {
    // What is not understood never began.
    if (toFailure(thrown).code !== "usage") {
      leaveFiles(operands.length);
      remember(command, operands, options, operands.map((operand) => ({ operand })));
    }
    throw thrown;
  }
  const [result] = results;
  if (result !== undefined && "error" in result && result.error.cause instanceof OutputClosed) {
    throw result.error.cause;
  }
  const again = remember(command, operands, options, failedItems(results));
  return tellFailures(results, interruptionText(command, operands, options), again);
}

/** Keeps what failed for `ft retry`; returns how that is typed, when there is something to do. */
function remember(
  command: RetryList["command"],
  operands: readonly string[],
  options: Options,
  items: readonly RetryItem[],
): string | undefined {
  // Nothing was to be moved.
  if (options.dryRun) return undefined;
  const piped = isPiped(operands, options);
  try {
    new RetryMemory(stateFolder(options)).keep({
      command,
      server: serverWord(options),
      folder: Deno.cwd(),
      options: optionWords(command, options),
      // By its name another file would be sent in the place of what came through the pipe.
      items: piped && items.length > 0 ? operands.map((operand) => ({ operand })) : items,
    });
  } catch {
    return undefined; // What moved has moved, whether or not the rest can be remembered.
  }
  if (items.length === 0 || piped) return undefined;
  // Where the environment says it, it need not be typed.
  const { state } = options;
  const words = state === undefined || state === env("FT_STATE") ? [] : wordsOf("state", state);
  return ["ft", "retry", ...words].map(quoteShell).join(" ");
}
