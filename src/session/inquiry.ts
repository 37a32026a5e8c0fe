import { FtError } from "../error.ts";
import type { Message } from "../protocol/message.ts";
import type { About } from "../storage/store.ts";
import { type Channel, peerFailure } from "./channel.ts";
import type { Transfer } from "./transfer.ts";

/** A client's question whose answer says what one file is. */
export class Inquiry implements Transfer {
  readonly #channel: Channel;
  readonly #question: Message;
  readonly #done = Promise.withResolvers<About>();

  constructor(channel: Channel, question: Message) {
    this.#channel = channel;
    this.#question = question;
    this.#done.promise.catch(() => {});
  }

  async run(): Promise<About> {
    await this.#channel.send(this.#question);
    return await this.#done.promise;
  }

  handle(message: Message): void {
    if (message.kind === "error") return this.end(peerFailure(message));
    if (message.kind !== "about") throw new FtError("protocol", "ABOUT was expected.");
    const { kind: _kind, id: _id, ...about } = message;
    this.#done.resolve(about);
  }

  end(failure: FtError): void {
    this.#done.reject(failure);
  }
}
