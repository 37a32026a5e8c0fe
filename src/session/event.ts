import type { FtError } from "../error.ts";
import type { Receipt } from "../storage/store.ts";

/** What the verbs tell while they run. `id` names one file within one command. */
export type TransferEvent =
  | { kind: "started"; id: number; name: string; size: number | undefined; held: number }
  | { kind: "progress"; id: number; verified: number }
  | { kind: "changed"; id: number; name: string; held: number; kept: number }
  | { kind: "done"; id: number; receipt: Receipt }
  | { kind: "failed"; id: number; name: string; error: FtError }
  | { kind: "retrying"; attempt: number; of: number; seconds: number; error: FtError };

/** Hears events; must not throw, and is never waited for. */
export type Listener = (event: TransferEvent) => void;
