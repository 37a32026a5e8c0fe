import { pause } from "../clock.ts";
import { FtError, toFailure } from "../error.ts";
import { type Access, type Grant, type Verb, VERBS } from "../session/access.ts";
import { isEqual } from "../session/constant_time.ts";
import { Turn } from "../session/turn.ts";
import type { InviteToken } from "../storage/invite_token.ts";
import { hashToken, type TokenRecord, type Tokens } from "../storage/tokens.ts";
import { FailedAttempts } from "./failed_attempts.ts";

/** How often the tokens are looked at, in milliseconds: a revoked one ends what it let in. */
const WATCH_MS = 250;

/** What a doorkeeper goes by. */
export interface DoorkeeperOptions {
  readonly tokens: Tokens;
  readonly invite: InviteToken;
  /** Whether whoever shows no token may do everything. */
  readonly isOpen: boolean;
  /** Hears of tokens that cannot be read. */
  readonly onTrouble?: (failure: FtError) => void;
  /** A clock, in milliseconds since 1970. */
  readonly now?: () => number;
  /** Waits so many milliseconds, or until it is called off. */
  readonly wait?: (milliseconds: number, off: AbortSignal) => Promise<void>;
}

/** One token that lets in, and what it lets do. */
interface Key {
  readonly hash: Uint8Array;
  readonly expires: number;
  readonly grant: Grant;
  readonly end: AbortController;
}

/** Lets in who shows a valid token, and takes that back when the token is valid no more. */
export class Doorkeeper implements Access {
  readonly #options: DoorkeeperOptions;
  readonly #now: () => number;
  readonly #failed: FailedAttempts;
  /** By everything that makes a token the one it is: a change of any of it is another token. */
  #keys: ReadonlyMap<string, Key> = new Map();
  #names: ReadonlySet<string> = new Set();
  #version: number | undefined;
  #invite: string | undefined;
  /** The trouble that was told last: it is told once for as long as it stays the same. */
  #trouble: string | undefined;
  readonly #turn = new Turn();
  #watcher: ReturnType<typeof setInterval> | undefined;

  constructor(options: DoorkeeperOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#failed = new FailedAttempts(this.#now);
  }

  async admit(token: string | undefined, peer: string, left: AbortSignal): Promise<Grant> {
    const { isOpen, wait = pause } = this.#options;
    const stranger: Grant = { name: undefined, verbs: new Set(VERBS) };
    if (token === undefined) {
      if (isOpen) return stranger;
      throw new FtError("denied", "This server needs a token.", {
        hint: "Ask its owner for an invite, then: ft join INVITE",
      });
    }
    const hash = await hashToken(token);
    await this.look();
    const key = this.#keyOf(hash);
    if (key !== undefined) return key.grant;
    // Where nobody needs a token, one that was meant for another server does no harm.
    if (isOpen) return stranger;
    await wait(this.#failed.add(peer), left);
    // One answer to every token that is none, was one, or will be none: it tells nothing of them.
    throw new FtError("denied", "The token is not valid.", {
      hint: "Ask the server's owner for a new invite, then: ft join INVITE",
    });
  }

  isName(text: string): boolean {
    return this.#names.has(text.toLowerCase());
  }

  /**
   * Looks at the tokens now, and takes back what is valid no more. Returns why the invite's token,
   * which then lets nobody in, cannot be read.
   */
  look(): Promise<FtError | undefined> {
    return this.#turn.take(() => this.#look());
  }

  /** Looks at the tokens again and again, until {@linkcode close}. */
  watch(): void {
    this.#watcher = setInterval(() => {
      this.look().catch(toFailure).then((failure) => {
        if (failure !== undefined && failure.message !== this.#trouble) {
          this.#options.onTrouble?.(failure);
        }
        this.#trouble = failure?.message;
      });
    }, WATCH_MS);
  }

  /** Watches no more; resolves when nothing is being read. */
  async close(): Promise<void> {
    clearInterval(this.#watcher);
    await this.#turn.take(() => Promise.resolve());
  }

  async #look(): Promise<FtError | undefined> {
    const { tokens } = this.#options;
    let invite: string | undefined;
    let trouble: FtError | undefined;
    try {
      invite = this.#options.invite.read();
    } catch (thrown) {
      trouble = toFailure(thrown);
    }
    const version = tokens.version();
    if (version !== this.#version || invite !== this.#invite) {
      const keys = new Map<string, Key>();
      const records = tokens.all();
      for (const record of records) this.#add(keys, Object.values(record).join("\n"), record);
      if (invite !== undefined) {
        const hash = (await hashToken(invite)).toHex();
        this.#add(keys, hash, { hash, expires: null });
      }
      const gone = [...this.#keys].filter(([id]) => !keys.has(id)).map(([, key]) => key);
      this.#keys = keys;
      this.#names = new Set(records.map(({ name }) => name));
      this.#version = version;
      this.#invite = invite;
      for (const { end } of gone) end.abort(new FtError("denied", "The token was revoked."));
    }
    const now = this.#now();
    for (const { expires, end } of this.#keys.values()) {
      if (expires <= now) end.abort(new FtError("denied", "The token has expired."));
    }
    return trouble;
  }

  /** Adds a key: the one there was, with those whom it let in, when it is still the same. */
  #add(
    keys: Map<string, Key>,
    id: string,
    { hash, name, verbs, expires }: Pick<TokenRecord, "hash" | "expires"> & Partial<TokenRecord>,
  ): void {
    const end = new AbortController();
    const allowed = verbs === undefined ? VERBS : verbs.split(",");
    keys.set(
      id,
      this.#keys.get(id) ?? {
        hash: Uint8Array.fromHex(hash),
        expires: expires ?? Infinity,
        grant: {
          name,
          verbs: new Set(VERBS.filter((verb: Verb) => allowed.includes(verb))),
          ended: end.signal,
        },
        end,
      },
    );
  }

  /** The key of a hash that is valid now. All are compared, whichever it is. */
  #keyOf(hash: Uint8Array): Key | undefined {
    let found: Key | undefined;
    for (const key of this.#keys.values()) {
      if (isEqual(key.hash, hash)) found ??= key;
    }
    return found === undefined || found.end.signal.aborted ? undefined : found;
  }
}
