import { type FailureCode, FtError, toFailure, toFailureCode } from "../error.ts";
import { frameLimit, toFrame, toMessage } from "../protocol/codec.ts";
import { type Frame, FrameDecoder, FrameEncoder } from "../protocol/frame.ts";
import { PREAMBLE_BYTES, VERSIONS } from "../protocol/limits.ts";
import type { Message } from "../protocol/message.ts";
import { encodePreamble, PreambleDecoder } from "../protocol/preamble.ts";
import type { Connection } from "../transport/connection.ts";
import { DEADLINES, type Deadlines } from "./deadlines.ts";
import { Decompression } from "./decompression.ts";
import { PayloadPool } from "./payload_pool.ts";

/** How often the deadlines are looked at, in milliseconds, and how often within the shortest. */
const WATCH_MS = 1_000;
const WATCHES = 4;
/** Failures of ours that the peer is told before the connection ends. */
const TOLD: ReadonlySet<FailureCode> = new Set([
  "protocol",
  "version",
  "timeout",
  "closing",
  "denied",
  "busy",
  "limit",
]);
/** Pieces that are written and hashed at once, so that neither the wire nor the disk stands still. */
const PIPELINE = 3;
/** The same of all channels together; with more, others keep the disk busy, and each waits. */
const ALL_PIPELINES = 16;
/** Shared by all channels: many of them need little more than a few. */
const PAYLOADS = new PayloadPool();
let allUnderWay = 0;
/** Milliseconds that a side which gives up waits for the peer to hear why. */
const LINGER_MS = 2_000;

/** What a channel is made of. */
export interface ChannelOptions {
  /** Which side speaks first. */
  readonly side: "client" | "server";
  /** Whether the peer was told that it may send compressed frames. */
  readonly takesZstd?: boolean;
  readonly deadlines?: Deadlines;
}

/** The version both sides speak; a client states it, a server accepts it. */
const VERSION = VERSIONS[0] ?? 1;

/** Messages both ways on one connection. */
export class Channel {
  readonly peer: string;
  readonly #connection: Connection;
  readonly #deadlines: Deadlines;
  readonly #encoder = new FrameEncoder();
  /** Pieces that are worked on, oldest first. */
  readonly #underWay: Promise<void>[] = [];
  readonly #writer: WritableStreamDefaultWriter<Frame>;
  readonly #decompression: Decompression;
  #sending: Promise<void> = Promise.resolve();
  #started = false;
  #ending: Promise<void> | undefined;
  readonly #ended = new AbortController();
  #watcher: ReturnType<typeof setInterval> | undefined;
  #reading = true;
  readonly #readEnded = Promise.withResolvers<void>();
  #failure: FtError | undefined;
  #writesPending = 0;
  #writeSince = 0;
  #frameSince: number | undefined;
  #dispatching = false;
  #heardAt = performance.now();
  #saidAt = performance.now();
  #greeted = false;

  constructor(connection: Connection, options: ChannelOptions) {
    this.peer = connection.peer;
    this.#connection = connection;
    this.#deadlines = options.deadlines ?? DEADLINES;
    this.#decompression = new Decompression(options.takesZstd ?? false);
    this.#writer = this.#encoder.writable.getWriter();
    connection.onSent = (bytes) => PAYLOADS.giveBack(bytes);
    // Failures of the writing side come out of send() and run(); these are the same ones again.
    this.#writer.closed.catch(() => {});
    if (options.side === "client") this.#start();
  }

  /** Aborted, with the failure as its reason, once the conversation is being ended. */
  get ending(): AbortSignal {
    return this.#ended.signal;
  }

  #start(): void {
    if (this.#started) return;
    this.#started = true;
    const first = this.#connection.writable.getWriter();
    first.write(encodePreamble(VERSION)).catch(() => {});
    first.releaseLock();
    this.#sending = this.#encoder.readable.pipeTo(this.#connection.writable);
    this.#sending.catch(() => {});
  }

  /** Sends a message; resolves when the connection takes the next one. */
  async send(message: Message): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    this.#start();
    this.#saidAt = performance.now();
    await this.#written(() => this.#writer.write(toFrame(message)));
  }

  /** Waits for something to be written, within the deadline for that. */
  async #written(write: () => Promise<void>): Promise<void> {
    if (this.#writesPending++ === 0) this.#writeSince = performance.now();
    try {
      await write();
    } catch (thrown) {
      throw this.#failure ?? toFailure(thrown);
    } finally {
      this.#writesPending--;
      this.#writeSince = performance.now();
    }
  }

  /**
   * Hands every message that arrives to `dispatch`, one after the other, until the peer has no more
   * to say. A `dispatch` that waits holds the peer back.
   *
   * @throws FtError of what ended the conversation: the peer's ERROR, before any failure of ours.
   */
  async run(dispatch: (message: Message) => void | Promise<void>): Promise<void> {
    const shortest = Math.min(...Object.values(this.#deadlines)) * 1_000;
    this.#watcher = setInterval(() => this.#watch(), Math.min(WATCH_MS, shortest / WATCHES));
    let failure: FtError | undefined;
    try {
      await this.#read(dispatch);
    } catch (thrown) {
      failure = toFailure(thrown);
    }
    this.#reading = false;
    this.#readEnded.resolve();
    if (failure !== undefined) await this.end(failure);
    await this.#ending;
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #read(dispatch: (message: Message) => void | Promise<void>): Promise<void> {
    const frames = this.#connection.readable
      .pipeThrough(new PreambleDecoder((version) => this.#accept(version)))
      .pipeThrough(
        new FrameDecoder({
          limit: frameLimit,
          onPartial: () => this.#frameSince = performance.now(),
          onWhole: () => this.#frameSince = undefined,
          onTaken: (bytes) => this.#connection.giveBack(bytes),
          allocate: (length) => PAYLOADS.take(length),
          onAwaited: (position, room) => this.#connection.place(PREAMBLE_BYTES + position, room),
        }),
      );
    for await (const frame of frames) {
      if (this.#ending !== undefined) continue;
      this.#heardAt = performance.now();
      let message = toMessage(frame);
      if (message?.kind === "zstd") {
        const { bytes } = message;
        message = await this.#decompression.plain(message, this.#greeted);
        PAYLOADS.giveBack(bytes);
        if (this.#ending !== undefined) continue;
      }
      if (message === undefined || message.kind === "ping") continue;
      if (message.kind === "error" && message.id === 0) throw peerFailure(message);
      const done = dispatch(message);
      if (done === undefined) {
        this.#greeted = true;
        continue;
      }
      // While we are the ones who are busy, the peer's silence means nothing.
      this.#dispatching = true;
      await done;
      this.#dispatching = false;
      // Not before it was answered: a refusal that is slow keeps nobody connected for longer.
      this.#greeted = true;
      this.#heardAt = performance.now();
      if (this.#frameSince !== undefined) this.#frameSince = this.#heardAt;
    }
  }

  #accept(version: number): void {
    if (VERSIONS.includes(version)) return;
    const spoken = VERSIONS.join(", ");
    throw new FtError("version", `Version ${version} of FT is not spoken here, only ${spoken}.`, {
      hint: "Use the same version of ft on both sides.",
    });
  }

  /**
   * Lets a few pieces be worked on while the next ones arrive: returns what the peer has to wait
   * for, if anything. `work` never rejects; until it ends it has the bytes of its message to itself.
   */
  pipeline(work: Promise<void>, bytes: Uint8Array<ArrayBuffer>): void | Promise<void> {
    allUnderWay++;
    this.#underWay.push(work.then(() => {
      allUnderWay--;
      PAYLOADS.giveBack(bytes);
    }));
    const most = allUnderWay > ALL_PIPELINES ? 0 : PIPELINE;
    return this.#underWay.length > most ? this.#underWay.shift() : undefined;
  }

  /** Room for so many bytes that are to be sent; once they are, it is used again. */
  allocate(size: number): Uint8Array<ArrayBuffer> {
    return PAYLOADS.take(size);
  }

  /** Takes back such room that nothing is sent of. */
  giveBack(bytes: Uint8Array<ArrayBuffer>): void {
    PAYLOADS.giveBack(bytes);
  }

  /** Nothing more will be sent. */
  async finish(): Promise<void> {
    this.#start();
    await this.#written(async () => {
      await this.#writer.close();
      await this.#sending;
    });
  }

  /** Frees the connection. For after {@linkcode run}; until then what is sent has a deadline. */
  close(): void {
    clearInterval(this.#watcher);
    this.#failure ??= new FtError("lost", "The connection is closed.");
    this.#ended.abort(this.#failure);
    this.#connection.abort();
  }

  /**
   * Ends the conversation; the peer is told why where it may not know, and has so many milliseconds
   * to hear.
   */
  end(failure: FtError, linger = LINGER_MS): Promise<void> {
    this.#failure ??= failure;
    this.#ended.abort(this.#failure);
    return this.#ending ??= this.#tellAndAbort(failure, linger);
  }

  async #tellAndAbort({ code, message, hint, side }: FtError, linger: number): Promise<void> {
    if (side === "here" && TOLD.has(code)) {
      const timer = setTimeout(() => this.#connection.abort(), linger);
      try {
        this.#start();
        const more = {
          ...(hint === undefined ? {} : { hint }),
          ...(code === "version" ? { supported: [...VERSIONS] } : {}),
        };
        await this.#writer.write(toFrame({ kind: "error", id: 0, code, message, ...more }));
        await this.#writer.close();
        await this.#sending;
        // Closing with bytes unread would reset the connection before the peer has heard: until
        // our own reading has ended it drops them, then the connection does.
        await this.#readEnded.promise;
        await this.#connection.drain(linger);
      } catch {
        // It cannot be told.
      }
      clearTimeout(timer);
    }
    // First of all the connection: a write that the peer does not take would hold up the writer.
    this.#connection.abort();
    await this.#writer.abort(this.#failure).catch(() => {});
    await this.#sending.catch(() => {});
  }

  #watch(): void {
    if (this.#ending !== undefined) return;
    const now = performance.now();
    const late = (since: number, seconds: number) => now - since > seconds * 1000;
    const { handshake, frame, idle, ping } = this.#deadlines;
    const heeded = this.#reading && !this.#dispatching;
    if (this.#reading && !this.#greeted && late(this.#connection.openedAt, handshake)) {
      this.#expire("No greeting came in time.");
    } else if (heeded && late(this.#frameSince ?? now, frame)) {
      this.#expire("A message took too long to arrive.");
    } else if (heeded && this.#frameSince === undefined && late(this.#heardAt, idle)) {
      this.#expire("The other side has been silent for too long.");
    } else if (this.#writesPending > 0 && late(this.#writeSince, frame)) {
      this.#expire("The other side does not take what is sent.");
    } else if (this.#started && late(this.#saidAt, ping)) {
      this.send({ kind: "ping", id: 0 }).catch(() => {});
    }
  }

  #expire(reason: string): void {
    this.end(new FtError("timeout", reason));
  }
}

/** What the peer's ERROR says, as an error of ours. */
export function peerFailure(
  { code, message, hint }: { code: string; message: string; hint?: string | undefined },
): FtError {
  return new FtError(toFailureCode(code), message, {
    side: "there",
    ...(hint === undefined ? {} : { hint }),
  });
}
