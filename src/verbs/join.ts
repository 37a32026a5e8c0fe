import { FtError, toFailure } from "../error.ts";
import type { Connection } from "../transport/connection.ts";
import { formatEndpoint } from "../transport/endpoint.ts";
import { type Invite, parseInvite, type ServerKey } from "./invite.ts";
import { KnownServers } from "./known_servers.ts";
import { NETWORK } from "./network.ts";
import { type Network, reach } from "./reach.ts";

/** How an invite is taken. */
export interface JoinOptions {
  /** The user's state folder. */
  readonly state: string;
  /** The name to save the server under; `HOST:PORT` when left out. */
  readonly name?: string | undefined;
  /** Whether an invite to a server without encryption is taken. */
  readonly plain?: boolean;
  readonly signal?: AbortSignal;
  /** In place of the network that there is. */
  readonly network?: Network<Pick<Connection, "writable" | "abort">>;
}

/** What became of an invite. */
export interface Joined {
  readonly name: string;
  /** `HOST:PORT`. */
  readonly address: string;
  readonly key: ServerKey;
  /** Why the server could not be verified yet; undefined when it was, or cannot be. */
  readonly unverified: FtError | undefined;
  /** The address that was saved under the name before, where it was another. */
  readonly before: string | undefined;
}

/**
 * Saves the server of an invite under a name, after a look at whether it is the one: its key is
 * compared when it can be reached. Nothing is told to it.
 *
 * @throws FtError `usage` for a text that is no invite, for a name that cannot be one and for a
 * server without encryption that is not asked for; `identity` when the server is another one.
 * Nothing is saved then.
 */
export async function join(text: string, options: JoinOptions): Promise<Joined> {
  const invite = parseInvite(text);
  const address = formatEndpoint(invite.endpoint);
  const { name = address, plain = false } = options;
  if (plain !== (invite.key === "plain")) throw plainFailure(address, plain);
  const known = new KnownServers(options.state);
  known.checkName(name);
  const unverified = await verify(invite, known, options);
  const before = savedAddress(known, name);
  known.save(name, invite);
  return {
    name,
    address,
    key: invite.key,
    unverified,
    before: before === address ? undefined : before,
  };
}

function plainFailure(address: string, plain: boolean): FtError {
  return plain
    ? new FtError("usage", `The server at ${address} encrypts.`, { hint: "Leave out --plain." })
    : new FtError("usage", `The server at ${address} serves without encryption.`, {
      hint: "Everybody on the way can read and change what travels. " +
        "If you trust the network, add --plain, here and to the commands that use it.",
    });
}

/** Looks whether the server is the one; why not yet, where it is not there: it may be so later. */
async function verify(
  invite: Invite,
  known: KnownServers,
  { signal, network = NETWORK }: JoinOptions,
): Promise<FtError | undefined> {
  const { endpoint, key, token } = invite;
  // Without encryption there is nothing that could be compared.
  if (key === "plain") return undefined;
  const contact = { endpoint, key, token, address: formatEndpoint(endpoint), name: undefined };
  try {
    const connection = await reach(contact, { network, known, sendsToken: true, signal });
    // Leaves without a word, as whoever has finished does.
    await connection.writable.close().catch(() => {});
    connection.abort();
    return undefined;
  } catch (thrown) {
    const unverified = toFailure(thrown);
    if (unverified.exit !== 3 || signal?.aborted) throw thrown;
    return unverified;
  }
}

/** The address saved under a name; what is damaged is replaced, so it counts as none. */
function savedAddress(known: KnownServers, name: string): string | undefined {
  try {
    const saved = known.saved(name);
    return saved === undefined ? undefined : formatEndpoint(saved.endpoint);
  } catch {
    return undefined;
  }
}
