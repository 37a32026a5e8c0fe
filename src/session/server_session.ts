import { FtError, toFailure } from "../error.ts";
import { acceptName } from "../name.ts";
import { sha256 } from "../protocol/digest.ts";
import { LIST_ITEMS, OPEN_TRANSFERS } from "../protocol/limits.ts";
import type { Entry, Message, MessageOf } from "../protocol/message.ts";
import type { Item, Receipt, Room, Source, Store } from "../storage/store.ts";
import type { Connection } from "../transport/connection.ts";
import { Allowance, type Share } from "./allowance.ts";
import { Channel, type Deadlines } from "./channel.ts";
import { digestSource } from "./chunk_reader.ts";
import { extentOf, Incoming } from "./receive.ts";
import { Outgoing, waitsForReady } from "./send.ts";
import { Asked, sendFailure, type Transfer } from "./transfer.ts";
import type { TransferReport } from "./transfer_report.ts";
import { Turn } from "./turn.ts";

export type { TransferReport } from "./transfer_report.ts";

/** What a server offers to every client. */
export interface ServerSessionOptions {
  readonly store: Store;
  /** Program and version. */
  readonly agent: string;
  /** What all sessions of the server share. */
  readonly allowance?: Allowance;
  readonly deadlines?: Deadlines;
  readonly onReport?: (report: TransferReport) => void;
}

/** What a client may do, by room. */
const VERBS = ["put", "get", "share", "fetch"] as const;
/** Features of FT/1 this server has; none is required of anyone yet. */
const FEATURES: readonly string[] = [];

/** The server's side of a conversation. */
export class ServerSession {
  readonly #channel: Channel;
  readonly #options: ServerSessionOptions;
  readonly #turn = new Turn();
  /** A list is made as a whole: one at a time keeps what a client can make us hold bounded. */
  readonly #listing = new Turn();
  readonly #transfers = new Map<number, Transfer>();
  readonly #work = new Set<Promise<void>>();
  readonly #allowance: Allowance;
  #share: Share | undefined;
  #owner: string | undefined;
  #run = "";
  #lastId = 0;

  constructor(connection: Connection, options: ServerSessionOptions) {
    const { deadlines } = options;
    this.#options = options;
    this.#allowance = options.allowance ?? new Allowance({ transfers: OPEN_TRANSFERS });
    this.#channel = new Channel(connection, {
      side: "server",
      onEnd: () => this.#share?.close(),
      ...(deadlines === undefined ? {} : { deadlines }),
    });
  }

  /** Transfers that are open now. */
  get open(): number {
    return this.#transfers.size;
  }

  /** Serves the client until it has no more to say; a failure of the conversation is returned. */
  async serve(): Promise<FtError | undefined> {
    let failure: FtError | undefined;
    try {
      await this.#channel.run((message) => this.#dispatch(message));
    } catch (thrown) {
      failure = toFailure(thrown);
    }
    const end = failure ?? new FtError("lost", "The client left before the end.");
    await Promise.all([...this.#transfers.values()].map((transfer) => transfer.end(end)));
    await Promise.all(this.#work);
    await this.#channel.finish().catch(() => {});
    this.#channel.close();
    this.#share?.close();
    return failure;
  }

  /** Ends the conversation; what is verified of open transfers stays for a later run. */
  async end(failure: FtError): Promise<void> {
    await this.#channel.end(failure);
  }

  #dispatch(message: Message): void | Promise<void> {
    if (this.#owner === undefined) {
      if (message.kind === "hello") return this.#greet(message);
      throw new FtError("protocol", "The first message is HELLO.");
    }
    // Not to read on is what slows a client down; so bytes count that nobody wants any more, too.
    const isPiece = message.kind === "data" || message.kind === "chunk";
    const waits = isPiece ? this.#share?.take(message.bytes.length) : undefined;
    return waits === undefined ? this.#route(message) : waits.then(() => this.#route(message));
  }

  #route(message: Message): void | Promise<void> {
    const transfer = this.#transfers.get(message.id);
    if (transfer !== undefined) return transfer.handle(message);
    switch (message.kind) {
      case "entry":
        return this.#begin(message, () => this.#receive(message));
      case "request":
        return this.#begin(message, () => this.#send(message));
      case "list":
        return this.#begin(message, () => this.#list(message));
      case "hello":
      case "welcome":
        throw new FtError("protocol", `'${message.kind}' is out of place.`);
      default:
        // Late words about a transfer that has ended are to be expected; others are not.
        if (message.id > 0 && message.id <= this.#lastId) return;
        throw new FtError("protocol", `'${message.kind}' for a transfer that never was.`);
    }
  }

  async #greet({ owner, run, require }: MessageOf<"hello">): Promise<void> {
    const missing = require.filter((feature) => !FEATURES.includes(feature));
    if (missing.length > 0) {
      throw new FtError("version", `This server lacks: ${missing.join(", ")}.`);
    }
    this.#owner = await ownerOf(owner);
    this.#share = this.#allowance.share(this.#owner);
    this.#run = run ?? "";
    const { agent } = this.#options;
    await this.#channel.send({
      kind: "welcome",
      id: 0,
      agent,
      features: [...FEATURES],
      verbs: [...VERBS],
      transfers: this.#allowance.transfers,
    });
  }

  /** Begins a transfer under a fresh id; what `work` returns is waited for before the next message. */
  #begin({ id, kind }: Message, work: () => void | Promise<void>): void | Promise<void> {
    if (id <= this.#lastId) throw new FtError("protocol", "Ids of transfers only grow.");
    this.#lastId = id;
    try {
      this.#share?.begin(id, kind !== "list");
    } catch (thrown) {
      return sendFailure(this.#channel, id, toFailure(thrown));
    }
    return work();
  }

  /** Keeps a transfer until `outcome` settles, then reports it. */
  #track(
    id: number,
    transfer: Transfer,
    outcome: Promise<Receipt | undefined>,
    about: Pick<TransferReport, "action" | "room" | "name">,
    bytes: () => number,
  ): void {
    this.#transfers.set(id, transfer);
    const began = performance.now();
    const report = (receipt?: Receipt, failure?: FtError) =>
      this.#options.onReport?.({
        ...about,
        peer: this.#channel.peer,
        owner: (this.#owner ?? "").slice(0, 8),
        name: receipt?.name ?? about.name,
        bytes: bytes(),
        milliseconds: performance.now() - began,
        receipt,
        failure,
      });
    const work = outcome.then(
      (receipt) => report(receipt),
      (thrown) => report(undefined, toFailure(thrown)),
    ).finally(() => {
      this.#transfers.delete(id);
      this.#share?.end(id);
      this.#work.delete(work);
    });
    this.#work.add(work);
  }

  #receive(entry: Entry): void | Promise<void> {
    const { id, room, name } = entry;
    const { store } = this.#options;
    const incoming = new Incoming({
      channel: this.#channel,
      id,
      store,
      // Where the file really went in the private room would tell what else is there.
      toldName: (receipt) => room === "private" ? name : receipt.name,
    });
    const action = room === "private" ? "put" : "share";
    const about = { action, room: room ?? "private", name } as const;
    this.#track(id, incoming, incoming.outcome, about, () => incoming.received);
    try {
      if (room !== "private" && room !== "shared") {
        throw new FtError("denied", "Files are sent into the private or the shared room.");
      }
      acceptName(name);
    } catch (thrown) {
      incoming.fail(toFailure(thrown));
      return;
    }
    const begun = incoming.begin(entry, {
      room,
      name,
      owner: this.#owner ?? "",
      size: entry.size,
      mtime: entry.mtime,
      version: entry.source,
      run: this.#run,
      conflict: entry.conflict ?? "rename",
      extent: extentOf(entry.size),
    });
    return waitsForReady(entry) ? undefined : begun;
  }

  #send({ id, room, name, tag, size }: MessageOf<"request">): void {
    const action = room === "public" ? "get" : "fetch";
    let outgoing: Outgoing | undefined;
    const asked = new Asked();
    const outcome = (async () => {
      let source: Source | undefined;
      try {
        source = await this.#open(room, name, tag);
        const digest = size === source.size
          ? await this.#digest(room, name, source, () => asked.check())
          : undefined;
        outgoing = new Outgoing({
          channel: this.#channel,
          id,
          source,
          turn: this.#turn,
          pace: (bytes) => this.#share?.take(bytes),
          entry: { name, ...(digest === undefined ? {} : { digest }) },
        });
        asked.answer(outgoing);
        const receipt = await outgoing.run();
        // Only what we have read ourselves: a client may say that it has anything.
        if (outgoing.digest !== undefined) {
          this.#options.store.note(room, name, source, outgoing.digest);
        }
        return { ...receipt, name };
      } catch (thrown) {
        const failure = toFailure(thrown);
        if (outgoing === undefined) await sendFailure(this.#channel, id, failure);
        throw failure;
      } finally {
        source?.close();
      }
    })();
    this.#track(id, asked, outcome, { action, room, name }, () => outgoing?.sent ?? 0);
  }

  async #open(room: Room, name: string, tag: string | undefined): Promise<Source> {
    if (room === "private") {
      throw new FtError("denied", "Nothing is taken out of the private room.");
    }
    try {
      return await this.#options.store.open(room, acceptName(name), tag);
    } catch (thrown) {
      const failure = toFailure(thrown);
      if (failure.code !== "not_found") throw failure;
      throw new FtError("not_found", `File '${name}' not found on the server.`, {
        hint: "See what is there with: ft list",
      });
    }
  }

  async #digest(room: Room, name: string, source: Source, onRead: () => void): Promise<string> {
    if (source.digest !== undefined) return source.digest;
    const digest = await digestSource(source, name, { onRead });
    this.#options.store.note(room, name, source, digest);
    return digest;
  }

  #list({ id, room }: MessageOf<"list">): void {
    const asked = new Asked();
    const outcome = (async () => {
      try {
        if (room === "private") throw new FtError("denied", "The private room is not listed.");
        await this.#listing.take(() => this.#sendItems(id, room, () => asked.check()));
        return undefined;
      } catch (thrown) {
        const failure = toFailure(thrown);
        await sendFailure(this.#channel, id, failure);
        throw failure;
      }
    })();
    const about = { action: "list", room, name: "" } as const;
    this.#track(id, asked, outcome, about, () => 0);
  }

  /** Sends a room's items, oldest first; `check` throws when they are wanted no more. */
  async #sendItems(id: number, room: Room, check: () => void): Promise<void> {
    check();
    const items: Item[] = [];
    for await (const item of this.#options.store.items(room)) items.push(item);
    items.sort((a, b) => a.time - b.time || (a.name < b.name ? -1 : 1));
    for (let at = 0; at === 0 || at < items.length; at += LIST_ITEMS) {
      const page = items.slice(at, at + LIST_ITEMS);
      const last = at + LIST_ITEMS >= items.length;
      check();
      await this.#channel.send({ kind: "items", id, items: page, last });
    }
  }
}

/** What the server keeps of an owner's secret: enough to know it again, not to claim to be it. */
async function ownerOf(secret: string | undefined): Promise<string> {
  // Who names no secret owns what it sends for as long as the connection lasts.
  if (secret === undefined) return crypto.randomUUID();
  const bytes = new TextEncoder().encode(`ft owner\n${secret}`);
  return (await sha256(bytes)).toHex();
}
