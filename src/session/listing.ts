import { FtError } from "../error.ts";
import { ROOM_ITEMS } from "../protocol/limits.ts";
import type { Message } from "../protocol/message.ts";
import type { Item, Room } from "../storage/store.ts";
import { type Channel, peerFailure } from "./channel.ts";
import type { Transfer } from "./transfer.ts";

/** A client's question for the files of a room. */
export class Listing implements Transfer {
  readonly #channel: Channel;
  readonly #id: number;
  readonly #room: Room;
  readonly #onItems: (items: readonly Item[]) => void;
  readonly #done = Promise.withResolvers<void>();
  #count = 0;

  constructor(
    channel: Channel,
    id: number,
    room: Room,
    onItems: (items: readonly Item[]) => void,
  ) {
    this.#channel = channel;
    this.#id = id;
    this.#room = room;
    this.#onItems = onItems;
    this.#done.promise.catch(() => {});
  }

  async run(): Promise<void> {
    await this.#channel.send({ kind: "list", id: this.#id, room: this.#room });
    await this.#done.promise;
  }

  handle(message: Message): void {
    if (message.kind === "error") return this.end(peerFailure(message));
    if (message.kind !== "items") throw new FtError("protocol", "A list was expected.");
    const { items, last } = message;
    this.#count += items.length;
    // Pages without an end would fill our memory, and empty ones keep us for ever.
    if (this.#count > ROOM_ITEMS || items.length === 0 && !last) {
      throw new FtError("protocol", "The list has no end.");
    }
    this.#onItems(items);
    if (last) this.#done.resolve();
  }

  end(failure: FtError): void {
    this.#done.reject(failure);
  }
}
