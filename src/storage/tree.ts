/**
 * Whole folders, as the sessions see them: a tree is offered entry by entry and kept file by file.
 *
 * @module
 */
import type { FtError } from "../error.ts";
import type { Claim, Claimant, Receipt, Room, Source, StageRequest } from "./store.ts";

/** What an entry is; what is `absent` is something that its sender cannot send. */
export type EntryKind = "file" | "folder" | "link" | "absent";

/** One file, folder or link of a tree. */
export interface TreeEntry {
  /** Canonical name below the tree. */
  readonly path: string;
  readonly kind: EntryKind;
  /** Bytes of a file. */
  readonly size?: number | undefined;
  /** Last modification in milliseconds since 1970. */
  readonly mtime?: number | undefined;
  /** Whether a file may be executed. */
  readonly exec?: boolean | undefined;
  /** Where a link leads, as it is written in it. */
  readonly target?: string | undefined;
  /** Digest string of a file, where it was computed to be compared. */
  readonly digest?: string | undefined;
}

/** What of a tree cannot be sent. */
export interface TreeFailure {
  readonly path: string;
  readonly error: FtError;
}

/** A tree that can be sent. */
export interface TreeSource {
  /** Last modification of the folder itself, in milliseconds since 1970. */
  readonly mtime: number | undefined;
  /** The claim it was opened with, where it may end meanwhile. */
  readonly claim?: Claim | undefined;
  /** All that is in it, a folder before what it holds; what cannot be sent as a failure. */
  entries(): AsyncIterable<TreeEntry | TreeFailure> | Iterable<TreeEntry | TreeFailure>;
  /** Opens one of its files. */
  open(path: string): Source;
  /**
   * Fills `into` with one of its small files, whole.
   *
   * @throws FtError `changed` unless it is still what it was when it was offered.
   */
  read(path: string, into: Uint8Array): void;
}

/** Which tree is to be received. */
export interface TreeRequest
  extends
    Pick<StageRequest, "room" | "name" | "owner" | "run" | "conflict" | "blind" | "who" | "terms"> {
  /** Last modification to give the folder itself. */
  readonly mtime: number | undefined;
  /** Computes a digest string, for files that are to be compared by it. */
  readonly digestOf: (source: Source, name: string) => Promise<string>;
  /** Whether only some of its entries are offered this time. */
  readonly part: boolean;
  /** Whether nothing is to be changed: only what would travel is asked for. */
  readonly dry: boolean;
}

/** What is to become of an offered entry: sent, as it is, left alone, or why it cannot be. */
export type Verdict = "want" | "same" | "skipped" | FtError;

/** A small file that has come whole and is verified. */
export interface WholeFile {
  readonly entry: TreeEntry;
  readonly bytes: Uint8Array;
  /** Digest string. */
  readonly digest: string;
}

/** How a large file of a tree is staged. */
export type EntryPlace = Pick<StageRequest, "name" | "conflict" | "again" | "within">;

/** A tree on its way in. */
export interface StagedTree {
  /** The name it has. */
  readonly name: string;
  /** Whether it was there before. */
  readonly isOld: boolean;
  /** Says of the next entries of its manifest which of them are to be sent. */
  offer(entries: readonly TreeEntry[]): Verdict[] | Promise<Verdict[]>;
  /**
   * All of its manifest was offered, this is what will be sent, and these paths are what cannot be.
   *
   * @throws FtError when there is no room for it.
   */
  begin(wanted: Iterable<TreeEntry>, absent: Iterable<string>): Promise<void>;
  /** Under which name a large file of it is staged, and what gives way to it. */
  place(entry: TreeEntry): EntryPlace;
  /** Gives small files their places; their outcomes in order. They last when it resolves. */
  store(files: readonly WholeFile[]): Promise<Array<Receipt["outcome"] | FtError>>;
  /** Makes folders and links, and sets their times; what of it failed. */
  finish(): Promise<TreeFailure[]>;
  /** Nothing happens after it. */
  close(): void;
}

/** Rooms that also keep whole folders. */
export interface TreeStore {
  /**
   * Opens a folder to send it.
   *
   * @param tag the tree must still have this tag, else `stale`.
   * @param claimant for whom it is downloaded; without one a counted folder is not there.
   */
  openTree(room: Room, name: string, tag?: string, claimant?: Claimant): Promise<TreeSource>;
  /** Whether a folder has the name. */
  has(room: Room, name: string): Promise<boolean>;
  /** Begins to receive a folder, or to bring one of the same owner up to date. */
  stageTree(request: TreeRequest): StagedTree;
}
