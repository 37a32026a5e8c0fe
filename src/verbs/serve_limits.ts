import { Allowance } from "../session/allowance.ts";
import { DEADLINES, type Deadlines } from "../session/deadlines.ts";

const MiB = 1024 * 1024;
const SECOND_MS = 1_000;

/** What a server lets its clients use. Undefined is no limit, where it is allowed. */
export interface ServeLimits {
  /** Bytes of the largest file that is taken in. */
  readonly maxFile: number;
  /** Bytes that each room of uploads holds at most, what is under way or interrupted included. */
  readonly quota: number | undefined;
  /** Bytes that stay free; undefined for 1 GiB, or 5 % of the file system where that is less. */
  readonly minFree: number | undefined;
  /** Bytes of files for each second, both ways, of all clients together; at least 64,000. */
  readonly rate: number | undefined;
  /** The same for each client. */
  readonly ratePerClient: number | undefined;
  /** Transfers that one client may have open over all its connections; at least 32. */
  readonly transfersPerClient: number;
  /** Connections at once. */
  readonly connections: number;
  /** Connections at once from one address. */
  readonly connectionsPerAddress: number;
  /** Milliseconds from accepting a connection to the end of its greeting. */
  readonly handshakeTimeout: number;
  /** Milliseconds from the first to the last byte of a frame. */
  readonly frameTimeout: number;
  /** Milliseconds without any frame; clients say every 15 seconds that they are there. */
  readonly idleTimeout: number;
}

/** What holds where nobody says otherwise. */
export const SERVE_LIMITS: ServeLimits = {
  maxFile: 16 * MiB * MiB,
  quota: undefined,
  minFree: undefined,
  rate: undefined,
  ratePerClient: undefined,
  transfersPerClient: 256,
  connections: 1_000,
  connectionsPerAddress: 500,
  handshakeTimeout: DEADLINES.handshake * SECOND_MS,
  frameTimeout: DEADLINES.frame * SECOND_MS,
  idleTimeout: DEADLINES.idle * SECOND_MS,
};

/** What the sessions of a server share, and how long they wait. */
export function sessionLimits(
  { transfersPerClient, rate, ratePerClient, ...limits }: ServeLimits,
): { allowance: Allowance; deadlines: Deadlines } {
  return {
    allowance: new Allowance({
      transfers: transfersPerClient,
      total: rate,
      perClient: ratePerClient,
    }),
    deadlines: {
      handshake: limits.handshakeTimeout / SECOND_MS,
      frame: limits.frameTimeout / SECOND_MS,
      idle: limits.idleTimeout / SECOND_MS,
      ping: DEADLINES.ping,
    },
  };
}
