/** What a client may do: the words of WELCOME. */
export const VERBS = ["put", "get", "share", "fetch"] as const;

/** One of {@linkcode VERBS}. */
export type Verb = (typeof VERBS)[number];

/** What a client was let in with. */
export interface Grant {
  /** The name of its token; undefined for the token of the invite, and where none is needed. */
  readonly name: string | undefined;
  readonly verbs: ReadonlySet<Verb>;
  /** Aborted, with an FtError as its reason, when it is taken back. */
  readonly ended?: AbortSignal;
}

/** Who is let in. */
export interface Access {
  /**
   * What a client with this token may do.
   *
   * @param token the word of its HELLO.
   * @param peer its address, `HOST:PORT`.
   * @param left aborted when nobody waits for the answer any more.
   * @throws FtError `denied` when it is not let in.
   */
  admit(token: string | undefined, peer: string, left: AbortSignal): Grant | Promise<Grant>;
  /** Whether a token has this name, in any case of its letters: its folder is nobody else's. */
  isName(text: string): boolean;
}

/** Lets everybody do everything. */
export const OPEN_ACCESS: Access = {
  admit: () => ({ name: undefined, verbs: new Set(VERBS) }),
  isName: () => false,
};
