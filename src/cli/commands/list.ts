import type { ClientOptions, Item, ListOptions, Room } from "../../mod.ts";
import { list } from "../../verbs/list.ts";
import type { Options } from "../arguments.ts";
import { clientOptions } from "../contact.ts";
import { ListText, orderOf } from "../listing.ts";
import { remoteLine } from "../remote_line.ts";
import { out, terminalSize, withSignals } from "../shell.ts";
import { hasLines, show } from "../voice.ts";

const TITLES = {
  public: "Public files",
  private: "Private uploads",
  shared: "Shared files",
} as const;

/** `ft list [public or shared]` */
export async function runList(operands: readonly string[], options: Options): Promise<number> {
  const [room] = operands;
  const rooms = room === "public" || room === "shared" ? [room] as const : undefined;
  const more = { ...listOptions(options), onItems: shower(rooms === undefined, true) };
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

/**
 * Shows lists as they come, in words each under its title where there are several.
 *
 * @param isNumbered whether the numbers of what is shared can be used in place of names.
 */
export function shower(
  hasTitles: boolean,
  isNumbered: boolean,
): (room: Room, items: readonly Item[]) => void {
  const texts = new Map<Room, ListText>();
  let count = 0;
  return (room, items) => {
    let text = texts.get(room);
    if (text === undefined) {
      const { columns } = terminalSize();
      texts.set(room, text = new ListText(Deno.stdout.isTerminal() ? columns : undefined));
      count = 0;
      if (hasTitles && !hasLines()) out(`${TITLES[room]}:\n`);
    }
    const page = text;
    show(
      () => items.length === 0 ? "(none)\n" : page.page(items),
      () =>
        items.map((item) => ({
          ...remoteLine(room, item),
          number: isNumbered ? ++count : null,
        })),
    );
  };
}
