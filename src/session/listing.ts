import { FtError } from "../error.ts";
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
    this.#onItems(message.items);
    if (message.last) this.#done.resolve();
  }

  end(failure: FtError): void {
    this.#done.reject(failure);
  }
}
