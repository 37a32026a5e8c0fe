import { FtError, toFailure } from "../error.ts";
import type { Entry, Message } from "../protocol/message.ts";
import type { Conflict, Receipt, Room, Source } from "../storage/store.ts";
import type { Channel } from "./channel.ts";
import { digestSource } from "./chunk_reader.ts";
import { extentOf, Incoming, type IncomingOptions } from "./receive.ts";
import { waitsForReady } from "./send.ts";
import type { Transfer } from "./transfer.ts";

/** A file to download. */
export interface DownloadRequest
  extends Pick<IncomingOptions, "store" | "onReady" | "onVerified" | "onChanged"> {
  readonly room: Room;
  readonly name: string;
  /** The tag of the list it was chosen from. */
  readonly tag?: string;
  /** The name it gets in the store. */
  readonly target: string;
  readonly conflict: Conflict;
  /** Whether the chunks have to come in order, for a store that takes them in no other. */
  readonly ordered?: boolean;
  /** Looks at what is offered; false leaves it alone. */
  readonly wants?: (entry: Entry) => boolean;
  /** Names the server: partials of different servers are different. */
  readonly origin: string;
  /** Hears, instead of receiving it, that the file would come. */
  readonly onPlanned?: (size: number | undefined) => void;
  /** The tree that it belongs to, and which of its entries it is. */
  readonly of?: { readonly tree: number; readonly index: number };
  /** Hears the size once the server has told it. */
  readonly onSize?: (size: number | undefined) => void;
}

/** A client's download: asks, compares with what is there already, then receives. */
export class Download implements Transfer {
  readonly #channel: Channel;
  readonly #id: number;
  readonly #run: string;
  readonly #request: DownloadRequest;
  readonly #incoming: Incoming;
  readonly #there: Source | undefined;
  #begun = false;

  /** `there` is the file that has the target's name now; it is closed when {@linkcode run} ends. */
  constructor(
    channel: Channel,
    id: number,
    run: string,
    request: DownloadRequest,
    there: Source | undefined,
  ) {
    this.#channel = channel;
    this.#id = id;
    this.#run = run;
    this.#request = request;
    this.#incoming = new Incoming({ channel, id, ...request });
    this.#there = there;
  }

  async run(): Promise<Receipt> {
    const { room, name, tag, ordered, of } = this.#request;
    const there = this.#there;
    try {
      await this.#channel.send({
        kind: "request",
        id: this.#id,
        room,
        name,
        ...(tag === undefined ? {} : { tag }),
        ...(ordered ? { ordered } : {}),
        ...(there?.size === undefined ? {} : { size: there.size }),
        ...of,
      });
      return await this.#incoming.outcome;
    } finally {
      there?.close();
    }
  }

  handle(message: Message, side?: Channel): void | Promise<void> {
    if (message.kind !== "entry" || this.#begun) return this.#incoming.handle(message, side);
    this.#begun = true;
    const begun = this.#begin(message).catch((thrown) => this.#incoming.fail(toFailure(thrown)));
    return waitsForReady(message) ? undefined : begun;
  }

  async #begin(entry: Entry): Promise<void> {
    const { room, target, conflict, origin, onSize, wants, onPlanned } = this.#request;
    if (wants?.(entry) === false) {
      return await this.#incoming.finish({ name: target, size: 0, digest: "", outcome: "skipped" });
    }
    onSize?.(entry.size);
    const there = this.#there;
    // The server says a digest when the sizes agree: only then is ours worth computing.
    if (there !== undefined && entry.digest !== undefined && entry.size === there.size) {
      const onRead = () => {
        if (this.#incoming.settled) throw new FtError("interrupted");
      };
      const digest = await digestSource(there, target, { onRead });
      if (digest === entry.digest) {
        return await this.#incoming.finish({
          name: target,
          size: there.size ?? 0,
          digest,
          outcome: "same",
        });
      }
    }
    if (this.#incoming.settled) return;
    if (onPlanned !== undefined) {
      onPlanned(entry.size);
      throw new FtError("interrupted", "It was only asked what would come.");
    }
    await this.#incoming.begin(entry, {
      room,
      name: target,
      owner: origin,
      blind: false,
      size: entry.size,
      mtime: entry.mtime,
      version: entry.source,
      run: this.#run,
      conflict,
      ...(entry.exec === undefined ? {} : { exec: entry.exec }),
      extent: extentOf(entry.size),
    });
  }

  async end(failure: FtError): Promise<void> {
    await this.#incoming.end(failure);
  }
}

/** The file that a download's target names already, opened; undefined when there is none. */
export async function existing(
  { store, room, target }: DownloadRequest,
): Promise<Source | undefined> {
  try {
    return await store.open(room, target);
  } catch (thrown) {
    if (toFailure(thrown).code === "not_found") return undefined;
    throw thrown;
  }
}
