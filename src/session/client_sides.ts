import { FIRST_CHUNK_BYTES } from "../protocol/chunk.ts";
import { SIDE_CONNECTIONS } from "../protocol/limits.ts";
import type { MessageOf } from "../protocol/message.ts";
import type { Connection } from "../transport/connection.ts";
import { FtError } from "../error.ts";
import { Channel, type Deadlines } from "./channel.ts";
import type { DownloadRequest } from "./download.ts";
import { fromSide, type Joined, Sides } from "./sides.ts";

/** Milliseconds of a round trip from which on further connections pay. */
const FAR_MS = 10;
/** Bytes that a connection should have to carry: it takes some round trips to get under way. */
const SHARE_BYTES = 2 * FIRST_CHUNK_BYTES;

/** How further connections are made. */
export interface JoinOptions {
  /** Connects to the server once more. */
  readonly dial: (off: AbortSignal) => Promise<Connection>;
  /** Milliseconds of a round trip from which on it is done; tests set them. */
  readonly far?: number;
}

/** What all side connections of a client's session are made of. */
export interface ClientSidesOptions extends JoinOptions {
  readonly hello: MessageOf<"hello">;
  readonly deadlines: Deadlines | undefined;
  /** The conversation that they join. */
  readonly main: Joined;
}

/** Makes side connections where they pay. */
export class ClientSides {
  readonly sides: Sides = new Sides();
  readonly #options: ClientSidesOptions;
  readonly #off = new AbortController();
  readonly #begun = performance.now();
  /** Those that are being made or have been, and have not ended. */
  readonly #running = new Set<Promise<void>>();
  readonly #channels = new Set<Channel>();
  #key: string | undefined;
  /** The least time that an answer took, in milliseconds. */
  #roundTrip = Infinity;
  #isRefused = false;

  constructor(options: ClientSidesOptions) {
    this.#options = options;
  }

  /** The server has answered the greeting. */
  welcome({ key }: MessageOf<"welcome">): void {
    this.#key = key;
    this.#measure(this.#begun);
  }

  #measure(since: number): void {
    this.#roundTrip = Math.min(this.#roundTrip, performance.now() - since);
  }

  /**
   * Makes as many as pay for a file of which so many bytes are still to travel. `since` is when the
   * question was asked that was answered just now.
   */
  want(bytes: number, since: number): void {
    const most = Math.min(SIDE_CONNECTIONS, Math.floor(bytes / SHARE_BYTES) - 1);
    if (most < 1) return;
    this.#measure(since);
    const key = this.#key;
    const isNear = this.#roundTrip < (this.#options.far ?? FAR_MS);
    if (key === undefined || isNear || this.#isRefused || this.#off.signal.aborted) return;
    while (this.#running.size < most) {
      const running = this.#run(key).finally(() => this.#running.delete(running));
      this.#running.add(running);
    }
  }

  /** A download for which as many are made as pay. */
  joining(request: DownloadRequest): DownloadRequest {
    // What has to come in order comes by one.
    if (request.ordered) return request;
    const since = performance.now();
    let bytes = 0;
    return {
      ...request,
      onSize: (size) => {
        bytes = size ?? 0;
        request.onSize?.(size);
      },
      onReady: (held) => {
        this.want(bytes - held, since);
        request.onReady?.(held);
      },
    };
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
        ...(deadlines === undefined ? {} : { deadlines }),
      });
      this.#channels.add(side);
      side.send({ ...hello, join: key }).catch(() => {});
      await side.run((message) => {
        if (message.kind !== "welcome" || isIn) return fromSide(message, side, main);
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

  /** Nothing more will be sent by them. */
  async finish(): Promise<void> {
    this.#off.abort(new FtError("interrupted"));
    await Promise.all([...this.#channels].map((channel) => channel.finish().catch(() => {})));
  }

  /** Ends all of them at once. */
  async end(failure: FtError): Promise<void> {
    this.#off.abort(failure);
    await Promise.all([...this.#channels].map((channel) => channel.end(failure)));
    await Promise.all(this.#running);
  }
}
