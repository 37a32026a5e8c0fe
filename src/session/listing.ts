import { FtError, toFailure } from "../error.ts";
import { isOverlong } from "../name.ts";
import { matchesGlob } from "../protocol/glob.ts";
import type { Message } from "../protocol/message.ts";
import type { Item, Room } from "../storage/store.ts";
import { type Channel, peerFailure } from "./channel.ts";
import { ListBound } from "./list_bound.ts";
import { sendFailure, type Transfer } from "./transfer.ts";

/** Which files of a room are listed. */
export interface ListRequest {
  readonly room: Room;
  /** Only what this client sent. */
  readonly mine?: boolean | undefined;
  /** Only those whose names fit: `*` is any run of characters, `?` any one. */
  readonly match?: string | undefined;
}

/** A client's question for the files of a room. */
export class Listing implements Transfer {
  readonly #channel: Channel;
  readonly #id: number;
  readonly #request: ListRequest;
  readonly #onItems: (items: readonly Item[]) => void;
  readonly #done = Promise.withResolvers<void>();
  readonly #bound = new ListBound();

  constructor(
    channel: Channel,
    id: number,
    request: ListRequest,
    onItems: (items: readonly Item[]) => void,
  ) {
    this.#channel = channel;
    this.#id = id;
    this.#request = request;
    this.#onItems = onItems;
    this.#done.promise.catch(() => {});
  }

  async run(): Promise<void> {
    const { room, mine, match } = this.#request;
    await this.#channel.send({
      kind: "list",
      id: this.#id,
      room,
      ...(mine ? { mine } : {}),
      ...(match === undefined ? {} : { match }),
    });
    await this.#done.promise;
  }

  handle(message: Message): void | Promise<void> {
    if (message.kind === "error") return this.end(peerFailure(message));
    if (message.kind !== "items") throw new FtError("protocol", "A list was expected.");
    const { items, last } = message;
    // Empty pages would keep us for ever.
    if (items.length === 0 && !last) throw new FtError("protocol", "The list has no end.");
    if (items.some(({ name }) => isOverlong(name))) {
      throw new FtError("protocol", "The list has a name that is too long to be one.");
    }
    const { match } = this.#request;
    // Who fetches all that fits takes it under these names.
    if (match !== undefined && !items.every(({ name }) => matchesGlob(match, name))) {
      throw new FtError("protocol", "The list has a name that was not asked for.");
    }
    try {
      this.#bound.count(items);
      this.#onItems(items);
    } catch (thrown) {
      const failure = toFailure(thrown);
      this.end(failure);
      return sendFailure(this.#channel, this.#id, failure);
    }
    if (last) this.#done.resolve();
  }

  end(failure: FtError): void {
    this.#done.reject(failure);
  }
}
