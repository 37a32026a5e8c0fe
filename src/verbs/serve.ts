import { FtError, toFailure } from "../error.ts";
import { DEADLINES } from "../session/channel.ts";
import { ServerSession, type TransferReport } from "../session/server_session.ts";
import { storageFailure } from "../storage/failure.ts";
import { FolderStore } from "../storage/folder_store.ts";
import { InviteToken } from "../storage/invite_token.ts";
import { Records } from "../storage/records.ts";
import { type Endpoint, formatEndpoint } from "../transport/endpoint.ts";
import { type Incoming, listen, type Listener } from "../transport/listen.ts";
import { AGENT } from "../version.ts";
import { Doorkeeper } from "./doorkeeper.ts";
import { KEEP_PARTIALS_MS } from "./download.ts";
import { isLoopback } from "./hosts.ts";
import { identityOf, type ServerSecurity } from "./identity.ts";
import { type Serving, writeServing } from "./serving.ts";
import { INVITE_TOKEN, OWN_FOLDER, RECORDS, ROOM_FOLDERS, SERVER_STAGING } from "./root.ts";

export { ROOM_FOLDERS } from "./root.ts";

/** How often leftovers are looked through, in milliseconds. */
const SWEEP_MS = 60 * 60 * 1000;
/** Milliseconds that running transfers get when the server stops. */
const GRACE_MS = 10_000;

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
  /** Hears of every transfer that ended. */
  readonly onReport?: (report: TransferReport) => void;
  /** Hears of conversations that failed, and of trouble with the server's own records. */
  readonly onTrouble?: (where: string, failure: FtError) => void;
}

/** A running server. */
export interface Server {
  readonly endpoint: Endpoint;
  /** Where it listens, with the port it got: `HOST:PORT`. */
  readonly address: string;
  /** SHA-256 of the key that it shows, in base64url; undefined without encryption. */
  readonly pin: string | undefined;
  /** Host names that its certificate is for. */
  readonly names: readonly string[];
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

function makeFolder(path: string, mode?: number): boolean {
  try {
    Deno.mkdirSync(path, { recursive: false, ...(mode === undefined ? {} : { mode }) });
    return true;
  } catch (thrown) {
    if (thrown instanceof Deno.errors.AlreadyExists && Deno.statSync(path).isDirectory) {
      return false;
    }
    throw storageFailure(thrown, `make the folder '${path}'`);
  }
}

/** Makes what is missing of the root; returns its real path and the rooms that were made. */
function prepareRoot(path: string): { root: string; created: string[] } {
  try {
    Deno.mkdirSync(path, { recursive: true });
    const root = Deno.realPathSync(path);
    const created = Object.values(ROOM_FOLDERS).filter((name) => makeFolder(`${root}/${name}`));
    makeFolder(`${root}/${OWN_FOLDER}`, 0o700);
    return { root, created };
  } catch (thrown) {
    throw storageFailure(thrown, `use the root '${path}'`);
  }
}

function openStore(root: string, records: Records): FolderStore {
  const room = (name: string) => Deno.realPathSync(`${root}/${name}`);
  const rooms = {
    private: room(ROOM_FOLDERS.private),
    public: room(ROOM_FOLDERS.public),
    shared: room(ROOM_FOLDERS.shared),
  };
  const device = Deno.statSync(`${root}/${OWN_FOLDER}`).dev;
  for (const path of [rooms.private, rooms.shared]) {
    if (Deno.statSync(path).dev === device) continue;
    throw new FtError("io", `'${path}' is on another file system than '${root}/${OWN_FOLDER}'.`, {
      hint: "Files appear there in one step, which takes one file system: choose another --root.",
    });
  }
  return new FolderStore({ rooms, staging: `${root}/${SERVER_STAGING}`, records });
}

/**
 * Starts a server. The port is bound before anything is made in the root.
 *
 * @throws FtError `address_in_use`, `denied`, `unreachable`, `usage` or a storage failure.
 */
export async function serve(options: ServeOptions): Promise<Server> {
  const isOpen = needsNoToken(options);
  const identity = await identityOf(options.security);
  const listener = listen(options, {
    identity,
    handshake: DEADLINES.handshake * 1000,
    limits: { connections: 1000, connectionsPerAddress: 500 },
    onFailure: (peer, failure) => options.onTrouble?.(peer, failure),
  });
  let records: Records | undefined;
  try {
    const { root, created } = prepareRoot(options.root);
    records = Records.open(`${root}/${RECORDS}`, (aside) => {
      options.onTrouble?.(
        "records",
        new FtError("io", `The records were damaged; they were set aside as '${aside}'.`),
      );
    });
    const store = openStore(root, records);
    const { pin, names = [] } = identity ?? {};
    const serving = servingOf(listener.endpoint, options, { pin, names, isOpen });
    writeServing(root, serving);
    const invite = new InviteToken(`${root}/${INVITE_TOKEN}`);
    const token = isOpen ? undefined : invite.make();
    const doorkeeper = new Doorkeeper({
      tokens: records.tokens,
      invite,
      isOpen,
      onTrouble: (failure) => options.onTrouble?.("tokens", failure),
    });
    doorkeeper.watch();
    const started = start(listener, { store, records, doorkeeper }, options);
    return { ...started, created, pin, names, serving, token };
  } catch (thrown) {
    listener.close();
    records?.close();
    throw storageFailure(thrown, "serve");
  }
}

/** How clients find and know it. A certificate of the user's own is for names, not for addresses. */
function servingOf(
  { hostname, port }: Endpoint,
  { security }: Pick<ServeOptions, "security">,
  { pin, names, isOpen }: Pick<Server, "pin" | "names"> & { isOpen: boolean },
): Serving {
  const locked = !isOpen;
  if (pin === undefined) return { hosts: [hostname], port, key: "plain", locked };
  return security.kind === "files" && names.length > 0
    ? { hosts: names, port, key: "system", locked }
    : { hosts: [hostname], port, key: pin, locked };
}

function needsNoToken({ hostname, requireToken, open }: ServeOptions): boolean {
  if (requireToken && open) {
    throw new FtError("usage", "A server that is open cannot require a token.", {
      hint: "Leave out --open or --require-token.",
    });
  }
  return open === true || !requireToken && isLoopback(hostname);
}

function start(
  listener: Listener,
  { store, records, doorkeeper }: {
    readonly store: FolderStore;
    readonly records: Records;
    readonly doorkeeper: Doorkeeper;
  },
  { onReport, onTrouble, keepPartials = KEEP_PARTIALS_MS }: ServeOptions,
): Pick<Server, "endpoint" | "address" | "stop"> {
  const sessions = new Map<ServerSession, Promise<void>>();
  const sweep = () => {
    try {
      store.staging.sweep(keepPartials);
    } catch (thrown) {
      onTrouble?.("leftovers", toFailure(thrown));
    }
  };
  sweep();
  const sweeper = setInterval(sweep, SWEEP_MS);

  const receive = ({ connection, keep, isOver }: Incoming) => {
    const session = new ServerSession(connection, {
      store,
      agent: AGENT,
      access: doorkeeper,
      onGreeted: keep,
      ...(onReport === undefined ? {} : { onReport }),
    });
    const served = session.serve().then((failure) => {
      const isTold = failure?.side === "here" && failure.code !== "closing";
      if (isTold) onTrouble?.(connection.peer, failure);
    }).finally(() => sessions.delete(session));
    sessions.set(session, served);
    if (isOver) session.end(new FtError("busy", "The server has too many connections just now."));
  };
  const accepting = listener.accept(receive);

  return {
    endpoint: listener.endpoint,
    address: formatEndpoint(listener.endpoint),
    async stop() {
      clearInterval(sweeper);
      listener.close();
      await accepting;
      await finish(sessions);
      await doorkeeper.close();
      records.close();
    },
  };
}

/** Ends idle sessions at once and busy ones when they are done, or their time is over. */
async function finish(sessions: Map<ServerSession, Promise<void>>): Promise<void> {
  const deadline = Date.now() + GRACE_MS;
  while (sessions.size > 0) {
    const closing = new FtError("closing", "The server is shutting down.");
    const late = Date.now() >= deadline;
    for (const session of sessions.keys()) {
      if (late || session.open === 0) session.end(closing);
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, 50);
    await Promise.race([promise, Promise.all(sessions.values())]);
    clearTimeout(timer);
  }
}
