import { list } from "../../verbs/list.ts";
import type { Options } from "../arguments.ts";
import { clientOptions } from "../contact.ts";
import { listText } from "../listing.ts";
import { out, withSignals } from "../shell.ts";

const TITLES = { public: "Public files", shared: "Shared files" } as const;

/** `ft list [public or shared]` */
export async function runList(operands: readonly string[], options: Options): Promise<number> {
  const [room] = operands;
  const rooms = room === "public" || room === "shared" ? [room] as const : undefined;
  const lists = await withSignals((signal) => list(rooms, clientOptions(options, signal)));
  for (const { room, items } of lists) {
    if (room === "private") continue;
    if (rooms === undefined) out(`${TITLES[room]}:\n`);
    out(items.length === 0 ? "(none)\n" : listText(items));
  }
  return 0;
}
