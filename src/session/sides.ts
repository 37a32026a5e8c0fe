/**
 * The connections that have joined a conversation, and how chunks travel on all of them at once.
 *
 * @module
 */
import { FtError } from "../error.ts";
import type { Message } from "../protocol/message.ts";
import type { Channel } from "./channel.ts";
import type { Transfer } from "./transfer.ts";

/** Whoever sends over side connections, and hears which there are. */
export interface SideUser {
  join(side: Channel): void;
  /** Nothing that was sent there arrives any more. */
  leave(side: Channel): void;
}

/** The side connections of one conversation. */
export class Sides {
  readonly #channels = new Set<Channel>();
  readonly #users = new Set<SideUser>();
  #failure: FtError | undefined;

  /** Whether the conversation is over. */
  get isOver(): boolean {
    return this.#failure !== undefined;
  }

  /** A connection that has greeted; it is forgotten when it ends. */
  add(side: Channel): void {
    if (this.#failure !== undefined) return void side.end(this.#failure);
    if (side.ending.aborted) return;
    this.#channels.add(side);
    const leave = () => {
      this.#channels.delete(side);
      for (const user of this.#users) user.leave(side);
    };
    side.ending.addEventListener("abort", leave, { once: true });
    for (const user of this.#users) user.join(side);
  }

  /** Tells `user` of those there are, and of those that come and go while `work` runs. */
  async use<T>(user: SideUser, work: () => Promise<T>): Promise<T> {
    this.#users.add(user);
    try {
      // The main connection comes first: a file of one chunk may come before READY, or its ENTRY.
      const working = work();
      for (const side of this.#channels) user.join(side);
      return await working;
    } finally {
      this.#users.delete(user);
    }
  }

  /** Ends all of them, also those that come late: the conversation is over. */
  async end(failure: FtError): Promise<void> {
    this.#failure ??= failure;
    await Promise.all([...this.#channels].map((side) => side.end(failure)));
  }
}

/** A conversation that has been joined. */
export interface Joined {
  /** Its open transfers. */
  readonly transfers: ReadonlyMap<number, Transfer>;
  /** The id of the newest that it has had. */
  readonly lastId: () => number;
}

/** Hands a message that came over a side connection to the transfer it is of. */
export function fromSide(
  message: Message,
  side: Channel,
  { transfers, lastId }: Joined,
): void | Promise<void> {
  // What waited for its turn while the connection ended: what it goes on with is forgotten.
  if (side.ending.aborted) return;
  const { kind, id } = message;
  if (kind !== "data" && kind !== "chunk" && kind !== "ack") {
    throw new FtError("protocol", `'${kind}' does not travel on a side connection.`);
  }
  const transfer = transfers.get(id);
  if (transfer !== undefined) return transfer.handle(message, side);
  // Late words about a transfer that has ended are to be expected; others are not.
  if (id === 0 || id > lastId()) {
    throw new FtError("protocol", `'${kind}' for a transfer that never was.`);
  }
}
