import type { ServeLimits } from "../verbs/serve_limits.ts";
import type { Options } from "./arguments.ts";

/** The limits of a server as the command line says them. */
export function limitsOf(options: Options): ServeLimits {
  const { maxFile, quota, minFree, handshakeTimeout, frameTimeout, idleTimeout } = options;
  return {
    maxFile,
    quota,
    minFree,
    rate: options.limit,
    ratePerClient: options.limitClient,
    transfersPerClient: options.maxTransfers,
    connections: options.maxConnections,
    connectionsPerAddress: options.maxConnectionsPerAddress,
    handshakeTimeout,
    frameTimeout,
    idleTimeout,
  };
}
