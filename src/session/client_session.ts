import { FtError, toFailure } from "../error.ts";
import { travelled } from "../protocol/codec.ts";
import type { Message, MessageOf } from "../protocol/message.ts";
import type { About, Item, Receipt, Room } from "../storage/store.ts";
import type { Connection } from "../transport/connection.ts";
import { Channel } from "./channel.ts";
import type { ClientSessionOptions, UploadRequest } from "./client_session_options.ts";
import { ClientSides, firstOf } from "./client_sides.ts";
import { Compression } from "./compression.ts";
import { incomingTree, outgoingTree, type TreeDownload, type TreeUpload } from "./client_trees.ts";
import { Download, type DownloadRequest, existing } from "./download.ts";
import { FEATURES } from "./features.ts";
import { Inquiry } from "./inquiry.ts";
import { Listing, type ListRequest } from "./listing.ts";
import type { Lane } from "./pace.ts";
import { Outgoing } from "./send.ts";
import { Slots } from "./slots.ts";
import type { Transfer } from "./transfer.ts";
import type { TreeReport } from "./tree_report.ts";
import { Turn } from "./turn.ts";

export type { ClientSessionOptions, UploadRequest } from "./client_session_options.ts";

/** Milliseconds to wait for the reason when sending fails before reading does. */
const REASON_MS = 2_000;
/** Milliseconds to wait for the server's end when all is said: nothing depends on it any more. */
const GOODBYE_MS = 1_000;

/** Files and folders under way at once: every server takes as many. */
const TRANSFERS = 32;

/** The client's side of a conversation. */
export class ClientSession {
  readonly #channel: Channel;
  readonly #turn = new Turn();
  /** One tree at a time: each has files of its own under way. */
  readonly #tree = new Turn();
  readonly #slots = new Slots(TRANSFERS);
  readonly #transfers = new Map<number, Transfer>();
  readonly #ended: Promise<FtError | undefined>;
  readonly #run: string;
  readonly #lane: Lane | undefined;
  readonly #compression: Compression;
  readonly #joined: ClientSides | undefined;
  readonly #verbs = Promise.withResolvers<readonly string[]>();
  #isWelcome = false;
  #over: FtError | undefined;
  #nextId = 1;

  constructor(connection: Connection, options: ClientSessionOptions) {
    const { deadlines, agent, owner, run, token, join, compress = "auto" } = options;
    this.#compression = new Compression(compress);
    this.#channel = new Channel(connection, {
      side: "client",
      takesZstd: compress !== "off",
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
      this.#compression.agree([]);
      await Promise.all([...this.#transfers.values()].map((transfer) => transfer.end(end)));
      await this.#joined?.end(new FtError("lost"));
      this.#channel.close();
      return failure;
    });
    const hello: MessageOf<"hello"> = {
      kind: "hello",
      id: 0,
      agent,
      features: compress === "off" ? [] : [...FEATURES],
      require: [],
      owner,
      run,
      ...(compress === "on" ? { compress: true } : {}),
      ...(token === undefined ? {} : { token }),
    };
    this.#channel.send(hello).catch(() => {});
    this.#joined = join && new ClientSides({
      ...join,
      hello,
      deadlines,
      main: { transfers: this.#transfers, lastId: () => this.#nextId - 1 },
    });
  }

  #dispatch(message: Message): void | Promise<void> {
    if (!this.#isWelcome) return this.#enter(firstOf(message));
    if (message.kind === "welcome") throw new FtError("protocol", "'welcome' is out of place.");
    const transfer = this.#transfers.get(message.id);
    if (transfer !== undefined) {
      const bytes = travelled(message);
      const waits = bytes === undefined ? undefined : this.#lane?.take(bytes);
      return waits === undefined
        ? transfer.handle(message)
        : waits.then(() => transfer.handle(message));
    }
    // Late words about what has ended; a server cannot start anything itself.
    if (message.id === 0 || message.id >= this.#nextId) {
      throw new FtError("protocol", "The server speaks of a transfer that never was.");
    }
  }

  #enter(welcome: MessageOf<"welcome">): void {
    this.#isWelcome = true;
    this.#compression.agree(welcome.features);
    this.#verbs.resolve(welcome.verbs);
    this.#joined?.welcome(welcome);
    // A server whose packets wait for an acknowledgement of the last gets it along with this.
    this.#channel.send({ kind: "ping", id: 0 }).catch(() => {});
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
  async upload(
    { room, name, conflict, terms, digest, dry, of, ...rest }: UploadRequest,
  ): Promise<Receipt> {
    return await this.#slots.take(async () => {
      const id = this.#begin();
      const entry = {
        name,
        room,
        conflict,
        ...terms,
        ...(digest === undefined ? {} : { digest }),
        ...(dry ? { dry } : {}),
        ...of,
      };
      const outgoing = new Outgoing({
        channel: this.#channel,
        id,
        turn: this.#turn,
        entry,
        pace: (bytes) => this.#lane?.take(bytes),
        compression: this.#compression,
        sides: this.#joined?.sides,
        ...rest,
        ...this.#joined?.watch(() => rest.source.size, rest),
      });
      return await this.#track(id, outgoing, () => outgoing.run());
    });
  }

  /** A tree takes a slot beside those of its files. */
  async #oneTree(work: () => Promise<TreeReport>): Promise<TreeReport> {
    return await this.#tree.take(() => this.#slots.take(work));
  }

  /** Sends a folder; resolves with what became of it. */
  async uploadTree(request: TreeUpload): Promise<TreeReport> {
    return await this.#oneTree(() => {
      const id = this.#begin();
      const outgoing = outgoingTree(request, {
        channel: this.#channel,
        id,
        turn: this.#turn,
        pace: (bytes) => this.#lane?.take(bytes),
        compression: this.#compression,
        session: this,
      });
      return this.#track(id, outgoing, () => outgoing.run());
    });
  }

  /** Fetches a folder into a store. */
  async downloadTree(request: TreeDownload): Promise<TreeReport> {
    return await this.#oneTree(() => {
      const id = this.#begin();
      const incoming = incomingTree(request, {
        channel: this.#channel,
        id,
        run: this.#run,
        session: this,
      });
      return this.#track(id, incoming, async () => {
        const { room, name, tag, checksum } = request;
        await this.#channel.send({
          kind: "browse",
          id,
          room,
          name,
          ...(tag === undefined ? {} : { tag }),
          ...(checksum ? { checksum } : {}),
        });
        return await incoming.outcome;
      });
    });
  }

  /** Fetches a file into a store; resolves once it is in its place. */
  async download(request: DownloadRequest): Promise<Receipt> {
    // Ids go to the server in the order they are given: nothing may be waited for in between.
    return await this.#slots.take(async () => {
      const sizes = [await existing(request)];
      for (;;) {
        const id = this.#begin();
        const watched = this.#joined?.watchDownload(request) ?? request;
        const download = new Download(this.#channel, id, this.#run, watched, sizes);
        const receipt = await this.#track(id, download, () => download.run());
        if (download.again === undefined) return receipt;
        sizes.push(download.again);
      }
    });
  }

  /** What the server lets this client do, once it has said so. */
  get verbs(): Promise<readonly string[]> {
    return this.#verbs.promise;
  }

  /** The files of a room, oldest first; `onItems` hears them page by page as they come. */
  async list(request: ListRequest, onItems: (items: readonly Item[]) => void): Promise<void> {
    const id = this.#begin();
    const listing = new Listing(this.#channel, id, request, onItems);
    await this.#track(id, listing, () => listing.run());
  }

  /** What is known of a file. */
  about(room: Room, name: string): Promise<About> {
    return this.#inquire((id) => ({ kind: "info", id, room, name }));
  }

  /** Takes back what this client shared; resolves with what it was. */
  unshare(name: string): Promise<About> {
    return this.#inquire((id) => ({ kind: "unshare", id, name }));
  }

  async #inquire(question: (id: number) => Message): Promise<About> {
    const id = this.#begin();
    const inquiry = new Inquiry(this.#channel, question(id));
    return await this.#track(id, inquiry, () => inquiry.run());
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
