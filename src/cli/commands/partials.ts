import { clearPartials, listPartials } from "../../verbs/partials.ts";
import type { Options } from "../arguments.ts";
import { out } from "../shell.ts";
import { escapeText, formatAge, formatBytes } from "../text.ts";

/** `ft partials [list|clear] [DIR]` */
export function runPartials(operands: readonly string[], options: Options): number {
  const [action = "", folder = ""] = operands;
  const clears = action === "clear";
  const partials = clears ? clearPartials(folder, options.older) : listPartials(folder);
  for (const { name, room, staged, size, time, busy } of partials) {
    const of = size === undefined ? "" : ` of ${formatBytes(size)}`;
    const state = busy ? "in use" : clears ? "removed" : `${formatAge(Date.now() - time)} ago`;
    const what = name === "" ? "(unknown)" : `${room}/${name}`;
    out(`${escapeText(what)}  ${formatBytes(staged)}${of}  ${state}\n`);
  }
  if (partials.length === 0) out("Nothing is left over.\n");
  return 0;
}
