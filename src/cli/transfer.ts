/**
 * What the commands that move files have in common: progress while they run, failures at the end.
 *
 * @module
 */
import type { FtError } from "../error.ts";
import type { ClientOptions, Result, TransferEvent } from "../mod.ts";
import type { Options } from "./arguments.ts";
import { clientOptions, serverWord } from "./contact.ts";
import { Progress } from "./progress.ts";
import { exitFor, failureTable, failureText } from "./report.ts";
import { err, hasColor, terminalSize, withSignals } from "./shell.ts";
import { quoteShell } from "./text.ts";
import { lineOfEvent } from "./voice.ts";

/** Moves files and says how it goes; resolves with the results. */
export async function withProgress(
  { quiet }: Options,
  count: number,
  move: (onEvent: (event: TransferEvent) => void) => Promise<Result[]>,
): Promise<Result[]> {
  if (quiet) return await move(lineOfEvent);
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
      lineOfEvent(event);
      if (event.kind !== "failed" || count > 1) progress.listen(event);
    });
  } finally {
    progress.close();
  }
}

type Failed = Extract<Result, { error: FtError }>;

/** Tells the failures among results, whose lines came with their events; returns the exit code. */
export function tellFailures(results: readonly Result[], goOn: string): number {
  const failed = results.filter((result): result is Failed => "error" in result);
  const interrupted = failed.filter(({ error }) => error.code === "interrupted");
  if (interrupted.length > 0) {
    err(`Interrupted. What has arrived is kept. Go on with:\n  ${goOn}\n`);
    return 130;
  }
  if (failed.length === 1 && results.length === 1) {
    for (const { error } of failed) err(failureText(error));
  } else if (failed.length > 0) err(failureTable(failed));
  return exitFor(failed.map(({ error }) => error));
}

/** The command line that does the same again. */
export function commandLine(
  command: string,
  operands: readonly string[],
  options: Options,
): string {
  const words = ["ft", command];
  const add = (name: string, value: string | undefined, usual?: string) => {
    if (value !== undefined && value !== usual) words.push(`--${name}`, quoteShell(value));
  };
  add("server", serverWord(options), "127.0.0.1:5000");
  add("token-file", options.tokenFile);
  if (options.plain) words.push("--plain");
  add("state", options.state);
  if (command === "get" || command === "fetch") add("output", options.output, "downloads/");
  add("on-conflict", options.onConflict, "rename");
  if (operands.some((operand) => operand.startsWith("-"))) words.push("--");
  return [...words, ...operands.map(quoteShell)].join(" ");
}

/** Runs one command that moves files, from its options to its exit code. */
export async function runTransfer(
  command: string,
  operands: readonly string[],
  options: Options,
  move: (common: ClientOptions) => Promise<Result[]>,
): Promise<number> {
  const results = await withSignals((signal) =>
    withProgress(
      options,
      operands.length,
      (onEvent) => move({ ...clientOptions(options, signal), onEvent }),
    )
  );
  return tellFailures(results, commandLine(command, operands, options));
}
