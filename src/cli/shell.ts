/**
 * The terminal, the environment and the signals, as the commands see them.
 *
 * @module
 */
import { FtError, toFailure } from "../error.ts";

/** Thrown when whoever read standard output has left: the command ends quietly. */
export class OutputClosed extends Error {
  override readonly name = "OutputClosed";
}

const encoder = new TextEncoder();

function writeTo(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  const bytes = encoder.encode(text);
  let at = 0;
  while (at < bytes.length) at += stream.writeSync(bytes.subarray(at));
}

/** How standard output and error are used once a program reads them, not a user. */
let spoken: "words" | "json" | "json alone" = "words";

/** From here on standard output is for lines alone: words go to standard error, or nowhere. */
export function speakJson(isQuiet: boolean): void {
  spoken = isQuiet ? "json alone" : "json";
}

/** Writes to standard output: what a command was asked for. */
export function out(text: string): void {
  if (spoken === "words") outLine(text);
  else err(text);
}

/**
 * Writes to standard output a line for a program.
 *
 * @throws {OutputClosed} when whoever read it has left.
 * @throws {FtError} when it cannot be written.
 */
export function outLine(text: string): void {
  try {
    writeTo(Deno.stdout, text);
  } catch (thrown) {
    throw outputFailure(thrown);
  }
}

/** What it means that standard output was not written to. */
export function outputFailure(thrown: unknown): OutputClosed | FtError {
  if (thrown instanceof Deno.errors.BrokenPipe) return new OutputClosed();
  const { code, message } = toFailure(thrown);
  return new FtError(code, `Cannot write to standard output: ${message}.`, {
    cause: thrown,
    hint: "See to where it goes, and run the same again: it begins anew.",
  });
}

/** Writes to standard error: how it goes. Nobody listening is no reason to stop. */
export function err(text: string): void {
  if (spoken === "json alone") return;
  try {
    writeTo(Deno.stderr, text);
  } catch {
    // Whoever watched has left; the bytes go on.
  }
}

/** An environment variable; the permission set lists those that are readable. */
export function env(name: string): string | undefined {
  return Deno.env.get(name);
}

/** Whether questions can be asked: both directions are a terminal, and a user is there to read. */
export function isInteractive(): boolean {
  return spoken === "words" && Deno.stdin.isTerminal() && Deno.stdout.isTerminal();
}

/** What a program writes to, or reads from. */
interface Stream {
  isTerminal(): boolean;
}

/** Whether a stream is a terminal that obeys control codes, by which lines are drawn again. */
export function canRedraw(stream: Stream): boolean {
  return stream.isTerminal() && env("TERM") !== "dumb";
}

/** Whether colour is wanted on a stream. */
export function hasColor(stream: Stream): boolean {
  return canRedraw(stream) && !env("NO_COLOR");
}

/** The terminal's size; 80 by 24 where there is none, or it does not know it. */
export function terminalSize(): { columns: number; rows: number } {
  try {
    const { columns, rows } = Deno.consoleSize();
    return { columns: columns || 80, rows: rows || 24 };
  } catch {
    return { columns: 80, rows: 24 };
  }
}

/** The signals that ask a program to end, where the platform has them. */
const END_SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT", "SIGBREAK"]
  : ["SIGINT", "SIGTERM", "SIGHUP"];

/** When the command has to be done, on the clock of `performance`. */
let deadline: { readonly at: number; readonly message: string } | undefined;

/** Gives the command so many milliseconds from now; what then still runs ends with `timeout`. */
export function limitTime(milliseconds: number): void {
  const message = `Not done within ${milliseconds / 1000} s (--timeout).`;
  deadline = { at: performance.now() + milliseconds, message };
}

/**
 * Runs `work` with a signal that is aborted by the first SIGINT or SIGTERM, and when the command
 * has had its time. A second signal ends the program at once.
 *
 * @param work takes the signal, and what aborts it as SIGINT does, for Ctrl-C that is no signal.
 * @param lateHint what to do when it has had its time, where the same again does not go on.
 */
export async function withSignals<T>(
  work: (signal: AbortSignal, interrupt: () => void) => Promise<T>,
  lateHint?: string,
): Promise<T> {
  const controller = new AbortController();
  const interrupt = () => controller.abort(new FtError("interrupted"));
  const stop = () => {
    if (controller.signal.aborted) Deno.exit(130);
    interrupt();
  };
  for (const name of END_SIGNALS) Deno.addSignalListener(name, stop);
  let timer: ReturnType<typeof setTimeout> | undefined;
  if (deadline !== undefined) {
    const { at, message } = deadline;
    const hint = lateHint === undefined ? {} : { hint: lateHint };
    const failure = new FtError("timeout", message, hint);
    timer = setTimeout(() => controller.abort(failure), Math.max(0, at - performance.now()));
  }
  try {
    return await work(controller.signal, interrupt);
  } catch (thrown) {
    // However the abort made it fail, this is why.
    throw controller.signal.aborted ? controller.signal.reason : thrown;
  } finally {
    clearTimeout(timer);
    for (const name of END_SIGNALS) Deno.removeSignalListener(name, stop);
  }
}
