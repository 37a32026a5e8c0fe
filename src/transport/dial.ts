import { FtError, toFailure } from "../error.ts";
import { type Connection, socketConnection } from "./connection.ts";
import { type Endpoint, formatEndpoint } from "./endpoint.ts";

/** Milliseconds until an attempt to connect is given up. */
const CONNECT_MS = 10_000;

/**
 * Connects to a server.
 *
 * @throws FtError `refused`, `unreachable` or `timeout`, or whatever `signal` was aborted with.
 */
export async function dial(endpoint: Endpoint, signal?: AbortSignal): Promise<Connection> {
  const where = formatEndpoint(endpoint);
  const timeout = AbortSignal.timeout(CONNECT_MS);
  try {
    const conn = await Deno.connect({
      ...endpoint,
      transport: "tcp",
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
    conn.setNoDelay(true);
    return socketConnection(conn, where);
  } catch (thrown) {
    signal?.throwIfAborted();
    throw dialFailure(thrown, timeout.aborted, where);
  }
}

function dialFailure(thrown: unknown, timedOut: boolean, where: string): FtError {
  const options = { cause: thrown };
  const code = timedOut ? "timeout" : toFailure(thrown).code;
  if (code === "refused") {
    return new FtError("refused", "Connection refused.", {
      ...options,
      hint: `No server listens at ${where}. Start one there with 'ft serve', or name another ` +
        "with --server HOST:PORT.",
    });
  }
  if (code === "timeout") {
    return new FtError("unreachable", `${where} does not answer.`, {
      ...options,
      hint: "Check the address, and that a firewall lets the port through.",
    });
  }
  // A name that does not resolve has neither a class nor a code of its own.
  const detail = thrown instanceof Error ? thrown.message : String(thrown);
  return new FtError("unreachable", `Cannot reach ${where}: ${detail}.`, {
    ...options,
    hint: "Check the address with --server HOST:PORT.",
  });
}
