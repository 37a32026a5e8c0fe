import { type Clock, SYSTEM_CLOCK } from "../clock.ts";
import { FIRST_CHUNK_BYTES } from "../protocol/chunk.ts";
import { SIDE_CONNECTIONS } from "../protocol/limits.ts";
import type { Message, MessageOf } from "../protocol/message.ts";
import type { Connection } from "../transport/connection.ts";
import { FtError } from "../error.ts";
import { Channel } from "./channel.ts";
import { ZSTD_FEATURE } from "./compression.ts";
import type { Deadlines } from "./deadlines.ts";
import type { DownloadRequest } from "./download.ts";
import { fromSide, type Joined, Sides } from "./sides.ts";

/** Milliseconds of a round trip from which on further connections pay. */
const FAR_MS = 10;
/** Round trips in which a connection that nothing holds up finds out how fast it can be. */
const GROWING = 12;
/** Bytes in a round trip from which on a connection is fast enough alone. */
const WINDOW_BYTES = 512 * 1024;
/** Bytes that a connection should have to carry: it takes some round trips to get under way. */
const SHARE_BYTES = 2 * FIRST_CHUNK_BYTES;
/** Milliseconds that a chunk may take: what has come of it is lost with its connection. */
const CHUNK_MS = 30_000;

/** How further connections are made. */
export interface JoinOptions {
  /** Connects to the server once more. */
  readonly dial: (off: AbortSignal) => Promise<Connection>;
  /** Whether it is done however near the server is and however fast; tests say so. */
  readonly always?: boolean;
}

/** What all side connections of a client's session are made of. */
export interface ClientSidesOptions extends JoinOptions {
  readonly hello: MessageOf<"hello">;
  readonly deadlines: Deadlines | undefined;
  /** The conversation that they join. */
  readonly main: Joined;
  readonly clock?: Clock;
}

/** Who hears how a file gets on. */
type Heard = Pick<DownloadRequest, "onReady" | "onVerified">;

/** Makes side connections where they pay. */
export class ClientSides {
  readonly sides: Sides = new Sides();
  readonly #options: ClientSidesOptions;
  readonly #off = new AbortController();
  readonly #clock: Clock;
  readonly #begun: number;
  /** Those that are being made or have been, and have not ended. */
  readonly #running = new Set<Promise<void>>();
  readonly #channels = new Set<Channel>();
  #key: string | undefined;
  /** The least time that an answer took, in milliseconds. */
  #roundTrip = Infinity;
  #isRefused = false;

  constructor(options: ClientSidesOptions) {
    this.#options = options;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    this.#begun = this.#clock.now();
  }

  /** The server has answered the greeting. */
  welcome({ key }: MessageOf<"welcome">): void {
    this.#key = key;
    this.#measure(this.#begun);
  }

  #measure(since: number): void {
    this.#roundTrip = Math.min(this.#roundTrip, this.#clock.now() - since);
  }

  /**
   * Makes as many as pay while a file travels that has just been asked for or offered. Who hears how
   * it gets on still does.
   */
  watch(size: () => number | undefined, { onReady, onVerified }: Heard): Required<Heard> {
    const asked = this.#clock.now();
    let began = asked;
    let held = 0;
    let isHeldUp = false;
    // One that is lost is made anew, but not for ever.
    let left = 2 * SIDE_CONNECTIONS;
    return {
      onReady: (bytes) => {
        // The sender of a smaller one has not waited for an answer.
        if ((size() ?? 0) > FIRST_CHUNK_BYTES) this.#measure(asked);
        began = this.#clock.now();
        held = bytes;
        onReady?.(bytes);
      },
      onVerified: (bytes) => {
        const elapsed = Math.max(1, this.#clock.now() - began);
        const rate = (bytes - held) / elapsed;
        isHeldUp ||= this.#isHeldUp(rate, elapsed);
        if (isHeldUp) {
          left -= this.#make(Math.min(left, this.#lacking((size() ?? 0) - bytes, rate)));
        }
        onVerified?.(bytes);
      },
    };
  }

  /** A download that is watched. */
  watchDownload(request: DownloadRequest): DownloadRequest {
    // What has to come in order comes by one.
    if (request.ordered || request.store.isInOrder) return request;
    let size: number | undefined;
    const onSize = (told: number | undefined) => {
      size = told;
      request.onSize?.(told);
    };
    return { ...request, onSize, ...this.watch(() => size, request) };
  }

  /** Whether what travels at this rate, for so long, is slow because the way is long. */
  #isHeldUp(rate: number, elapsed: number): boolean {
    const roundTrip = this.#roundTrip;
    const isSlow = elapsed > GROWING * roundTrip && rate * roundTrip < WINDOW_BYTES;
    return this.#options.always === true || (roundTrip >= FAR_MS && isSlow);
  }

  /** How many more pay for so many bytes that are still to travel, at a rate for each millisecond. */
  #lacking(bytes: number, rate: number): number {
    const most = Math.min(bytes / SHARE_BYTES, rate * CHUNK_MS / FIRST_CHUNK_BYTES);
    return Math.min(SIDE_CONNECTIONS, Math.floor(most) - 1) - this.#running.size;
  }

  #make(count: number): number {
    const key = this.#key;
    if (key === undefined || this.#isRefused || this.#off.signal.aborted) return 0;
    for (let made = 0; made < count; made++) {
      const running = this.#run(key).finally(() => this.#running.delete(running));
      this.#running.add(running);
    }
    return Math.max(0, count);
  }

  /** Runs one to its end. Without it the session goes on with those that it has. */
  async #run(key: string): Promise<void> {
    const { dial, deadlines, hello, main } = this.#options;
    let channel: Channel | undefined;
    let isIn = false;
    try {
      const connection = await dial(this.#off.signal);
      if (this.#off.signal.aborted) return connection.abort();
      const side = channel = new Channel(connection, {
        side: "client",
        takesZstd: hello.features.includes(ZSTD_FEATURE),
        ...(deadlines === undefined ? {} : { deadlines }),
      });
      this.#channels.add(side);
      side.send({ ...hello, join: key }).catch(() => {});
      await side.run((message) => {
        if (isIn) return fromSide(message, side, main);
        firstOf(message);
        isIn = true;
        this.sides.add(side);
      });
    } catch {
      // The main connection says what is wrong with the server, if anything is.
    }
    if (!isIn) this.#isRefused = true;
    if (channel === undefined) return;
    channel.close();
    this.#channels.delete(channel);
  }

  /** Ends all of them at once. */
  async end(failure: FtError): Promise<void> {
    this.#off.abort(failure);
    await Promise.all([...this.#channels].map((channel) => channel.end(failure)));
    await Promise.all(this.#running);
  }
}

/** The first message of a server, on any connection: more than one would have to be answered. */
export function firstOf(message: Message): MessageOf<"welcome"> {
  if (message.kind === "welcome") return message;
  throw new FtError("protocol", "The first message is WELCOME.");
}
