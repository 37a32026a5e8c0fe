import { list } from "../../verbs/list.ts";
import type { Item, Room } from "../../mod.ts";
import type { Options } from "../arguments.ts";
import { clientOptions } from "../contact.ts";
import type { ItemLine } from "../json.ts";
import { listText } from "../listing.ts";
import { out, withSignals } from "../shell.ts";
import { hasLines, show } from "../voice.ts";

const TITLES = { public: "Public files", shared: "Shared files" } as const;

function lineOf(room: Room, { name, size, time, who }: Item, number: number): ItemLine {
  const shownTime = new Date(time).toISOString();
  return { what: "file", room, number, name, size, time: shownTime, who: who ?? null };
}

/** `ft list [public or shared]` */
export async function runList(operands: readonly string[], options: Options): Promise<number> {
  const [room] = operands;
  const rooms = room === "public" || room === "shared" ? [room] as const : undefined;
  const lists = await withSignals((signal) => list(rooms, clientOptions(options, signal)));
  for (const { room, items } of lists) {
    if (room === "private") continue;
    if (rooms === undefined && !hasLines()) out(`${TITLES[room]}:\n`);
    show(
      () => items.length === 0 ? "(none)\n" : listText(items),
      () => items.map((item, at) => lineOf(room, item, at + 1)),
    );
  }
  return 0;
}
