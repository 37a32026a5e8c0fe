import type { MessageOf } from "../protocol/message.ts";
import type { Receipt } from "../storage/store.ts";
import type { TreeEntry, TreeSource } from "../storage/tree.ts";
import type { Channel } from "./channel.ts";
import type { Compression } from "./compression.ts";
import type { OpenManifest } from "./open_manifests.ts";
import type { TreeOutcome } from "./tree_report.ts";
import type { Turn } from "./turn.ts";

/** What is sent where, and who hears of it. */
export interface OutgoingTreeOptions {
  readonly channel: Channel;
  readonly id: number;
  /** What its manifest takes of the room for all of them, where that is limited. */
  readonly manifest?: OpenManifest;
  /** What the other side is told of the folder. */
  readonly head: Omit<MessageOf<"tree">, "kind" | "id">;
  readonly source: TreeSource;
  /** Bodies of one connection travel one after the other. */
  readonly turn: Turn;
  /** Waits until so many bytes may be sent. */
  readonly pace?: (bytes: number) => void | Promise<void>;
  readonly compression: Compression;
  /** Sends a large file; not where the other side asks for those. */
  readonly sendFile?: (entry: TreeEntry, index: number) => Promise<Receipt>;
  /** Whether entries have digests, by which the other side compares them. */
  readonly digestOf?: (entry: TreeEntry) => Promise<string>;
  /** Hears what the whole tree has, once it is known what of it travels. */
  readonly onWanted?: (wanted: readonly TreeEntry[], bytes: number) => void;
  /** Hears how many bytes of files have their places. */
  readonly onVerified?: (bytes: number) => void;
  /** Hears what became of an entry. */
  readonly onOutcome?: (entry: TreeEntry, outcome: TreeOutcome) => void;
}
