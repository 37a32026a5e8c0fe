import type { Connection } from "../transport/connection.ts";
import { dial } from "../transport/dial.ts";
import type { Network } from "./reach.ts";

/** The network that there is. */
export const NETWORK: Network<Connection> = {
  dial,
  // Most commands meet a server that they know, and do without what a probe has to load.
  probe: async (endpoint, signal) =>
    (await import("../transport/probe.ts")).probe(endpoint, signal),
};
