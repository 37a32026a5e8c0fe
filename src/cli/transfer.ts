/**
 * What the commands that move files have in common: progress while they run, failures at the end.
 *
 * @module
 */
import { FtError } from "../error.ts";
import type { ClientOptions, Result, TransferEvent } from "../mod.ts";
import type { Options } from "./arguments.ts";
import { clientOptions, serverWord } from "./contact.ts";
import { Progress } from "./progress.ts";
import { exitFor, failureTable, failureText } from "./report.ts";
import { err, hasColor, out, OutputClosed, terminalSize, withSignals } from "./shell.ts";
import { standardOutput } from "./standard_streams.ts";
import { durationText, escapeText, formatBytes, quoteShell } from "./text.ts";

/** What stands for standard input among files, and for standard output in `--output`. */
export const STANDARD = "-";

/** Where downloads of these names go. */
export function outputOf(
  names: readonly string[],
  { output }: Options,
): string | WritableStream<Uint8Array> {
  if (output !== STANDARD) return output;
  const [name = "", ...more] = names;
  if (more.length === 0) return standardOutput(name);
  throw new FtError("usage", "One file at a time goes to standard output.", {
    hint: "Name a folder with --output, or run ft once for each file.",
  });
}

/** Moves files and says how it goes; resolves with the results. */
export async function withProgress(
  { quiet, dryRun }: Options,
  count: number,
  move: (onEvent: (event: TransferEvent) => void) => Promise<Result[]>,
): Promise<Result[]> {
  if (dryRun) return await withPlan(move);
  if (quiet) return await move(() => {});
  const progress = new Progress({
    write: err,
    terminal: Deno.stderr.isTerminal(),
    columns: () => terminalSize().columns,
    color: hasColor(Deno.stderr),
    now: () => performance.now(),
  });
  try {
    // The failure of a single file is told once, as the command's own.
    return await move((event) => {
      if (event.kind !== "failed" || count > 1) progress.listen(event);
    });
  } finally {
    progress.close();
  }
}

/** Says what would move, on standard output. */
async function withPlan(
  move: (onEvent: (event: TransferEvent) => void) => Promise<Result[]>,
): Promise<Result[]> {
  let files = 0;
  let bytes = 0;
  const results = await move((event) => {
    if (event.kind !== "planned") return;
    files++;
    bytes += event.size ?? 0;
    const size = event.size === undefined ? "" : `  ${formatBytes(event.size)}`;
    out(`${escapeText(event.name)}${size}\n`);
  });
  err(`${files} ${files === 1 ? "file" : "files"} would travel, ${formatBytes(bytes)}.\n`);
  return results;
}

type Failed = Extract<Result, { error: FtError }>;

/**
 * Tells the failures among results; returns the exit code.
 *
 * @param interruption what to say when it was interrupted.
 */
export function tellFailures(results: readonly Result[], interruption: string): number {
  const failed = results.filter((result): result is Failed => "error" in result);
  const interrupted = failed.filter(({ error }) => error.code === "interrupted");
  if (interrupted.length > 0) {
    err(`Interrupted. ${interruption}\n`);
    return 130;
  }
  if (failed.length === 1 && results.length === 1) {
    for (const { error } of failed) err(failureText(error));
  } else if (failed.length > 0) err(failureTable(failed));
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
  if (isPiped) return "What came through the pipe is not kept.";
  const kept = options.secret
    ? "Nothing of it is kept, as its key is not. Start again with:"
    : "What has arrived is kept. Go on with:";
  return `${kept}\n  ${commandLine(command, operands, options)}`;
}

/** The command line that does the same again. */
export function commandLine(
  command: string,
  operands: readonly string[],
  options: Options,
): string {
  const words = ["ft", command];
  const add = (name: string, value: string | undefined, usual?: string) => {
    if (value === undefined || value === usual) return;
    // Else it would be read as the next option.
    if (value.startsWith("-")) words.push(`--${name}=${quoteShell(value)}`);
    else words.push(`--${name}`, quoteShell(value));
  };
  add("server", serverWord(options), "127.0.0.1:5000");
  add("token-file", options.tokenFile);
  if (options.plain) words.push("--plain");
  add("state", options.state);
  if (command === "get" || command === "fetch") add("output", options.output, "downloads/");
  for (const pattern of options.exclude) add("exclude", pattern);
  add("links", options.links, "keep");
  if (command === "share") {
    add("expires", options.expires === undefined ? undefined : durationText(options.expires));
    add("downloads", options.downloads?.toString());
    add("note", options.note);
    if (options.secret) words.push("--secret");
    if (options.hideName) words.push("--hide-name");
  }
  add("on-conflict", options.onConflict, "rename");
  if (options.checksum) words.push("--checksum");
  if (options.dryRun) words.push("--dry-run");
  add("name", options.name);
  add("code-file", options.codeFile);
  if (operands.some((operand) => operand.startsWith("-"))) words.push("--");
  return [...words, ...operands.map(quoteShell)].join(" ");
}

/** Runs one command that moves files, from its options to its exit code. */
export async function runTransfer(
  command: string,
  operands: readonly string[],
  options: Options,
  move: (common: ClientOptions & { readonly signal: AbortSignal }) => Promise<Result[]>,
): Promise<number> {
  const results = await withSignals((signal) =>
    withProgress(
      options,
      operands.length,
      (onEvent) => move({ ...clientOptions(options, signal), signal, onEvent }),
    )
  );
  const [result] = results;
  if (result !== undefined && "error" in result && result.error.cause instanceof OutputClosed) {
    throw result.error.cause;
  }
  return tellFailures(results, interruptionText(command, operands, options));
}
