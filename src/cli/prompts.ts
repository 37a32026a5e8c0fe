import { LinePrompts, type Prompts } from "./prompt.ts";
import { canRedraw, env, hasColor, isInteractive, out, terminalSize } from "./shell.ts";
import { standardInput } from "./standard_streams.ts";

/** The questions on whatever standard input is. */
export async function openPrompts(): Promise<Prompts> {
  const home = env("HOME");
  if (!isInteractive()) return new LinePrompts({ input: Deno.stdin.readable, write: out, home });
  if (!canRedraw(Deno.stdout)) {
    // Of its own each time: the one of Deno is read to its end once.
    const input = standardInput(new AbortController().signal);
    const terminal = { keys: Deno.stdin, write: out };
    return new LinePrompts({ input, write: out, home, terminal });
  }
  const { TerminalPrompts } = await import("./prompt_terminal.ts");
  return new TerminalPrompts({
    input: Deno.stdin,
    write: out,
    size: terminalSize,
    color: hasColor(Deno.stdout),
    home,
  });
}
