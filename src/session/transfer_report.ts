import type { FtError } from "../error.ts";
import type { Receipt, Room } from "../storage/store.ts";
import type { TreeReport } from "./tree_report.ts";

/** What came of a transfer, as its report says it. */
export function reported(
  result: Receipt | TreeReport | undefined,
): Pick<TransferReport, "receipt" | "tree"> {
  const isTree = result !== undefined && "files" in result;
  return isTree ? { receipt: undefined, tree: result } : { receipt: result };
}

/** One line of the server's log: a transfer that came to its end. */
export interface TransferReport {
  readonly peer: string;
  /** Short name of the owner's key: tells clients behind one address apart. */
  readonly owner: string;
  /** Name of the token it was let in with. */
  readonly who: string | undefined;
  readonly action: "put" | "share" | "get" | "fetch" | "list" | "info" | "unshare";
  readonly room: Room;
  /** As it is called in the room, or as it was asked for. Untrusted. */
  readonly name: string;
  /** Bytes that travelled. */
  readonly bytes: number;
  readonly milliseconds: number;
  readonly receipt: Receipt | undefined;
  /** Whether it was asked for as a folder. */
  readonly isFolder?: boolean;
  /** What became of a folder. */
  readonly tree?: TreeReport | undefined;
  readonly failure: FtError | undefined;
}
