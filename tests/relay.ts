/**
 * A wire between client and server that can be slowed, watched, stalled, bent and cut.
 *
 * @module
 */

/** Which way bytes go: up is from the client to the server. */
export type Way = "up" | "down";

/** How a relay begins. */
export interface RelayOptions {
  /** Port of the server on this machine. */
  readonly port: number;
  /** Bytes a second, each way; without it as fast as it goes. */
  readonly rate?: number;
  /** Milliseconds that each block of bytes takes longer, each way. */
  readonly latency?: number;
}

const BLOCK_BYTES = 64 * 1024;

/** One client and its connection to the server. */
interface Pair {
  readonly client: Deno.Conn;
  readonly server: Deno.Conn;
  readonly stalled: Map<Way, PromiseWithResolvers<void>>;
  hung: boolean;
  /** Bytes that came from the client. */
  up: number;
}

/** A relay to one server. */
export class Relay implements AsyncDisposable {
  /** Where clients find it: `HOST:PORT`. */
  readonly address: string;
  /** Bytes that came from the sender of each way. */
  readonly passed: Record<Way, number> = { up: 0, down: 0 };
  /** Called before bytes are passed on, with the count they bring it to; may bend them. */
  onBytes: ((way: Way, passed: number, bytes: Uint8Array) => void) | undefined;
  readonly #options: RelayOptions;
  readonly #listener: Deno.TcpListener;
  readonly #pairs = new Set<Pair>();
  readonly #work = new Set<Promise<void>>();
  readonly #accepting: Promise<void>;

  constructor(options: RelayOptions) {
    this.#options = options;
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.address = `127.0.0.1:${this.#listener.addr.port}`;
    this.#accepting = this.#accept();
  }

  /** Bytes that came from the client of each connection there is. */
  get shares(): number[] {
    return [...this.#pairs].map(({ up }) => up);
  }

  /** Counts from zero again, and watches for nothing. */
  reset(): void {
    this.passed.up = this.passed.down = 0;
    this.onBytes = undefined;
  }

  /** Passes nothing more one way on the connections there are, until {@linkcode flow}. */
  stall(way: Way): void {
    for (const { stalled } of this.#pairs) {
      if (!stalled.has(way)) stalled.set(way, Promise.withResolvers());
    }
  }

  /** Ends all stalling. */
  flow(): void {
    for (const { stalled } of this.#pairs) {
      for (const { resolve } of stalled.values()) resolve();
      stalled.clear();
    }
  }

  /** Cuts every connection; new ones are taken. */
  cut(): void {
    for (const { client, server } of this.#pairs) {
      close(client);
      close(server);
    }
  }

  /** Cuts the clients off; the server hears neither of that nor anything else. */
  hang(): void {
    for (const pair of this.#pairs) {
      pair.hung = true;
      close(pair.client);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    this.flow();
    this.cut();
    await this.#accepting;
    await Promise.all(this.#work);
  }

  async #accept(): Promise<void> {
    try {
      for await (const client of this.#listener) {
        const work = this.#join(client).finally(() => this.#work.delete(work));
        this.#work.add(work);
      }
    } catch {
      // The listener was closed.
    }
  }

  async #join(client: Deno.Conn): Promise<void> {
    let server: Deno.Conn;
    try {
      server = await Deno.connect({ hostname: "127.0.0.1", port: this.#options.port });
    } catch {
      return close(client);
    }
    const pair: Pair = { client, server, stalled: new Map(), hung: false, up: 0 };
    this.#pairs.add(pair);
    await Promise.all([this.#pass("up", pair), this.#pass("down", pair)]);
    if (pair.hung) return;
    this.#pairs.delete(pair);
    close(client);
    close(server);
  }

  async #pass(way: Way, pair: Pair): Promise<void> {
    const { client, server, stalled } = pair;
    const [from, to] = way === "up" ? [client, server] : [server, client];
    const { rate = Infinity, latency = 0 } = this.#options;
    const block = new Uint8Array(BLOCK_BYTES);
    let due = performance.now();
    try {
      for (;;) {
        const count = await from.read(block);
        if (count === null) break;
        const bytes = block.subarray(0, count);
        this.passed[way] += count;
        if (way === "up") pair.up += count;
        this.onBytes?.(way, this.passed[way], bytes);
        await stalled.get(way)?.promise;
        if (latency > 0) await new Promise((resolve) => setTimeout(resolve, latency));
        for (let at = 0; at < count;) at += await to.write(bytes.subarray(at));
        due = Math.max(due, performance.now() - 20) + count / rate * 1000;
        const wait = due - performance.now();
        if (wait > 1) await new Promise((resolve) => setTimeout(resolve, wait));
      }
      await to.closeWrite();
    } catch {
      // One side is gone, and so the other is.
      close(client);
      if (!pair.hung) close(server);
    }
  }
}

function close(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch {
    // It is closed.
  }
}
