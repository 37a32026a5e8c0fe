/**
 * What is kept, as the sessions see it: rooms of files, and partials that become files in one step.
 *
 * @module
 */
import type { SpaceClaim } from "./space_claim.ts";
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

/** How long what is shared lives, and what is said of it. */
export interface Terms {
  /** Milliseconds of life from when it appears. */
  readonly expires?: number | undefined;
  /** How often it can be downloaded. */
  readonly downloads?: number | undefined;
  /** For those who see it in a list. */
  readonly note?: string | undefined;
  /** The format its content is encrypted in, where it is. */
  readonly secret?: string | undefined;
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
  /** When it vanishes, in milliseconds since 1970. */
  readonly expires?: number | undefined;
  /** How often it can be downloaded yet. */
  readonly downloads?: number | undefined;
  readonly note?: string | undefined;
  /** The format its content is encrypted in. */
  readonly secret?: string | undefined;
  /** Whether it is the owner's who asks. */
  readonly mine?: boolean | undefined;
  /** Of a folder that was sent as one: how many files it has. */
  readonly files?: number | undefined;
  /** How many of its files have not come. */
  readonly missing?: number | undefined;
}

/** All that is known of one file of a room. */
export interface About extends Item {
  /** The digest string, where it is known and may be told. */
  readonly digest?: string | undefined;
  /** Last modification in milliseconds since 1970. */
  readonly mtime?: number | undefined;
}

/** Who looks into a room, and at what. */
export interface View {
  /** Hash of the owner's key. */
  readonly owner: string;
  /** Whether only what this owner sent is shown. */
  readonly mine?: boolean;
  /** Whether the owner knows it by the names it was sent under. */
  readonly blind?: boolean;
}

/** Who downloads. */
export interface Claimant {
  /** Hash of the owner's key. */
  readonly owner: string;
  /** The run of the program: it takes over from its own older connections. */
  readonly run: string;
  /** The connection: what it has claimed it does not take over from itself. */
  readonly connection: object;
}

/**
 * A download of a share that may end meanwhile. One of those of which there are only so many is
 * nobody else's while it lasts: it lapses when it is not renewed, or a while after its connection is
 * gone, and its owner finds it again until then.
 */
export interface Claim {
  /** Whether it counts already, or need not: then all may be sent at once. */
  readonly isCounted: boolean;
  /** How many downloads the share has, this one included while it does not count. */
  readonly remaining: number;
  /** Bytes flow. */
  renew(): void;
  /**
   * Counts the download, durably. Once is enough, whoever crashes afterwards.
   *
   * @throws FtError `busy` or `not_found` when it had lapsed and no download is left, `superseded`
   * when a newer connection took it over.
   */
  commit(): Promise<void>;
  /** The receiver has it. */
  done(): void;
  /** It was called off: where it does not count it is free for others, else its owner may come back. */
  release(): void;
  /** The connection is gone: its owner may come back. */
  leave(): void;
}

/** What is known of the chunks of a version of a file. */
export interface KnownChunks {
  /** Their digests, one after the other, 32 bytes each. */
  readonly digests: Uint8Array;
  /** Says that the bytes have proved to be others: they are known no more. */
  readonly forget: () => void;
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
  /** The claim it was opened with, where it is counted. */
  readonly claim?: Claim | undefined;
  /** The chunks of exactly this version, where they are known from an earlier reading. */
  readonly chunks?: KnownChunks | undefined;
  /** How its content is encrypted, and what is said of that, where it is. */
  readonly terms?: Pick<Terms, "secret" | "note"> | undefined;
  /**
   * Fills `into` from `offset` on; fewer bytes only at the end of the file. Where the size is known
   * several places are read at once.
   */
  read(offset: number, into: Uint8Array): number | Promise<number>;
  /** Whether the bytes are still those of the version that was opened, whatever became of its name. */
  isUnchanged(): boolean;
  /** Ends a read that may wait for ever: nobody wants its bytes any more. */
  stop?(): void;
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
  readonly exec?: boolean | undefined;
  /** Digest string of what is to come, where the sender says it before. */
  readonly digest?: string | undefined;
  /** Whether it was looked at and found to differ, whatever is known of it. */
  readonly again?: boolean;
  /** What is kept free for the folder that it comes in. */
  readonly within?: SpaceClaim | undefined;
  /** Whether it is only asked what would become of it: nothing is staged. */
  readonly dry?: boolean | undefined;
  /** How long it lives, for the shared room. */
  readonly terms?: Terms;
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
  /** The files of a room that `view` may see, oldest first, in pages; all of them without one. */
  pages(room: Room, view?: View): Iterable<readonly Item[]> | AsyncIterable<readonly Item[]>;
  /**
   * Opens a file to send it.
   *
   * @param tag the file must still have this tag, else `stale`.
   * @param claimant who downloads it: without one a share whose downloads count is not found.
   */
  open(room: Room, name: string, tag?: string, claimant?: Claimant): Promise<Source>;
  /** What is known of one file of a room, `not_found` when there is none. */
  about(room: Room, name: string, view: View): About | Promise<About>;
  /**
   * Takes back what an owner shared: it is gone at once.
   *
   * @param view whose it is; without one it is taken back whoever shared it.
   * @returns what it was.
   * @throws FtError `not_found` also for what is another's.
   */
  unshare(name: string, view?: View): About | Promise<About>;
  /**
   * Notes the digest of an opened file, so that it need not be read again to know it, and those of
   * its chunks, 32 bytes each, if the store has room for them.
   */
  note(room: Room, name: string, source: Source, digest: string, chunks?: Uint8Array): void;
  /** Begins to receive, or goes on where an earlier run stopped; a receipt ends it at once. */
  stage(request: StageRequest): Promise<Partial | Receipt>;
  /**
   * The files of so many bytes that have a name's numbers, where the name itself is taken: one that
   * comes again may be there already.
   */
  numbered?(room: Room, name: string, size: number): Iterable<string>;
  /** Its folders, where it keeps whole ones. */
  readonly trees?: TreeStore;
}

/** Where a file is received. */
export interface Destination extends Pick<Store, "open" | "stage" | "numbered"> {
  /** Whether it takes the chunks of a file in order only. */
  readonly isInOrder?: boolean;
}
