import type { FtError } from "../error.ts";
import type { Receipt } from "../storage/store.ts";
import type { TreeOutcome, TreeReport } from "./tree_report.ts";

/** What the verbs tell while they run. `id` names one file within one command. */
export type TransferEvent =
  | {
    kind: "started";
    id: number;
    name: string;
    size: number | undefined;
    held: number;
    /** Of a folder: how many files travel. */
    files?: number;
  }
  | { kind: "progress"; id: number; verified: number }
  | { kind: "changed"; id: number; name: string; held: number; kept: number }
  /** With the name that was asked for, which the receipt's file may not have got. */
  | { kind: "done"; id: number; name?: string; receipt: Receipt }
  /** A file that would travel. */
  | { kind: "planned"; id: number; name: string; size: number | undefined }
  /** What became of one file of a folder. */
  | { kind: "file"; id: number; name: string; size: number | undefined; outcome: TreeOutcome }
  /** A folder is done, apart from what its report says failed. */
  | { kind: "tree"; id: number; name: string; report: TreeReport }
  | { kind: "failed"; id: number; name: string; error: FtError }
  | { kind: "retrying"; attempt: number; of: number; seconds: number; error: FtError };

/** Hears events; must not throw, and is never waited for. */
export type Listener = (event: TransferEvent) => void;
