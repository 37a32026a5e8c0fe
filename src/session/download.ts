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
  /** The size to ask with again: a file of that size is there, which may be the one. */
  again: number | undefined;
  readonly #channel: Channel;
  readonly #id: number;
  readonly #run: string;
  readonly #request: DownloadRequest;
  readonly #incoming: Incoming;
  readonly #sizes: readonly (number | undefined)[];
  #begun = false;
  /** The digest that nothing which is there has. */
  #missed: string | undefined;

  /** `sizes` are those it was asked for with; the last is of a file that is there and may be it. */
  constructor(
    channel: Channel,
    id: number,
    run: string,
    request: DownloadRequest,
    sizes: readonly (number | undefined)[],
  ) {
    this.#channel = channel;
    this.#id = id;
    this.#run = run;
    this.#request = request;
    const find = (size: number, digest: string) => this.#find(size, digest);
    this.#incoming = new Incoming({ channel, id, ...request, find });
    this.#sizes = sizes;
  }

  async run(): Promise<Receipt> {
    const { room, name, tag, ordered, of } = this.#request;
    const size = this.#sizes.at(-1);
    await this.#channel.send({
      kind: "request",
      id: this.#id,
      room,
      name,
      ...(tag === undefined ? {} : { tag }),
      ...(ordered ? { ordered } : {}),
      ...(size === undefined ? {} : { size }),
      ...of,
    });
    return await this.#incoming.outcome;
  }

  handle(message: Message, side?: Channel): void | Promise<void> {
    if (message.kind !== "entry" || this.#begun) return this.#incoming.handle(message, side);
    this.#begun = true;
    const begun = this.#begin(message).catch((thrown) => this.#incoming.fail(toFailure(thrown)));
    return waitsForReady(message) ? undefined : begun;
  }

  async #begin(entry: Entry): Promise<void> {
    const { room, target, conflict, origin, onSize, wants, onPlanned } = this.#request;
    const { size, digest } = entry;
    const skipped = { name: target, size: 0, digest: "", outcome: "skipped" } as const;
    if (wants?.(entry) === false) return await this.#incoming.finish(skipped);
    onSize?.(size);
    // The server says a digest when the sizes agree: only then is ours worth computing.
    if (size !== undefined && digest !== undefined) {
      const same = await this.#find(size, digest);
      if (same !== undefined) return await this.#incoming.finish(same);
    } else if (this.#mayBeThere(entry)) {
      this.again = size;
      return await this.#incoming.finish(skipped);
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

  /** Whether to ask again, by the size of what got a number, is worth a round trip. */
  #mayBeThere(entry: Entry): boolean {
    const { size, downloads } = entry;
    // Of what counts no digest is said, and what need not wait has been sent.
    if (size === undefined || downloads !== undefined) return false;
    // With each size once: a server could say another every time.
    if (this.#sizes.includes(size)) return false;
    return waitsForReady(entry) && this.#numbered(size).next().done === false;
  }

  /** What got a number for this name, and may be what comes. */
  *#numbered(size: number): Generator<string> {
    const { store, room, target, conflict } = this.#request;
    if (conflict === "rename") yield* store.numbered?.(room, target, size) ?? [];
  }

  /** The file with a digest, under the name that was asked for or a number of it. */
  async #find(size: number, digest: string): Promise<Receipt | undefined> {
    if (digest === this.#missed) return undefined;
    const { target } = this.#request;
    for (const name of [target, ...this.#numbered(size)]) {
      if (await this.#digest(name, size) === digest) return { name, size, digest, outcome: "same" };
    }
    this.#missed = digest;
    return undefined;
  }

  /** The digest of a file that is there; undefined where it has another size or cannot be read. */
  async #digest(name: string, size: number): Promise<string | undefined> {
    const { store, room } = this.#request;
    let source: Source | undefined;
    try {
      source = await store.open(room, name);
      if (source.size !== size) return undefined;
      const onRead = () => {
        if (this.#incoming.settled) throw new FtError("interrupted");
      };
      return await digestSource(source, name, { onRead });
    } catch (thrown) {
      if (this.#incoming.settled) throw thrown;
      return undefined;
    } finally {
      source?.close();
    }
  }

  async end(failure: FtError): Promise<void> {
    await this.#incoming.end(failure);
  }
}

/** The size of the file that a download's target names already; undefined when there is none. */
export async function existing(
  { store, room, target }: DownloadRequest,
): Promise<number | undefined> {
  try {
    const source = await store.open(room, target);
    source.close();
    return source.size;
  } catch (thrown) {
    if (toFailure(thrown).code === "not_found") return undefined;
    throw thrown;
  }
}
