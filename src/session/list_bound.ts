import { FtError } from "../error.ts";
import { ROOM_CHARACTERS, ROOM_ITEMS } from "../protocol/limits.ts";
import type { Item } from "../storage/store.ts";

/** How much of lists a client takes: what a large room has, and not all that a server can say. */
export class ListBound {
  #items = 0;
  #characters = 0;

  /**
   * Counts some more.
   *
   * @throws FtError `limit` when they are too many.
   */
  count(items: readonly Item[]): void {
    this.#items += items.length;
    for (const { name, tag, who = "", note = "", secret = "" } of items) {
      this.#characters += name.length + tag.length + who.length + note.length + secret.length;
    }
    if (this.#items <= ROOM_ITEMS && this.#characters <= ROOM_CHARACTERS) return;
    throw new FtError("limit", "The list is too long to be taken.", {
      hint: "Ask for a part of it, such as: ft list --match 'a*'",
    });
  }
}
