/**
 * Codes of secret shares: from a file, the environment or the keyboard, never as an argument.
 *
 * @module
 */
import { FtError, toFailure } from "../error.ts";
import type { CodeOptions } from "../mod.ts";
import type { Options } from "./arguments.ts";
import { failureText } from "./report.ts";
import { env, err } from "./shell.ts";
import { escapeText } from "./text.ts";
import { readSecretLine } from "./token.ts";
import { hasLines } from "./voice.ts";

/** Most characters of an answer that are kept. */
const MOST_CHARACTERS = 1024;
const CTRL_C = "\x03";
const CTRL_D = "\x04";
const ERASE = ["\x7f", "\b"];

/** How a command asks while it is at work. */
export interface Questions {
  /** Ends a question. */
  readonly signal: AbortSignal;
  /** Ends the command, as Ctrl-C does where no question has the keyboard. */
  readonly interrupt: () => void;
  /** Asks with nothing else on the screen. */
  readonly aside: <T>(ask: () => Promise<T>) => Promise<T>;
}

/** The keyboard, as a question that shows nothing needs it. */
export interface Keys {
  read(buffer: Uint8Array): Promise<number | null>;
  setRaw(mode: boolean): void;
}

/** Where a question that shows nothing is asked. */
export interface Terminal {
  readonly keys: Keys;
  readonly write: (text: string) => void;
}

/** The user's terminal, also where standard output goes elsewhere; null where nobody can answer. */
function ownTerminal(): Terminal | null {
  if (hasLines() || !Deno.stdin.isTerminal() || !Deno.stderr.isTerminal()) return null;
  return { keys: Deno.stdin, write: err };
}

/** The code that was given, else the question for it where somebody can answer. */
export function codeOptions(
  { codeFile, yes }: Options,
  { signal, interrupt, aside }: Questions,
  terminal: Terminal | null = ownTerminal(),
): CodeOptions {
  if (codeFile !== undefined) {
    const warn = (sentence: string) => err(`${escapeText(sentence)}\n`);
    return { code: readSecretLine(codeFile, "code", warn) };
  }
  const code = env("FT_CODE");
  if (code) return { code };
  if (yes || terminal === null) return {};
  const ask = (name: string, why?: FtError) => {
    if (why !== undefined) terminal.write(failureText(why));
    return askUnseen(`Code of '${escapeText(name)}': `, terminal, signal);
  };
  return {
    askCode: async (name, why) => {
      try {
        return await aside(() => ask(name, why));
      } catch (thrown) {
        if (toFailure(thrown).code === "interrupted") interrupt();
        throw thrown;
      }
    },
  };
}

/**
 * Asks for a line that is not shown; undefined at the end of input.
 *
 * @throws FtError `interrupted` on Ctrl-C.
 */
export async function askUnseen(
  question: string,
  { keys, write }: Terminal,
  signal: AbortSignal,
): Promise<string | undefined> {
  signal.throwIfAborted();
  const { promise: off, reject } = Promise.withResolvers<never>();
  const stop = () => reject(signal.reason);
  off.catch(() => {});
  signal.addEventListener("abort", stop, { once: true });
  // First of all: what is typed as soon as the question is read must not be seen.
  keys.setRaw(true);
  write(question);
  try {
    const decoder = new TextDecoder();
    const buffer = new Uint8Array(4096);
    for (let line = "";;) {
      const count = await Promise.race([keys.read(buffer), off]);
      if (count === null) return undefined;
      for (const key of decoder.decode(buffer.subarray(0, count), { stream: true })) {
        if (key === "\r" || key === "\n") return line;
        if (key === CTRL_C) throw new FtError("interrupted");
        if (key === CTRL_D) return undefined;
        if (ERASE.includes(key)) line = line.slice(0, -1);
        else if (line.length < MOST_CHARACTERS) line += key;
      }
    }
  } finally {
    keys.setRaw(false);
    signal.removeEventListener("abort", stop);
    write("\n");
  }
}
