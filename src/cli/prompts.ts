import { PipedPrompts, type Prompts } from "./prompt.ts";
import { env, hasColor, isInteractive, out, terminalSize } from "./shell.ts";

/** The questions on whatever standard input is. */
export async function openPrompts(): Promise<Prompts> {
  const home = env("HOME");
  if (!isInteractive()) return new PipedPrompts({ input: Deno.stdin.readable, write: out, home });
  const { TerminalPrompts } = await import("./prompt_terminal.ts");
  return new TerminalPrompts({
    input: Deno.stdin,
    write: out,
    size: terminalSize,
    color: hasColor(Deno.stdout),
    home,
  });
}
