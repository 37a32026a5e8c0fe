import { clearPartials, listPartials } from "../../verbs/partials.ts";
import type { Options } from "../arguments.ts";
import type { ItemLine } from "../json.ts";
import { escapeText, formatAge, formatBytes } from "../text.ts";
import { show } from "../voice.ts";

type Leftover = ReturnType<typeof listPartials>[number];

/** `ft partials [list|clear] [DIR]` */
export function runPartials(operands: readonly string[], options: Options): number {
  const [action = "", folder = ""] = operands;
  const clears = action === "clear";
  const partials = clears ? clearPartials(folder, options.older) : listPartials(folder);
  show(() => partialsText(partials, clears), () => partials.map((one) => lineOf(one, clears)));
  return 0;
}

function lineOf({ name, room, staged, size, time, busy }: Leftover, clears: boolean): ItemLine {
  return {
    what: "partial",
    name: name === "" ? null : name,
    room,
    staged,
    size: size ?? null,
    time: new Date(time).toISOString(),
    busy,
    removed: clears && !busy,
  };
}

function partialsText(partials: readonly Leftover[], clears: boolean): string {
  if (partials.length === 0) return "Nothing is left over.\n";
  return partials.map(({ name, room, staged, size, time, busy }) => {
    const of = size === undefined ? "" : ` of ${formatBytes(size)}`;
    const state = busy ? "in use" : clears ? "removed" : `${formatAge(Date.now() - time)} ago`;
    const what = name === "" ? "(unknown)" : `${room}/${name}`;
    return `${escapeText(what)}  ${formatBytes(staged)}${of}  ${state}\n`;
  }).join("");
}
