/**
 * What is kept, as the sessions see it: rooms of files, and partials that become files in one step.
 *
 * @module
 */
import type { TreeStore } from "./tree.ts";

/** Where a file goes to or comes from. */
export type Room = "private" | "public" | "shared";

/** What to do when a file of the name is there already. */
export type Conflict = "rename" | "overwrite" | "skip" | "fail";

/** What the receiver answers when a file is complete, verified and in its place. */
export interface Receipt {
  /** The name it has now. For an upload into the private room: the name it was sent under. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** The digest string, as `ft sum` prints it. */
  readonly digest: string;
  /** Written anew, in place of an older one, there already with these bytes, or left alone. */
  readonly outcome: "new" | "replaced" | "same" | "skipped";
}

/** One file of a room, as a list shows it. */
export interface Item {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** When it came into the room, in milliseconds since 1970. */
  readonly time: number;
  /** Changes when the file does. */
  readonly tag: string;
  /** Name of the token it was shared with. */
  readonly who?: string | undefined;
  /** Of a folder that was sent as one: how many files it has. */
  readonly files?: number | undefined;
  /** How many of its files have not come. */
  readonly missing?: number | undefined;
}

/** A file that can be sent. */
export interface Source {
  /** Bytes at the time it was opened; undefined for a stream that ends when it ends. */
  readonly size: number | undefined;
  /** Last modification in milliseconds since 1970. */
  readonly mtime: number | undefined;
  /** Names this version of the file; undefined where the platform cannot tell versions apart. */
  readonly version: string | undefined;
  /** Digest string of exactly this version, where it is known without reading. */
  readonly digest: string | undefined;
  /** Whether it may be executed, where that is known. */
  readonly exec?: boolean | undefined;
  /** Fills `into` from `offset` on; fewer bytes only at the end of the file. */
  read(offset: number, into: Uint8Array): number | Promise<number>;
  /** Whether the file is still the version that was opened. */
  isUnchanged(): boolean;
  close(): void;
}

/** What is asked for when a file is to be received. */
export interface StageRequest {
  readonly room: Room;
  /** Canonical name. */
  readonly name: string;
  /** Whose it is: a hash of the owner's key, or the server a download comes from. */
  readonly owner: string;
  /** Bytes, where they are known. */
  readonly size: number | undefined;
  /** Last modification to give the file. */
  readonly mtime: number | undefined;
  /** The sender's name for this version of its source. */
  readonly version: string | undefined;
  /** Which run of the sender this is; the same run may take over from itself. */
  readonly run: string;
  readonly conflict: Conflict;
  /**
   * Whether its sender may not learn what is in the room: its conflicts are with its own files only,
   * and beside another's file it gets another name without a word.
   */
  readonly blind: boolean;
  /** Name of the token it is sent with. */
  readonly who?: string;
  /** Whether it may be executed, where that is known. */
  readonly exec?: boolean;
  /** Digest string of what is to come, where the sender says it before. */
  readonly digest?: string;
  /** Whether it is only asked what would become of it: nothing is staged. */
  readonly dry?: boolean;
  /**
   * Where chunk `index` lies in the file, in bytes; size 0 past its end. With it a store reads
   * again what it kept before that is published; without it, it forgets what it doubts.
   */
  readonly extent?: (index: number) => { readonly offset: number; readonly size: number };
}

/** A file on its way in. Nothing of it shows in a room before {@linkcode Partial.publish}. */
export interface Partial {
  /** Chunks held from earlier, with their digests, in order of index. */
  readonly held: ReadonlyArray<
    { readonly index: number; readonly digest: Uint8Array<ArrayBuffer> }
  >;
  /** The version that all of {@linkcode held} belongs to; undefined when it is not known. */
  readonly version: string | undefined;
  /** Writes bytes that are not verified yet. */
  write(offset: number, bytes: Uint8Array): void | Promise<void>;
  /** Journals a chunk that is verified and written; a digest of zeros takes an earlier one back. */
  keep(index: number, digest: Uint8Array): void | Promise<void>;
  /**
   * Says what ends when nothing is worked on that was written and is not journaled yet: who takes
   * the partial over waits for it.
   */
  attend?(idle: () => Promise<void>): void;
  /** Makes it a file of its room, in one step, without replacing another by accident. */
  publish(size: number, digest: string): Promise<Receipt>;
  /** Keeps what is journaled for a later run. Nothing happens after publish or discard. */
  close(): Promise<void>;
  /** Forgets all of it. */
  discard(): Promise<void>;
}

/** Rooms of files. Names are canonical; every failure is an FtError. */
export interface Store {
  /** The files of a room, in no order. */
  items(room: Room): Iterable<Item> | AsyncIterable<Item>;
  /**
   * Opens a file to send it.
   *
   * @param tag the file must still have this tag, else `stale`.
   */
  open(room: Room, name: string, tag?: string): Promise<Source>;
  /** Notes the digest of an opened file, so that it need not be read again to know it. */
  note(room: Room, name: string, source: Source, digest: string): void;
  /** Begins to receive, or goes on where an earlier run stopped; a receipt ends it at once. */
  stage(request: StageRequest): Promise<Partial | Receipt>;
  /** Its folders, where it keeps whole ones. */
  readonly trees?: TreeStore;
}
