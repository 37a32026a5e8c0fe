import { FtError, toFailure } from "../error.ts";
import { type Connection, socketConnection } from "./connection.ts";
import { type Endpoint, formatEndpoint } from "./endpoint.ts";

/** Accepts connections at an endpoint. */
export interface Listener {
  /** Where it listens, with the port it got. */
  readonly endpoint: Endpoint;
  /** Connections as they come, until {@linkcode close}. */
  connections(): AsyncGenerator<Connection>;
  /** Accepts no more; connections that were accepted live on. */
  close(): void;
}

/** Milliseconds to wait when the system has no descriptor left for another connection. */
const EXHAUSTED_MS = 200;

async function* accept(listener: Deno.TcpListener, isOpen: () => boolean) {
  while (isOpen()) {
    let conn: Deno.TcpConn;
    try {
      conn = await listener.accept();
    } catch (thrown) {
      if (!isOpen()) return;
      // The peer went away while it waited, or descriptors ran out: the listener itself lives on.
      if (!(thrown instanceof Deno.errors.ConnectionReset)) {
        await new Promise((resolve) => setTimeout(resolve, EXHAUSTED_MS));
      }
      continue;
    }
    try {
      conn.setNoDelay(true);
    } catch {
      // The peer is gone already; reading will say so.
    }
    const { hostname, port } = conn.remoteAddr;
    // A dual-stack listener sees IPv4 peers in their IPv6 form.
    const peer = { hostname: hostname.replace(/^::ffff:(?=[0-9.]+$)/, ""), port };
    yield socketConnection(conn, formatEndpoint(peer));
  }
}

/**
 * Listens at `endpoint`; port 0 picks a free one.
 *
 * @throws FtError `address_in_use`, `unreachable` or `denied`.
 */
export function listen(endpoint: Endpoint): Listener {
  let listener: Deno.TcpListener;
  try {
    listener = Deno.listen({ ...endpoint, transport: "tcp" });
  } catch (thrown) {
    throw listenFailure(thrown, endpoint);
  }
  let open = true;
  return {
    endpoint: { hostname: endpoint.hostname, port: listener.addr.port },
    connections: () => accept(listener, () => open),
    close() {
      if (!open) return;
      open = false;
      listener.close();
    },
  };
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
