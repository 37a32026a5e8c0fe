import type { ClientOptions, Item, ListOptions, Room } from "../../mod.ts";
import { list } from "../../verbs/list.ts";
import type { Options } from "../arguments.ts";
import { clientOptions } from "../contact.ts";
import type { ItemLine } from "../json.ts";
import { ListText, orderOf } from "../listing.ts";
import { out, withSignals } from "../shell.ts";
import { hasLines, show } from "../voice.ts";

const TITLES = {
  public: "Public files",
  private: "Private uploads",
  shared: "Shared files",
} as const;

function lineOf(room: Room, { name, size, time, who }: Item, number: number): ItemLine {
  const shownTime = new Date(time).toISOString();
  return { what: "file", room, number, name, size, time: shownTime, who: who ?? null };
}

/** `ft list [public or shared]` */
export async function runList(operands: readonly string[], options: Options): Promise<number> {
  const [room] = operands;
  const rooms = room === "public" || room === "shared" ? [room] as const : undefined;
  const more = { ...listOptions(options), onItems: printer(rooms === undefined) };
  await listing(options, (common) => list(rooms, { ...common, ...more }));
  return 0;
}

/** What the options say about a list. */
export function listOptions({ sort, match }: Options): Pick<ListOptions, "order" | "match"> {
  return { order: orderOf(sort), match };
}

/** Makes a list. */
export async function listing(
  options: Options,
  make: (common: ClientOptions) => Promise<unknown>,
): Promise<void> {
  await withSignals((signal) => make(clientOptions(options, signal)));
}

/** Prints lists as they come, each under its title where there are several. */
export function printer(hasTitles: boolean): (room: Room, items: readonly Item[]) => void {
  const texts = new Map<Room, ListText>();
  return (room, items) => {
    let text = texts.get(room);
    if (text === undefined) {
      texts.set(room, text = new ListText());
      if (hasTitles) out(`${TITLES[room]}:\n`);
    }
    out(items.length === 0 ? "(none)\n" : text.page(items));
  };
}
