import { CONNECT_MS, dialFailure } from "./dial_failure.ts";
import { type Endpoint, formatEndpoint } from "./endpoint.ts";

/**
 * A TCP connection to `endpoint`.
 *
 * @throws FtError `refused` or `unreachable`, or whatever `signal` was aborted with.
 */
export async function connect(endpoint: Endpoint, signal?: AbortSignal): Promise<Deno.TcpConn> {
  const timeout = AbortSignal.timeout(CONNECT_MS);
  try {
    const conn = await Deno.connect({
      ...endpoint,
      transport: "tcp",
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
    conn.setNoDelay(true);
    return conn;
  } catch (thrown) {
    signal?.throwIfAborted();
    throw dialFailure(thrown, timeout.aborted, formatEndpoint(endpoint));
  }
}
