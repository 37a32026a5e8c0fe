import { FtError, toFailure } from "../error.ts";
import { ServerSession, type TransferReport } from "../session/server_session.ts";
import { storageFailure } from "../storage/failure.ts";
import { FolderStore } from "../storage/folder_store.ts";
import { type FreeSpaceProbe, openFreeSpace } from "../storage/free_space.ts";
import { Records } from "../storage/records.ts";
import { Space } from "../storage/space.ts";
import type { Connection } from "../transport/connection.ts";
import { formatEndpoint } from "../transport/endpoint.ts";
import { listen, type Listener } from "../transport/listen.ts";
import { AGENT } from "../version.ts";
import { KEEP_PARTIALS_MS } from "./download.ts";
import { SERVE_LIMITS, type ServeLimits, sessionLimits } from "./serve_limits.ts";

/** The folder of each room below the root. */
export const ROOM_FOLDERS = {
  private: "uploads",
  public: "shared_files",
  shared: "shared_uploads",
} as const;

/** Below the root: what only the server itself reads. */
const OWN_FOLDER = ".ft";
/** Below the root: what is under way. */
export const SERVER_STAGING: string = `${OWN_FOLDER}/staging`;
const RECORDS = `${OWN_FOLDER}/records.db`;
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
  /** Where it listens, with the port it got: `HOST:PORT`. */
  readonly address: string;
  /** Folders that were missing and have been made, by name. */
  readonly created: readonly string[];
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

/** What tells how much space there is; undefined where nothing is to stay free or nobody knows. */
async function openProbe(
  root: string,
  { minFree }: ServeLimits,
  onTrouble: ServeOptions["onTrouble"],
): Promise<FreeSpaceProbe | undefined> {
  if (minFree === 0) return undefined;
  // What takes long to load is loaded when the server has said that it is ready.
  await new Promise<void>((ready) => setTimeout(ready, 0));
  try {
    return await openFreeSpace(root);
  } catch (thrown) {
    const message = "It cannot be told how much space is free, so none is kept free (--min-free).";
    onTrouble?.("space", new FtError("io", message, { cause: thrown }), "server");
    return undefined;
  }
}

function openStore(
  root: string,
  records: Records,
  limits: ServeLimits,
  probe: Promise<FreeSpaceProbe | undefined>,
): FolderStore {
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
  const staging = `${root}/${SERVER_STAGING}`;
  const { maxFile, quota, minFree } = limits;
  const space = new Space({ maxFile, quota, minFree, rooms, staging, probe });
  return new FolderStore({ rooms, staging, records, space });
}

/**
 * Starts a server. The port is bound before anything is made in the root.
 *
 * @throws FtError `address_in_use`, `denied`, `unreachable` or a storage failure.
 */
// deno-lint-ignore require-await -- its key may have to be made
export async function serve(options: ServeOptions): Promise<Server> {
  const listener = listen(options);
  let records: Records | undefined;
  try {
    const { root, created } = prepareRoot(options.root);
    records = Records.open(`${root}/${RECORDS}`, (aside) => {
      options.onTrouble?.(
        "records",
        new FtError("io", `The records were damaged; they were set aside as '${aside}'.`),
        "server",
      );
    });
    const limits = { ...SERVE_LIMITS, ...options.limits };
    // The first upload waits for it.
    const probe = openProbe(root, limits, options.onTrouble);
    const store = openStore(root, records, limits, probe);
    const { address, stop } = start(listener, store, records, limits, options);
    return { address, created, stop: () => Promise.all([stop(), probe]).then(() => {}) };
  } catch (thrown) {
    listener.close();
    records?.close();
    throw storageFailure(thrown, "serve");
  }
}

function start(
  listener: Listener,
  store: FolderStore,
  records: Records,
  limits: ServeLimits,
  { onReport, onTrouble, keepPartials = KEEP_PARTIALS_MS }: ServeOptions,
): Pick<Server, "address" | "stop"> {
  const sessions = new Map<ServerSession, Promise<void>>();
  const shared = sessionLimits(limits);
  const sweep = async () => {
    try {
      store.staging.sweep(keepPartials);
      await store.forgetGone();
    } catch (thrown) {
      onTrouble?.("leftovers", toFailure(thrown), "server");
    }
  };
  let sweeping = sweep();
  const sweeper = setInterval(() => sweeping = sweeping.then(sweep), SWEEP_MS);

  const receive = (connection: Connection) => {
    const session = new ServerSession(connection, {
      store,
      agent: AGENT,
      ...shared,
      ...(onReport === undefined ? {} : { onReport }),
    });
    const served = session.serve().then((failure) => {
      const isTold = failure?.side === "here" && failure.code !== "closing";
      if (isTold) onTrouble?.(connection.peer, failure, "peer");
    }).finally(() => sessions.delete(session));
    sessions.set(session, served);
  };
  const accepting = (async () => {
    for await (const connection of listener.connections()) receive(connection);
  })();

  return {
    address: formatEndpoint(listener.endpoint),
    async stop() {
      clearInterval(sweeper);
      listener.close();
      await accepting;
      await finish(sessions);
      await sweeping;
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
