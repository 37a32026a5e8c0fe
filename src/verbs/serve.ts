import { FtError, toFailure } from "../error.ts";
import { Joining } from "../session/joining.ts";
import type { TransferReport } from "../session/server_session.ts";
import { storageFailure } from "../storage/failure.ts";
import type { FolderStore } from "../storage/folder_store.ts";
import { InviteToken } from "../storage/invite_token.ts";
import { Records } from "../storage/records.ts";
import type { NamedIdentity } from "../transport/identity.ts";
import { type Endpoint, formatEndpoint } from "../transport/endpoint.ts";
import { listen, type Listener } from "../transport/listen.ts";
import { AGENT } from "../version.ts";
import { Doorkeeper } from "./doorkeeper.ts";
import { KEEP_PARTIALS_MS } from "./download_output.ts";
import { isLoopback } from "./hosts.ts";
import { identityOf, type ServerSecurity } from "./identity.ts";
import { INVITE_TOKEN, RECORDS } from "./root.ts";
import { SERVE_LIMITS, type ServeLimits, sessionLimits } from "./serve_limits.ts";
import { openProbe, openStore, prepareRoot } from "./server_store.ts";
import { type Serving, writeServing } from "./serving.ts";
import { Sessions } from "./sessions.ts";
import { ShareSweeper } from "./share_sweeper.ts";

export { ROOM_FOLDERS } from "./root.ts";

/** How often leftovers are looked through, in milliseconds. */
const SWEEP_MS = 60 * 60 * 1000;

/** How to serve. */
export interface ServeOptions {
  readonly hostname: string;
  /** 0 picks a free port. */
  readonly port: number;
  /** The folder that holds the rooms; made if missing. */
  readonly root: string;
  readonly security: ServerSecurity;
  /** Whether a token is needed on loopback too, which is open otherwise. */
  readonly requireToken?: boolean;
  /** Whether no token is needed wherever it listens; elsewhere than on loopback one is otherwise. */
  readonly open?: boolean;
  /** Milliseconds that what an interrupted transfer left is kept. */
  readonly keepPartials?: number;
  /** What clients may use, where it differs from the defaults. */
  readonly limits?: Partial<ServeLimits>;
  /** Hears of every transfer that ended. */
  readonly onReport?: (report: TransferReport) => void;
  /**
   * Hears of conversations that failed, by the peer's address, and of trouble of the server's own.
   * Whoever reaches the port can cause the former as often as it likes.
   */
  readonly onTrouble?: (where: string, failure: FtError, by: "peer" | "server") => void;
}

/** A running server. */
export interface Server {
  readonly endpoint: Endpoint;
  /** Where it listens, with the port it got: `HOST:PORT`. */
  readonly address: string;
  /** SHA-256 of the key that it shows, in base64url; undefined without encryption. */
  readonly pin: string | undefined;
  /** The token of its invite, which was made if there was none; undefined when none is needed. */
  readonly token: string | undefined;
  /** Folders that were missing and have been made, by name. */
  readonly created: readonly string[];
  /** How it is served, for its invites. */
  readonly serving: Serving;
  /**
   * Accepts nothing more, gives running transfers a bounded time, then ends them. What is verified
   * stays for a later run.
   */
  stop(): Promise<void>;
}

/**
 * Starts a server. The port is bound before anything is made, the server's key included.
 *
 * @throws FtError `address_in_use`, `denied`, `unreachable`, `usage` or a storage failure.
 */
export async function serve(options: ServeOptions): Promise<Server> {
  const isOpen = needsNoToken(options);
  const limits = { ...SERVE_LIMITS, ...options.limits };
  const listener = listen(options, {
    handshake: limits.handshakeTimeout,
    limits,
    onFailure: (peer, failure) => options.onTrouble?.(peer, failure, "peer"),
  });
  let records: Records | undefined;
  try {
    const trouble = (where: string) => (failure: FtError) =>
      options.onTrouble?.(where, failure, "server");
    const identity = await identityOf(options.security);
    const { root, created } = prepareRoot(options.root);
    records = Records.open(`${root}/${RECORDS}`, (aside) => {
      const message = `The records were damaged; they were set aside as '${aside}'.`;
      trouble("records")(new FtError("io", message));
    });
    // The first upload waits for it.
    const probe = openProbe(root, limits, trouble("space"));
    const store = openStore(root, records, limits, probe);
    const serving = servingOf(listener.endpoint, identity, !isOpen);
    writeServing(root, serving);
    const invite = new InviteToken(`${root}/${INVITE_TOKEN}`);
    const token = isOpen ? undefined : invite.make();
    const { tokens } = records;
    const doorkeeper = new Doorkeeper({ tokens, invite, isOpen, onTrouble: trouble("tokens") });
    doorkeeper.watch();
    const stop = start(listener, { identity, store, records, doorkeeper, limits }, options);
    return {
      endpoint: listener.endpoint,
      address: formatEndpoint(listener.endpoint),
      pin: identity?.pin,
      token,
      created,
      serving,
      stop: () => Promise.all([stop(), probe]).then(() => {}),
    };
  } catch (thrown) {
    listener.close();
    records?.close();
    throw storageFailure(thrown, "serve");
  }
}

/**
 * How clients find and know it. What an authority vouches for is known by its names; all else by
 * its key.
 */
function servingOf(
  { hostname, port }: Endpoint,
  identity: NamedIdentity | undefined,
  locked: boolean,
): Serving {
  if (identity === undefined) return { hosts: [hostname], port, key: "plain", locked };
  const { pin, names, isSelfIssued } = identity;
  return isSelfIssued
    ? { hosts: [hostname], port, key: pin, locked }
    : { hosts: names, port, key: "system", locked };
}

function needsNoToken({ hostname, requireToken, open }: ServeOptions): boolean {
  if (requireToken && open) {
    throw new FtError("usage", "A server that is open cannot require a token.", {
      hint: "Leave out --open or --require-token.",
    });
  }
  return open === true || !requireToken && isLoopback(hostname);
}

/** Begins to accept and to tidy up; returns what ends that. */
function start(
  listener: Listener,
  { identity, store, records, doorkeeper, limits }: {
    readonly identity: NamedIdentity | undefined;
    readonly store: FolderStore;
    readonly records: Records;
    readonly doorkeeper: Doorkeeper;
    readonly limits: ServeLimits;
  },
  { onReport, onTrouble, keepPartials = KEEP_PARTIALS_MS }: ServeOptions,
): () => Promise<void> {
  const sweep = async () => {
    try {
      store.staging.sweep(keepPartials);
      await store.forgetGone();
    } catch (thrown) {
      onTrouble?.("leftovers", toFailure(thrown), "server");
    }
  };
  // Whoever was downloading when the server went may come back.
  records.claims.resume();
  const shares = store.shared &&
    new ShareSweeper(store.shared, (failure) => onTrouble?.("shares", failure, "server"));
  let sweeping = sweep();
  const sweeper = setInterval(() => sweeping = sweeping.then(sweep), SWEEP_MS);
  const sessions = new Sessions({
    store,
    agent: AGENT,
    access: doorkeeper,
    joining: new Joining(limits.connections),
    ...sessionLimits(limits),
    ...(onReport === undefined ? {} : { onReport }),
  }, (peer, failure) => onTrouble?.(peer, failure, "peer"));
  const accepting = listener.accept(identity, (incoming) => sessions.open(incoming));
  return async () => {
    clearInterval(sweeper);
    listener.close();
    await accepting;
    await sessions.finish();
    await doorkeeper.close();
    await sweeping;
    shares?.close();
    records.close();
  };
}
