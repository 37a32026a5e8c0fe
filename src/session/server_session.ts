import { FtError, toFailure } from "../error.ts";
import { travelled } from "../protocol/codec.ts";
import { OPEN_TRANSFERS } from "../protocol/limits.ts";
import type { Entry, Message, MessageOf } from "../protocol/message.ts";
import type { Receipt, Source } from "../storage/store.ts";
import type { EntryPlace } from "../storage/tree.ts";
import type { Connection } from "../transport/connection.ts";
import { answer, type Question } from "./answer.ts";
import { OPEN_ACCESS } from "./access.ts";
import { Allowance, type Share } from "./allowance.ts";
import { Channel } from "./channel.ts";
import { Compression } from "./compression.ts";
import { FEATURES, requireFeatures } from "./features.ts";
import { endWith, Guest } from "./guest.ts";
import { enter, type Joinable } from "./joining.ts";
import { extentOf, Incoming } from "./receive.ts";
import { Outgoing, waitsForReady } from "./send.ts";
import { digestServed, openServed, requireOut } from "./served_file.ts";
import type { ServerSessionOptions } from "./server_session_options.ts";
import { ServedTrees } from "./served_trees.ts";
import { fromSide, Sides } from "./sides.ts";
import { termsOf } from "./terms.ts";
import { Asked, sendFailure, type Transfer } from "./transfer.ts";
import { reported, type TransferReport } from "./transfer_report.ts";
import type { TreeReport } from "./tree_report.ts";
import { Turn } from "./turn.ts";
import { countingOf, endClaim } from "./withheld.ts";

export type { ServerSessionOptions } from "./server_session_options.ts";
export type { TransferReport } from "./transfer_report.ts";

/** The server's side of a conversation. */
export class ServerSession {
  readonly #channel: Channel;
  readonly #options: ServerSessionOptions;
  readonly #turn = new Turn();
  /** One list at a time keeps what a client can make us hold bounded. */
  readonly #listing = new Turn();
  readonly #transfers = new Map<number, Transfer>();
  readonly #compression = new Compression();
  readonly #trees: ServedTrees;
  readonly #work = new Set<Promise<void>>();
  readonly #sides = new Sides();
  /** The conversation that this connection has joined. */
  #main: Joinable | undefined;
  #guest: Guest | undefined;
  readonly #allowance: Allowance;
  #share: Share | undefined;
  #lastId = 0;

  constructor(connection: Connection, options: ServerSessionOptions) {
    const { deadlines } = options;
    this.#options = options;
    this.#allowance = options.allowance ?? new Allowance({ transfers: OPEN_TRANSFERS });
    this.#channel = new Channel(connection, {
      side: "server",
      takesZstd: true,
      ...(deadlines === undefined ? {} : { deadlines }),
    });
    this.#trees = new ServedTrees({
      channel: this.#channel,
      store: options.store,
      turn: this.#turn,
      pace: (bytes) => this.#share?.take(bytes),
      compression: this.#compression,
      manifests: this.#allowance.manifests,
      track: (...transfer) => this.#track(...transfer),
    });
    // What waits for its turn then waits no more.
    this.#channel.ending.addEventListener("abort", () => this.#share?.close(), { once: true });
  }

  /** Transfers that are open now. */
  get open(): number {
    return (this.#main?.transfers ?? this.#transfers).size;
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
    await this.#sides.end(new FtError("lost"));
    await Promise.all([...this.#transfers.values()].map((transfer) => transfer.end(end)));
    await Promise.all(this.#work);
    await this.#channel.finish().catch(() => {});
    this.#channel.close();
    this.#share?.close();
    // What ends with another conversation has not failed by itself.
    return this.#main?.sides.isOver ? undefined : failure;
  }

  /** Ends the conversation; what is verified of open transfers stays for a later run. */
  async end(failure: FtError): Promise<void> {
    await this.#channel.end(failure);
  }

  #dispatch(message: Message): void | Promise<void> {
    const guest = this.#guest;
    if (guest === undefined) {
      if (message.kind === "hello") return this.#greet(message);
      throw new FtError("protocol", "The first message is HELLO.");
    }
    // Not to read on is what slows a client down; so bytes count that nobody wants any more, too.
    const bytes = travelled(message);
    const waits = bytes === undefined ? undefined : this.#share?.take(bytes);
    const route = () => this.#route(guest, message);
    return waits === undefined ? route() : waits.then(route);
  }

  #route(guest: Guest, message: Message): void | Promise<void> {
    if (this.#main !== undefined) return fromSide(message, this.#channel, this.#main);
    const transfer = this.#transfers.get(message.id);
    if (transfer !== undefined) return transfer.handle(message);
    switch (message.kind) {
      case "entry":
        return this.#begin(message, () => this.#receive(guest, message));
      case "request":
        return this.#begin(message, () => this.#send(guest, message));
      case "list":
      case "info":
      case "unshare":
        return this.#begin(message, () => this.#answer(guest, message));
      case "tree":
        return this.#begin(message, () => this.#trees.receive(guest, message));
      case "browse":
        return this.#begin(message, () => this.#trees.send(guest, message));
      case "hello":
      case "welcome":
        throw new FtError("protocol", `'${message.kind}' is out of place.`);
      default:
        // Late words about a transfer that has ended are to be expected; others are not.
        if (message.id > 0 && message.id <= this.#lastId) return;
        throw new FtError("protocol", `'${message.kind}' for a transfer that never was.`);
    }
  }

  async #greet(hello: MessageOf<"hello">): Promise<void> {
    requireFeatures(hello.require);
    const { ending, peer } = this.#channel;
    const { agent, onGreeted, onJoined, access = OPEN_ACCESS } = this.#options;
    const grant = await access.admit(hello.token, peer, ending);
    const guest = await Guest.of(grant, access, hello);
    if (ending.aborted) throw ending.reason;
    endWith(grant, this.#channel);
    this.#compression.agree(hello.features, hello.compress);
    this.#share = this.#allowance.share(guest.owner);
    const [sides, transfers, lastId] = [this.#sides, this.#transfers, () => this.#lastId];
    const joinable = { guest, grant, sides, transfers, lastId };
    const { key, main } = await enter(joinable, hello.join, this.#options.joining, ending);
    if (main !== undefined) this.#share.join();
    this.#main = main;
    this.#guest = guest;
    if (main === undefined) onGreeted?.(grant);
    else onJoined?.();
    await this.#channel.send({
      kind: "welcome",
      id: 0,
      agent,
      features: [...FEATURES],
      verbs: [...guest.verbs],
      transfers: this.#allowance.transfers,
      ...(key === undefined ? {} : { key }),
    });
    main?.sides.add(this.#channel);
  }

  /** Begins a transfer under a fresh id; what `work` returns is waited for before the next message. */
  #begin({ id, kind }: Message, work: () => void | Promise<void>): void | Promise<void> {
    if (id <= this.#lastId) throw new FtError("protocol", "Ids of transfers only grow.");
    this.#lastId = id;
    try {
      this.#share?.begin(id, kind);
    } catch (thrown) {
      return sendFailure(this.#channel, id, toFailure(thrown));
    }
    return work();
  }

  /** Keeps a transfer until `outcome` settles, then reports it. */
  #track(
    id: number,
    transfer: Transfer,
    outcome: Promise<Receipt | TreeReport | undefined>,
    about: Pick<TransferReport, "action" | "room" | "name" | "isFolder">,
    bytes: () => number,
  ): void {
    this.#transfers.set(id, transfer);
    const began = performance.now();
    const report = (result?: Receipt | TreeReport, failure?: FtError) => {
      this.#options.onReport?.({
        ...about,
        peer: this.#channel.peer,
        owner: (this.#guest?.owner ?? "").slice(0, 8),
        who: this.#guest?.who,
        name: result?.name ?? about.name,
        bytes: bytes(),
        milliseconds: performance.now() - began,
        ...reported(result),
        failure,
      });
    };
    const work = outcome.then(
      (result) => report(result),
      (thrown) => report(undefined, toFailure(thrown)),
    ).finally(() => {
      this.#transfers.delete(id);
      this.#share?.end(id);
      this.#work.delete(work);
    });
    this.#work.add(work);
  }

  #receive(guest: Guest, entry: Entry): void | Promise<void> {
    const { id, room, name } = entry;
    const incoming = new Incoming({ channel: this.#channel, id, store: this.#options.store });
    const action = room === "private" ? "put" : "share";
    const about = { action, room: room ?? "private", name } as const;
    this.#track(id, incoming, incoming.outcome, about, () => incoming.received);
    let place: ReturnType<Guest["place"]> & EntryPlace;
    try {
      const conflict = entry.conflict ?? "rename";
      place = this.#trees.place(entry, incoming) ?? { ...guest.place(room, name), conflict };
    } catch (thrown) {
      return void incoming.fail(toFailure(thrown));
    }
    const begun = incoming.begin(entry, {
      ...place,
      size: entry.size,
      mtime: entry.mtime,
      version: entry.source,
      run: guest.run,
      exec: entry.exec,
      dry: entry.dry,
      digest: entry.digest,
      ...(room === "shared" && entry.tree === undefined ? { terms: termsOf(entry) } : {}),
      extent: extentOf(entry.size),
    });
    return waitsForReady(entry) ? undefined : begun;
  }

  #send(guest: Guest, request: MessageOf<"request">): void {
    const { id, room, name, size } = request;
    const { store } = this.#options;
    const action = room === "public" ? "get" : "fetch";
    let outgoing: Outgoing | undefined;
    const asked = new Asked();
    const outcome = (async () => {
      let source: Source | undefined;
      try {
        requireOut(room);
        guest.require(action);
        source = await this.#trees.open(request) ??
          await openServed(store, request, guest.claimant);
        const { claim, terms } = source;
        // Who hands on what comes has something of it from the first chunk on.
        if (request.ordered) await claim?.commit();
        const counting = countingOf(claim);
        // Before a download counts its receiver is not told what it is.
        const digest = size === source.size && counting === undefined
          ? await digestServed(store, request, source, () => asked.check())
          : undefined;
        outgoing = new Outgoing({
          channel: this.#channel,
          id,
          source,
          turn: this.#turn,
          ...(request.ordered ? {} : { sides: this.#sides }),
          pace: (bytes) => this.#share?.take(bytes),
          compression: this.#compression,
          onVerified: () => this.#trees.moved(request),
          entry: { name, ...terms, ...counting, ...(digest === undefined ? {} : { digest }) },
        });
        asked.answer(outgoing);
        const receipt = await outgoing.run();
        // Only what we have read ourselves: a client may say that it has anything.
        if (outgoing.digest !== undefined) {
          store.note(room, name, source, outgoing.digest, outgoing.chunks);
        }
        return { ...receipt, name };
      } catch (thrown) {
        const failure = toFailure(thrown);
        if (outgoing === undefined) endClaim(source?.claim, failure);
        if (outgoing === undefined) await sendFailure(this.#channel, id, failure);
        // It is going to be asked for as what it is.
        if (failure.code === "not_found" && await this.#trees.has(request)) return undefined;
        throw failure;
      } finally {
        source?.close();
      }
    })();
    this.#track(id, asked, outcome, { action, room, name }, () => outgoing?.sent ?? 0);
  }

  /** Answers a question about what there is. */
  #answer(guest: Guest, question: Question): void {
    const { id } = question;
    const asked = new Asked();
    const outcome = (async () => {
      try {
        const check = () => asked.check();
        const { store } = this.#options;
        const work = () => answer(question, { channel: this.#channel, store, guest, check });
        await (question.kind === "list" ? this.#listing.take(work) : work());
        return undefined;
      } catch (thrown) {
        const failure = toFailure(thrown);
        await sendFailure(this.#channel, id, failure);
        throw failure;
      }
    })();
    const room = question.kind === "unshare" ? "shared" : question.room;
    const name = question.kind === "list" ? "" : question.name;
    this.#track(id, asked, outcome, { action: question.kind, room, name }, () => 0);
  }
}
