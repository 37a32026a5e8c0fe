import type { Options } from "../arguments.ts";
import { manualPage } from "../manual.ts";
import { showText } from "../voice.ts";

/** `ft manual` */
export function runManual(_operands: readonly string[], _options: Options): number {
  showText(manualPage());
  return 0;
}
