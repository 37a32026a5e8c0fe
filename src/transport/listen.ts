import { FtError, toFailure } from "../error.ts";
import { Admission, type AdmissionLimits } from "./admission.ts";
import { type Connection, socketConnection } from "./connection.ts";
import { type Endpoint, formatEndpoint } from "./endpoint.ts";
import type { Identity } from "./security.ts";
import type { Socket } from "./socket.ts";
import { shakeHands } from "./tls_gate.ts";

/** A connection that came in. */
export interface Incoming {
  readonly connection: Connection;
  /** Says that the peer has been let in: it keeps its place, or hears that there is none. */
  readonly keep: () => boolean;
  /** Says that it has joined another one, whose place it shares. */
  readonly share: () => void;
}

/** How a listener takes connections. */
export interface ListenOptions {
  /** Milliseconds from accepting a connection to the end of the TLS handshake. */
  readonly handshake: number;
  readonly limits: AdmissionLimits;
  /** Hears of connections that came to nothing, by the address of their peer. */
  readonly onFailure?: (peer: string, failure: FtError) => void;
}

/** Accepts connections at an endpoint. */
export interface Listener {
  /** Where it listens, with the port it got. */
  readonly endpoint: Endpoint;
  /**
   * Hands over connections as they come, also those that came since it listens; resolves once it is
   * closed.
   *
   * @param identity the server's key; without one nothing is encrypted.
   */
  accept(
    identity: Identity | undefined,
    onConnection: (incoming: Incoming) => void,
  ): Promise<void>;
  /** Accepts no more; connections that were handed over live on. */
  close(): void;
}

/** Milliseconds to wait when the system has no descriptor left for another connection. */
const EXHAUSTED_MS = 200;

/**
 * Listens at `endpoint`; port 0 picks a free one.
 *
 * @throws FtError `address_in_use`, `unreachable` or `denied`.
 */
export function listen(endpoint: Endpoint, options: ListenOptions): Listener {
  try {
    return new SocketListener(endpoint, options);
  } catch (thrown) {
    throw listenFailure(thrown, endpoint);
  }
}

class SocketListener implements Listener {
  readonly endpoint: Endpoint;
  readonly #options: ListenOptions;
  readonly #listener: Deno.TcpListener;
  readonly #admission: Admission;
  readonly #closed = new AbortController();
  readonly #handshakes = new Set<Promise<void>>();

  constructor(endpoint: Endpoint, options: ListenOptions) {
    this.#options = options;
    this.#admission = new Admission(options.limits);
    this.#listener = Deno.listen({ ...endpoint, transport: "tcp" });
    this.endpoint = { hostname: endpoint.hostname, port: this.#listener.addr.port };
  }

  async accept(
    identity: Identity | undefined,
    onConnection: (incoming: Incoming) => void,
  ): Promise<void> {
    while (!this.#closed.signal.aborted) {
      let conn: Deno.TcpConn;
      try {
        conn = await this.#listener.accept();
      } catch (thrown) {
        if (this.#closed.signal.aborted) break;
        // The peer went away while it waited, or descriptors ran out: the listener itself lives on.
        if (!(thrown instanceof Deno.errors.ConnectionReset)) {
          await new Promise((resolve) => setTimeout(resolve, EXHAUSTED_MS));
        }
        continue;
      }
      const handshake = this.#take(conn, identity, onConnection)
        .finally(() => this.#handshakes.delete(handshake));
      this.#handshakes.add(handshake);
    }
    await Promise.all(this.#handshakes);
  }

  async #take(
    conn: Deno.TcpConn,
    identity: Identity | undefined,
    onConnection: (incoming: Incoming) => void,
  ): Promise<void> {
    const openedAt = performance.now();
    const { hostname, port } = conn.remoteAddr;
    // A dual-stack listener sees IPv4 peers in their IPv6 form.
    const address = hostname.replace(/^::ffff:(?=[0-9.]+$)/, "");
    const peer = formatEndpoint({ hostname: address, port });
    const ending = new AbortController();
    const place = this.#admission.enter(address, () => ending.abort());
    let socket: Socket;
    try {
      socket = await this.#secured(conn, identity, ending.signal);
    } catch (thrown) {
      place.leave();
      this.#options.onFailure?.(peer, toFailure(thrown));
      return;
    }
    const connection = socketConnection(socket, peer, { openedAt, onEnd: place.leave });
    ending.signal.addEventListener("abort", () => connection.abort(), { once: true });
    onConnection({ connection, keep: place.keep, share: place.leave });
  }

  async #secured(
    conn: Deno.TcpConn,
    identity: Identity | undefined,
    evicted: AbortSignal,
  ): Promise<Socket> {
    try {
      conn.setNoDelay(true);
    } catch {
      // The peer is gone already; reading will say so.
    }
    const { handshake } = this.#options;
    if (identity === undefined) return conn;
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), handshake);
    try {
      const ended = AbortSignal.any([evicted, this.#closed.signal, late.signal]);
      return await shakeHands(conn, identity, ended);
    } catch (thrown) {
      if (!late.signal.aborted) throw thrown;
      throw new FtError("timeout", "The TLS handshake took too long.");
    } finally {
      clearTimeout(timer);
    }
  }

  close(): void {
    if (this.#closed.signal.aborted) return;
    this.#closed.abort();
    this.#listener.close();
  }
}

function listenFailure(thrown: unknown, endpoint: Endpoint): FtError {
  const where = formatEndpoint(endpoint);
  const cause = { cause: thrown };
  switch (toFailure(thrown).code) {
    case "address_in_use":
      return new FtError("address_in_use", "Address already in use", {
        ...cause,
        hint: `Another program listens at ${where}. Stop it, or choose another port with --port ` +
          "(0 picks a free one).",
      });
    case "read_only":
      return new FtError("denied", `Not allowed to listen at ${where}.`, {
        ...cause,
        hint: "Ports below 1024 need special rights; choose a higher one with --port.",
      });
    default:
      return new FtError("unreachable", `Cannot listen at ${where}.`, {
        ...cause,
        hint: "Check --host: it must be an address of this machine.",
      });
  }
}
