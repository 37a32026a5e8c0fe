import { type FailureCode, FtError } from "../error.ts";
import { type Channel, peerFailure } from "./channel.ts";
import type { Message } from "../protocol/message.ts";

/** One open transfer of a session: what the messages of its id go to. */
export interface Transfer {
  /**
   * Takes a message, which came by a side connection where one is given. A promise holds back
   * whatever comes after it on its connection.
   */
  handle(message: Message, side?: Channel): void | Promise<void>;
  /** The conversation has ended before the transfer has. */
  end(failure: FtError): void | Promise<void>;
}

/** Something that was asked for and is being looked up: it may be called off before it begins. */
export class Asked implements Transfer {
  #failure: FtError | undefined;
  #answer: Transfer | undefined;

  /** The transfer that goes on from here; ends it and throws when it was called off. */
  answer(transfer: Transfer): void {
    this.#answer = transfer;
    if (this.#failure === undefined) return;
    void transfer.end(this.#failure);
    throw this.#failure;
  }

  /** Throws when it was called off. */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  handle(message: Message, side?: Channel): void | Promise<void> {
    if (this.#answer !== undefined) return this.#answer.handle(message, side);
    if (message.kind === "error") return this.end(peerFailure(message));
    throw new FtError("protocol", `'${message.kind}' came before its transfer began.`);
  }

  end(failure: FtError): void | Promise<void> {
    this.#failure ??= failure;
    return this.#answer?.end(failure);
  }
}

/** Failures whose own words may name paths of this machine, which are nobody else's business. */
const PRIVATE: ReadonlySet<string> = new Set(["unexpected", "io", "read_only"]);

/** Whether the operating system's words are among those of a failure. */
function isPrivate({ code, cause }: FtError): boolean {
  return PRIVATE.has(code) || cause !== undefined;
}

/** Tells the peer that a transfer failed. A connection that is gone needs no telling. */
export async function sendFailure(channel: Channel, id: number, failure: FtError): Promise<void> {
  if (failure.side === "there") return;
  await channel.send({ kind: "error", id, ...toldFailure(failure) }).catch(() => {});
}

/** What of a failure is said to the peer. */
export function toldFailure(
  failure: FtError,
): { code: FailureCode; message: string; hint?: string } {
  const { code, message, hint, sentence } = failure;
  if (isPrivate(failure)) return { code, message: sentence };
  return { code, message, ...(hint === undefined ? {} : { hint }) };
}
