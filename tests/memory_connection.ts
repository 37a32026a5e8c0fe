/**
 * Connections without a socket: both ends in this process, with back-pressure, bytes that arrive
 * split or joined as a seed will have it, and every way to lose a connection.
 *
 * @module
 */
import { FtError } from "../src/error.ts";
import type { Connection } from "../src/transport/connection.ts";
import { Random } from "./random.ts";

/** Which way bytes go. */
export type Direction = "up" | "down";

/** How a pair of connections behaves. */
export interface LinkOptions {
  /** Splits and joins bytes by this seed; without one they arrive as they were written. */
  readonly seed?: number;
  /** Bytes under way in one direction before a writer has to wait. */
  readonly room?: number;
  /** May change bytes on their way; `offset` counts from the start of the direction. */
  readonly tamper?: (bytes: Uint8Array, direction: Direction, offset: number) => void;
  /** Hears how many bytes have arrived in a direction; may cut the link. */
  readonly onCarried?: (direction: Direction, bytes: number) => void;
}

/** One direction: bytes go in, the same bytes come out, cut differently. */
class Pipe {
  carried = 0;
  frozen = false;
  readonly #options: LinkOptions;
  readonly #direction: Direction;
  readonly #random: Random | undefined;
  #queue: Uint8Array<ArrayBuffer>[] = [];
  #waiting = 0;
  #ended = false;
  #failure: FtError | undefined;
  #writeFailure: FtError | undefined;
  #changed = Promise.withResolvers<void>();

  constructor(direction: Direction, options: LinkOptions) {
    this.#direction = direction;
    this.#options = options;
    if (options.seed !== undefined) {
      this.#random = new Random(options.seed + (direction === "up" ? 0 : 1));
    }
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  async write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    if (this.#writeFailure !== undefined) throw this.#writeFailure;
    this.#queue.push(bytes.slice());
    this.#waiting += bytes.length;
    this.#wake();
    while (this.#waiting > (this.#options.room ?? 256 * 1024)) {
      await this.#changed.promise;
      if (this.#writeFailure !== undefined) throw this.#writeFailure;
    }
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** The writer's end is gone: what it wrote still arrives. */
  abandon(): void {
    this.#writeFailure ??= lost();
    this.end();
  }

  /** Nothing goes in or comes out any more. */
  fail(): void {
    this.#failure ??= lost();
    this.#writeFailure ??= this.#failure;
    this.#wake();
  }

  thaw(): void {
    this.frozen = false;
    this.#wake();
  }

  #size(): number {
    if (this.#random === undefined) return this.#queue[0]?.length ?? 0;
    const most = this.#random.pick([20, 4_096, 65_536, 512 * 1024, 512 * 1024]);
    return Math.min(this.#random.between(1, most + 1), this.#waiting);
  }

  #take(size: number): Uint8Array<ArrayBuffer> {
    const taken = new Uint8Array(size);
    for (let at = 0; at < size;) {
      const first = this.#queue[0] as Uint8Array<ArrayBuffer>;
      const part = first.subarray(0, size - at);
      taken.set(part, at);
      at += part.length;
      if (part.length === first.length) this.#queue.shift();
      else this.#queue[0] = first.subarray(part.length);
    }
    this.#waiting -= size;
    return taken;
  }

  /** The next bytes, or null at the end. What was written before the end still comes. */
  async read(): Promise<Uint8Array<ArrayBuffer> | null> {
    while (this.frozen || (this.#waiting === 0 && !this.#ended)) {
      if (this.#failure !== undefined) throw this.#failure;
      await this.#changed.promise;
    }
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#waiting === 0) return null;
    const bytes = this.#take(this.#size());
    this.#options.tamper?.(bytes, this.#direction, this.carried);
    this.carried += bytes.length;
    this.#options.onCarried?.(this.#direction, this.carried);
    this.#wake();
    return bytes;
  }
}

function lost(): FtError {
  return new FtError("lost", "The connection was lost.");
}

/** Two ends of one connection. */
export class Link {
  readonly client: Connection;
  readonly server: Connection;
  readonly #up: Pipe;
  readonly #down: Pipe;

  constructor(options: LinkOptions = {}) {
    this.#up = new Pipe("up", options);
    this.#down = new Pipe("down", options);
    this.client = connectionOf(this.#down, this.#up, "client");
    this.server = connectionOf(this.#up, this.#down, "server");
  }

  /** Bytes that arrived in a direction. */
  carried(direction: Direction): number {
    return direction === "up" ? this.#up.carried : this.#down.carried;
  }

  /** Both ends lose it at once. */
  cut(): void {
    this.#up.fail();
    this.#down.fail();
  }

  /** Nothing arrives any more, and neither end is told: a cable that was pulled. */
  freeze(): void {
    this.#up.frozen = true;
    this.#down.frozen = true;
  }

  /** What was under way arrives after all. */
  thaw(): void {
    this.#up.thaw();
    this.#down.thaw();
  }
}

function connectionOf(from: Pipe, to: Pipe, peer: string): Connection {
  return {
    peer: `memory:${peer}`,
    openedAt: performance.now(),
    readable: new ReadableStream({
      async pull(controller) {
        try {
          const bytes = await from.read();
          if (bytes === null) controller.close();
          else controller.enqueue(bytes);
        } catch (thrown) {
          controller.error(thrown);
        }
      },
    }),
    writable: new WritableStream({
      write: (bytes) => to.write(bytes),
      close: () => to.end(),
    }),
    onSent: undefined,
    place: () => {},
    giveBack: () => {},
    async drain(milliseconds) {
      const timer = setTimeout(() => from.fail(), milliseconds);
      try {
        while (await from.read() !== null);
      } catch {
        // Nobody is left to hear.
      }
      clearTimeout(timer);
    },
    abort() {
      from.fail();
      to.abandon();
    },
  };
}
