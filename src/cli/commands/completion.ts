import type { Options } from "../arguments.ts";
import { completionScript } from "../completion_script.ts";
import { showText } from "../voice.ts";

/** `ft completion SHELL` */
export function runCompletion(operands: readonly string[], _options: Options): number {
  const [shell = ""] = operands;
  showText(completionScript(shell));
  return 0;
}
