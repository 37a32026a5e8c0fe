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
  const removed = clears ? clearPartials(folder, options.older) : [];
  const left = listPartials(folder);
  const text = () =>
    [
      ...removed.map((one) => textOf(one, "removed")),
      ...left.map((one) => textOf(one, stateOf(one, clears))),
    ].join("") || "Nothing is left over.\n";
  show(text, () => [
    ...removed.map((one) => lineOf(one, true)),
    ...left.map((one) => lineOf(one, false)),
  ]);
  return 0;
}

function lineOf(
  { name, room, staged, size, time, busy }: Leftover,
  removed: boolean,
): ItemLine {
  return {
    what: "partial",
    name: name === "" ? null : name,
    room,
    staged,
    size: size ?? null,
    time: new Date(time).toISOString(),
    busy,
    removed,
  };
}

/** What there is to say of something that is left; `spared` where the rest was cleared. */
function stateOf({ busy, time }: Leftover, spared: boolean): string {
  if (busy) return "in use";
  return `${formatAge(Date.now() - time)} ago${spared ? ", not cleared" : ""}`;
}

function textOf({ name, room, staged, size }: Leftover, state: string): string {
  const of = size === undefined ? "" : ` of ${formatBytes(size)}`;
  const what = name === "" ? "(unknown)" : `${room}/${name}`;
  return `${escapeText(what)}  ${formatBytes(staged)}${of}  ${state}\n`;
}
