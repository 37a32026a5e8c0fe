/**
 * The terminal, the environment and the signals, as the commands see them.
 *
 * @module
 */
import { FtError } from "../error.ts";

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

/** Writes to standard output: what a command was asked for. */
export function out(text: string): void {
  try {
    writeTo(Deno.stdout, text);
  } catch (thrown) {
    if (thrown instanceof Deno.errors.BrokenPipe) throw new OutputClosed();
    throw thrown;
  }
}

/** Writes to standard error: how it goes. Nobody listening is no reason to stop. */
export function err(text: string): void {
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

/** Whether questions can be asked: both directions are a terminal. */
export function isInteractive(): boolean {
  return Deno.stdin.isTerminal() && Deno.stdout.isTerminal();
}

/** Whether colour is wanted on a stream. */
export function hasColor(stream: { isTerminal(): boolean }): boolean {
  return stream.isTerminal() && !env("NO_COLOR") && env("TERM") !== "dumb";
}

/** The terminal's size; 80 by 24 where there is none. */
export function terminalSize(): { columns: number; rows: number } {
  try {
    return Deno.consoleSize();
  } catch {
    return { columns: 80, rows: 24 };
  }
}

/** The signals that ask a program to end, where the platform has them. */
const END_SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT", "SIGBREAK"]
  : ["SIGINT", "SIGTERM", "SIGHUP"];

/**
 * Runs `work` with a signal that is aborted by the first SIGINT or SIGTERM. A second one ends the
 * program at once.
 */
export async function withSignals<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = () => {
    if (controller.signal.aborted) Deno.exit(130);
    controller.abort(new FtError("interrupted"));
  };
  for (const name of END_SIGNALS) Deno.addSignalListener(name, stop);
  try {
    return await work(controller.signal);
  } finally {
    for (const name of END_SIGNALS) Deno.removeSignalListener(name, stop);
  }
}
