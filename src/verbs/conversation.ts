/**
 * Many files over one conversation that survives the loss of its connection.
 *
 * @module
 */
import { pause } from "../clock.ts";
import { FtError, toFailure } from "../error.ts";
import { ClientSession } from "../session/client_session.ts";
import type { Compress } from "../session/compression.ts";
import type { Listener } from "../session/event.ts";
import { inLanes } from "../session/lanes.ts";
import { Pace } from "../session/pace.ts";
import type { TreeReport } from "../session/tree_report.ts";
import type { Receipt } from "../storage/store.ts";
import { StateFolder } from "../storage/state_folder.ts";
export { defaultStateFolder } from "../storage/state_folder.ts";
import { AGENT } from "../version.ts";
import { type Contact, findContact } from "./contact.ts";
import { isLoopback } from "./hosts.ts";
import { KnownServers } from "./known_servers.ts";
import { NETWORK } from "./network.ts";
import { type FirstContact, reach } from "./reach.ts";

/** What every verb of a client takes. */
export interface ClientOptions extends FirstContact {
  /** An invite, the name of a saved server, or `HOST:PORT`. */
  readonly server: string;
  /** What the server lets in with; by default what its invite says. */
  readonly token?: string | undefined;
  /** Whether to go without encryption. A server that is known to encrypt is refused then. */
  readonly plain?: boolean | undefined;
  /** The user's state folder. */
  readonly state: string;
  /** How often a lost connection is made again before the verb gives up. */
  readonly retries?: number;
  /** Bytes of files that may move in a second, both ways together; as fast as it goes without it. */
  readonly rate?: number | undefined;
  /**
   * When what travels is compressed: whenever it shrinks, never, or, by default, when it shrinks and
   * the link is slower than the compressor.
   */
  readonly compress?: Compress | undefined;
  readonly signal?: AbortSignal;
  readonly onEvent?: Listener;
}

/** What became of one of several files, or of a folder with the failures in it left out. */
export type Result =
  | { readonly name: string; readonly receipt: Receipt }
  | { readonly name: string; readonly tree: TreeReport }
  | { readonly name: string; readonly error: FtError };

/** Files under way at once on one connection. */
const WINDOW = 32;
const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 8_000;
/** Failures after which the same files are tried again over a new connection. */
const AGAIN: ReadonlySet<string> = new Set(["lost", "timeout", "closing", "busy", "digest"]);
const DEFAULT_RETRIES = 5;

/** One of several files. */
export interface ToMove {
  readonly name: string;
  /** Whether it can be moved once more after a loss; it can when this is not said. */
  readonly again?: () => boolean;
}

/** Moves one item over a session. */
export type Work<T> = (
  session: ClientSession,
  item: T,
  id: number,
) => Promise<Receipt | TreeReport>;

/** A server as one user knows it. */
export class Conversation {
  /** The server's address in its one form. */
  readonly server: string;
  readonly state: StateFolder;
  readonly #options: ClientOptions;
  readonly #known: KnownServers;
  readonly #contact: Contact;
  readonly #run = crypto.randomUUID();
  /** One for all connections: a lost one is no way around a rate. */
  readonly #pace: Pace | undefined;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#pace = options.rate === undefined ? undefined : new Pace({ total: options.rate });
    this.state = new StateFolder(options.state);
    this.#known = new KnownServers(options.state);
    this.#contact = findContact(options.server, this.#known, options.plain ?? false);
    this.server = this.#contact.address;
  }

  /** Connects to the server that it should be, and greets. */
  async #open(): Promise<ClientSession> {
    // What travels in clear is not what an encrypted server at the same address knows its owner by.
    const isPlain = this.#contact.key === "plain";
    const owner = this.state.owner(isPlain ? `plain ${this.server}` : this.server);
    const { token = this.#contact.token, trustFirst, ask, signal, compress } = this.#options;
    const how = { network: NETWORK, known: this.#known, sendsToken: token !== undefined, signal };
    const connection = await reach(this.#contact, { ...how, trustFirst, ask });
    const lane = this.#pace?.lane("");
    // What answers late at an address of this machine is a tunnel, through which all is one
    // connection; and who wants to be slow needs no further ones.
    const isAlone = lane !== undefined || isLoopback(this.#contact.endpoint.hostname);
    const join = isAlone ? undefined : {
      dial: (off: AbortSignal) => {
        const either = signal === undefined ? off : AbortSignal.any([signal, off]);
        // The key is known by now: nobody is asked again.
        return reach(this.#contact, { ...how, signal: either });
      },
    };
    return new ClientSession(connection, {
      agent: AGENT,
      owner,
      run: this.#run,
      token,
      lane,
      join,
      compress,
    });
  }

  /** Does one thing over a session of its own; tried again while the connection gets lost. */
  async once<T>(work: (session: ClientSession) => Promise<T>): Promise<T> {
    const done: T[] = [];
    await this.#attempts(async (session) => {
      done[0] = await work(session);
      return undefined;
    });
    return done[0] as T;
  }

  /**
   * Moves every item. A failure of one does not stop the others; a lost connection is made again,
   * and only what is not done yet goes over the new one.
   */
  async each<T extends ToMove>(items: readonly T[], work: Work<T>): Promise<Result[]> {
    const results = new Array<Result | undefined>(items.length);
    const isOpen = (id: number) => {
      const result = results[id];
      if (result === undefined) return true;
      return "error" in result && AGAIN.has(result.error.code) && items[id]?.again?.() !== false;
    };
    const fail = (id: number, error: FtError) => {
      const { name } = items[id] as T;
      results[id] = { name, error };
      if (!isOpen(id)) this.#options.onEvent?.({ kind: "failed", id, name, error });
    };
    try {
      await this.#attempts(async (session) => {
        const open = [...items.keys()].filter(isOpen);
        await inLanes(open, WINDOW, async (id) => {
          const item = items[id] as T;
          try {
            const done = await work(session, item, id);
            const { name } = item;
            results[id] = "files" in done ? { name, tree: done } : { name, receipt: done };
          } catch (thrown) {
            fail(id, toFailure(thrown));
          }
        });
        const failed = results.find((result, id) => result !== undefined && isOpen(id));
        return failed !== undefined && "error" in failed ? failed.error : undefined;
      }, () => results.filter((_, id) => !isOpen(id)).length);
    } catch (thrown) {
      const error = toFailure(thrown);
      // Nothing was even tried: the failure is that of the command, not of its files.
      if (results.every((result) => result === undefined)) throw error;
      // No further attempt is made, so this is how it ends for all that is not done.
      for (const id of [...items.keys()].filter(isOpen)) {
        const { name } = items[id] as T;
        results[id] = { name, error };
        this.#options.onEvent?.({ kind: "failed", id, name, error });
      }
    }
    return results.flatMap((result) => result === undefined ? [] : withFailures(result));
  }

  /**
   * Runs `attempt` until it returns no failure worth another try. Attempts count anew whenever
   * `progress` has grown.
   */
  async #attempts(
    attempt: (session: ClientSession) => Promise<FtError | undefined>,
    progress: () => number = () => 0,
  ): Promise<void> {
    const { retries = DEFAULT_RETRIES, signal, onEvent } = this.#options;
    let tried = 0;
    let reached = false;
    let before = progress();
    for (;;) {
      let failure: FtError | undefined;
      try {
        await this.#attempt(attempt);
        return;
      } catch (thrown) {
        failure = toFailure(thrown);
      }
      if (signal?.aborted) throw interrupted(signal);
      reached ||= AGAIN.has(failure.code);
      // Once it was there, a server that refuses is one that is being started again.
      if (!reached || !AGAIN.has(failure.code) && failure.exit !== 3) throw failure;
      if (progress() > before) tried = 0;
      before = progress();
      if (tried >= retries) throw failure;
      tried++;
      const delay = delayFor(tried);
      onEvent?.({
        kind: "retrying",
        attempt: tried,
        of: retries,
        seconds: delay / 1000,
        error: failure,
      });
      await pause(delay, signal);
    }
  }

  async #attempt(work: (session: ClientSession) => Promise<FtError | undefined>): Promise<void> {
    const { signal } = this.#options;
    if (signal?.aborted) throw interrupted(signal);
    const session = await this.#open();
    const stop = () => session.abort(interrupted(signal));
    signal?.addEventListener("abort", stop, { once: true });
    try {
      const failure = await work(session);
      if (failure !== undefined) throw failure;
      await session.close();
    } catch (thrown) {
      await session.abort(toFailure(thrown));
      throw thrown;
    } finally {
      signal?.removeEventListener("abort", stop);
    }
  }
}

/** A result, and after that of a folder one for each failure in it. */
function withFailures(result: Result): Result[] {
  if (!("tree" in result)) return [result];
  const failed = result.tree.failures.map(({ path, error }) => ({
    name: `${result.name}/${path}`,
    error,
  }));
  return [result, ...failed];
}

/** Why `signal` ends it. */
export function interrupted(signal: AbortSignal | undefined): FtError {
  const reason = signal?.reason;
  return reason instanceof FtError ? reason : new FtError("interrupted");
}

/** Twice as long each time, and never the same for many clients of a server that comes back. */
function delayFor(attempt: number): number {
  const full = Math.min(FIRST_DELAY_MS * 2 ** (attempt - 1), LONGEST_DELAY_MS);
  return Math.round(full * (0.5 + Math.random() / 2));
}
