import type { MessageOf, TreeEntry } from "../protocol/message.ts";
import type { Receipt } from "../storage/store.ts";
import type { StagedTree } from "../storage/tree.ts";
import type { Channel } from "./channel.ts";
import type { OpenManifest } from "./open_manifests.ts";
import type { TreeOutcome } from "./tree_report.ts";

/** What is received into what, and who hears of it. */
export interface IncomingTreeOptions {
  readonly channel: Channel;
  readonly id: number;
  /** What its manifest takes of the room for all of them, where that is limited. */
  readonly manifest?: OpenManifest;
  /** Opens the place where the folder goes to, when it is offered in answer to a question. */
  readonly open?: (head: MessageOf<"tree">) => StagedTree;
  /** Asks for a large file; not where the other side sends those by itself. */
  readonly fetchFile?: (entry: TreeEntry, index: number, tree: StagedTree) => Promise<Receipt>;
  /** The name that the sender is told, where what it is called here is not its business. */
  readonly toldName?: string;
  /** Whether nothing is to be kept, and so nothing asked for. */
  readonly dry?: boolean;
  /** Hears how much of the tree travels, once it is known. */
  readonly onWanted?: (wanted: readonly TreeEntry[], bytes: number) => void;
  /** Hears how many bytes of files have their places. */
  readonly onVerified?: (bytes: number) => void;
  /** Hears what became of an entry. */
  readonly onOutcome?: (entry: TreeEntry, outcome: TreeOutcome) => void;
}
