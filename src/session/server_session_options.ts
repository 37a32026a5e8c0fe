import type { Store } from "../storage/store.ts";
import type { Access, Grant } from "./access.ts";
import type { Allowance } from "./allowance.ts";
import type { Deadlines } from "./deadlines.ts";
import type { Joining } from "./joining.ts";
import type { TransferReport } from "./transfer_report.ts";

/** What a server offers to every client. */
export interface ServerSessionOptions {
  readonly store: Store;
  /** Program and version. */
  readonly agent: string;
  /** What all sessions of the server share. */
  readonly allowance?: Allowance;
  readonly deadlines?: Deadlines;
  /** Where connections find the conversation that they join; without it none can. */
  readonly joining?: Joining;
  /** Who is let in; everybody when it is not said. */
  readonly access?: Access;
  /** Hears once that the client was let in; a failure that it throws ends the conversation. */
  readonly onGreeted?: (grant: Grant) => void;
  /** Hears once, instead, that it has joined a conversation, whose place it shares. */
  readonly onJoined?: () => void;
  readonly onReport?: (report: TransferReport) => void;
}
