import { FtError } from "../error.ts";
import { ServerSession, type ServerSessionOptions } from "../session/server_session.ts";
import type { Incoming } from "../transport/listen.ts";

/** Milliseconds that running transfers get when the server stops. */
const GRACE_MS = 10_000;
/** How often it is looked whether they are done, in milliseconds. */
const LOOK_MS = 50;

function tooMany(): FtError {
  return new FtError(
    "busy",
    "The server has as many connections as it takes (--max-connections).",
    { hint: "Try again a little later." },
  );
}

/** The conversations of a server. */
export class Sessions {
  readonly #options: ServerSessionOptions;
  readonly #onFailure: (peer: string, failure: FtError) => void;
  readonly #running = new Map<ServerSession, Promise<void>>();

  /** `onFailure` hears of those that failed on this side, by the address of their peer. */
  constructor(
    options: ServerSessionOptions,
    onFailure: (peer: string, failure: FtError) => void,
  ) {
    this.#options = options;
    this.#onFailure = onFailure;
  }

  /** Serves a connection that came in. */
  open({ connection, keep, share }: Incoming): void {
    const session = new ServerSession(connection, {
      ...this.#options,
      onGreeted: () => {
        if (!keep()) throw tooMany();
      },
      onJoined: share,
    });
    const served = session.serve().then((failure) => {
      const isTold = failure?.side === "here" && failure.code !== "closing";
      if (isTold) this.#onFailure(connection.peer, failure);
    }).finally(() => this.#running.delete(session));
    this.#running.set(session, served);
  }

  /** Ends idle ones at once, and busy ones when they are done or their time is over. */
  async finish(): Promise<void> {
    const deadline = Date.now() + GRACE_MS;
    while (this.#running.size > 0) {
      const closing = new FtError("closing", "The server is shutting down.");
      const late = Date.now() >= deadline;
      for (const session of this.#running.keys()) {
        if (late || session.open === 0) session.end(closing);
      }
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, LOOK_MS);
      await Promise.race([promise, Promise.all(this.#running.values())]);
      clearTimeout(timer);
    }
  }
}
