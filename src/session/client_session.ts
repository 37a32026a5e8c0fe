import { FtError, toFailure } from "../error.ts";
import type { Message } from "../protocol/message.ts";
import type { Conflict, Item, Receipt, Room } from "../storage/store.ts";
import type { Connection } from "../transport/connection.ts";
import { Channel, type Deadlines } from "./channel.ts";
import { Download, type DownloadRequest, existing } from "./download.ts";
import { Listing } from "./listing.ts";
import type { Lane } from "./pace.ts";
import { Outgoing, type OutgoingOptions } from "./send.ts";
import type { Transfer } from "./transfer.ts";
import { Turn } from "./turn.ts";

/** Milliseconds to wait for the reason when sending fails before reading does. */
const REASON_MS = 2_000;
/** Milliseconds to wait for the server's end when all is said: nothing depends on it any more. */
const GOODBYE_MS = 1_000;

/** Who speaks to the server. */
export interface ClientSessionOptions {
  /** Program and version, for the server's log. */
  readonly agent: string;
  /** Secret of the owner of what is uploaded, base64url. */
  readonly owner: string;
  /** Names this run of the program: it may take over from its own broken connection. */
  readonly run: string;
  /** What the server lets in with. */
  readonly token?: string | undefined;
  readonly deadlines?: Deadlines;
  /** How fast files may move, both ways; it is given up when the conversation ends. */
  readonly lane?: Lane | undefined;
}

/** A file to upload. */
export interface UploadRequest
  extends Pick<OutgoingOptions, "source" | "onReady" | "onVerified" | "onChanged"> {
  readonly room: Room;
  readonly name: string;
  readonly conflict: Conflict;
}

/** The client's side of a conversation. */
export class ClientSession {
  readonly #channel: Channel;
  readonly #turn = new Turn();
  readonly #transfers = new Map<number, Transfer>();
  readonly #ended: Promise<FtError | undefined>;
  readonly #run: string;
  readonly #lane: Lane | undefined;
  readonly #verbs = Promise.withResolvers<readonly string[]>();
  #over: FtError | undefined;
  #nextId = 1;

  constructor(connection: Connection, options: ClientSessionOptions) {
    const { deadlines } = options;
    this.#channel = new Channel(connection, {
      side: "client",
      ...(deadlines === undefined ? {} : { deadlines }),
    });
    this.#run = options.run;
    this.#lane = options.lane;
    // What waits for its turn then waits no more.
    this.#channel.ending.addEventListener("abort", () => this.#lane?.close(), { once: true });
    this.#verbs.promise.catch(() => {});
    this.#ended = this.#channel.run((message) => this.#dispatch(message)).then(
      () => undefined,
      toFailure,
    ).then(async (failure) => {
      // Set before any is ended: what begins from now on would wait for an end for ever.
      const end = this.#over = failure ?? new FtError("lost");
      this.#verbs.reject(end);
      await Promise.all([...this.#transfers.values()].map((transfer) => transfer.end(end)));
      this.#channel.close();
      return failure;
    });
    const { agent, owner, run, token } = options;
    this.#channel.send({
      kind: "hello",
      id: 0,
      agent,
      features: [],
      require: [],
      owner,
      run,
      ...(token === undefined ? {} : { token }),
    }).catch(() => {});
  }

  #dispatch(message: Message): void | Promise<void> {
    if (message.kind === "welcome") {
      this.#verbs.resolve(message.verbs);
      // A server whose packets wait for an acknowledgement of the last gets it along with this.
      this.#channel.send({ kind: "ping", id: 0 }).catch(() => {});
      return;
    }
    const transfer = this.#transfers.get(message.id);
    if (transfer !== undefined) {
      const isPiece = message.kind === "data" || message.kind === "chunk";
      const waits = isPiece ? this.#lane?.take(message.bytes.length) : undefined;
      return waits === undefined
        ? transfer.handle(message)
        : waits.then(() => transfer.handle(message));
    }
    // Late words about what has ended; a server cannot start anything itself.
    if (message.id === 0 || message.id >= this.#nextId) {
      throw new FtError("protocol", "The server speaks of a transfer that never was.");
    }
  }

  /** The id of a new transfer. */
  #begin(): number {
    if (this.#over !== undefined) throw this.#over;
    return this.#nextId++;
  }

  /** Waits for a transfer's own work; the peer's reason outranks a failure to send. */
  async #track<T>(id: number, transfer: Transfer, work: () => Promise<T>): Promise<T> {
    this.#transfers.set(id, transfer);
    try {
      return await work();
    } catch (thrown) {
      const failure = toFailure(thrown);
      if (failure.code !== "lost") throw failure;
      throw await this.#endWithin(REASON_MS) ?? failure;
    } finally {
      this.#transfers.delete(id);
    }
  }

  /** How the conversation ended, or undefined when it goes on for so long. */
  async #endWithin(milliseconds: number): Promise<FtError | undefined> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => resolve(undefined), milliseconds);
    try {
      return await Promise.race([this.#ended, promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Sends a file; resolves with the server's receipt. */
  async upload({ room, name, conflict, ...rest }: UploadRequest): Promise<Receipt> {
    const id = this.#begin();
    const entry = { name, room, conflict };
    const outgoing = new Outgoing({
      channel: this.#channel,
      id,
      turn: this.#turn,
      entry,
      pace: (bytes) => this.#lane?.take(bytes),
      ...rest,
    });
    return await this.#track(id, outgoing, () => outgoing.run());
  }

  /** Fetches a file into a store; resolves once it is in its place. */
  async download(request: DownloadRequest): Promise<Receipt> {
    // Ids go to the server in the order they are given: nothing may be waited for in between.
    const there = await existing(request);
    let id: number;
    try {
      id = this.#begin();
    } catch (thrown) {
      there?.close();
      throw thrown;
    }
    const download = new Download(this.#channel, id, this.#run, request, there);
    return await this.#track(id, download, () => download.run());
  }

  /** What the server lets this client do, once it has said so. */
  get verbs(): Promise<readonly string[]> {
    return this.#verbs.promise;
  }

  /** The files of a room; `onItems` hears them page by page as they come. */
  async list(room: Room, onItems: (items: readonly Item[]) => void): Promise<void> {
    const id = this.#begin();
    const listing = new Listing(this.#channel, id, room, onItems);
    await this.#track(id, listing, () => listing.run());
  }

  /** Ends the conversation when all is said. */
  async close(): Promise<void> {
    try {
      await this.#channel.finish();
    } catch {
      // It ended before we did; whoever waited for something has heard of it.
    }
    await this.#endWithin(GOODBYE_MS);
    await this.abort(new FtError("lost", "The server does not take its leave."));
  }

  /** Ends it at once. */
  async abort(failure: FtError): Promise<void> {
    await this.#channel.end(failure);
    await this.#ended;
  }
}
