/** What a peer copies. */
export interface Copy {
  /** A file or a folder below the root. */
  readonly from: string;
  /** The path of the copy below the root, where nothing is. */
  readonly to: string;
  /** Whether the side that was started for it sends or the one that serves. */
  readonly way: "put" | "get";
  readonly isFolder: boolean;
}

/** Another program that copies, with what serves it running. */
export interface Peer {
  /** Whether it copies that at all, with one command. */
  takes(copy: Copy): boolean;
  /** Starts what waits for one copy alone. Not timed. */
  prepare?(copy: Copy): Promise<void>;
  copy(copy: Copy): Promise<void>;
}

/** Where peers run. */
export interface Site {
  /** The folder that they serve. */
  readonly root: string;
  /** A folder that is made for the files of one peer. */
  readonly own: string;
  /** Ends what was started. */
  readonly stack: AsyncDisposableStack;
}

/** One peer of the table. */
export interface PeerKind {
  readonly name: string;
  /** Programs that have to be installed. */
  readonly programs: readonly string[];
  /**
   * What it does beside copying: encrypted, verified (by a digest of its own over all bytes) or
   * synced; "nothing" where it does none of it.
   */
  readonly promises: string;
  start(site: Site): Promise<Peer>;
}
