import { FtError } from "../error.ts";
import { type Endpoint, formatEndpoint, parseEndpoint } from "../transport/endpoint.ts";
import { type Invite, isInvite, parseInvite, type ServerKey } from "./invite.ts";
import type { KnownServers } from "./known_servers.ts";

/** A server that is about to be dialled. */
export interface Contact {
  readonly endpoint: Endpoint;
  /** `HOST:PORT`. */
  readonly address: string;
  /** The name it is saved under. */
  readonly name: string | undefined;
  /** How it is known by an invite, or how the user says; undefined where only it can tell. */
  readonly key: ServerKey | undefined;
  /** What its invite lets in with. */
  readonly token: string | undefined;
}

/**
 * The server that a user means: an invite, the name of a saved server, or `HOST[:PORT]`. A saved
 * name wins over a host of that name.
 *
 * @param plain whether the user wants no encryption.
 * @throws FtError `usage` for what is none of them, and where `plain` is not what is known of it;
 * `io` when what is saved is damaged.
 */
export function findContact(server: string, known: KnownServers, plain: boolean): Contact {
  const { endpoint, name, key, token } = lookUp(server, known);
  const address = formatEndpoint(endpoint);
  if (!plain && key === "plain") {
    throw new FtError("usage", `The server at ${address} serves without encryption.`, {
      hint: "Everybody on the way can read and change what travels. " +
        "If you trust the network, add --plain.",
    });
  }
  const isEncrypted = key !== undefined && key !== "plain" || known.key(address) !== undefined;
  if (plain && isEncrypted) {
    throw new FtError("usage", `The server at ${address} is known to encrypt.`, {
      hint: "Leave out --plain. " +
        `If it has changed for a reason, forget it first: ft trust forget ${address}`,
    });
  }
  return { endpoint, address, name, key: key ?? (plain ? "plain" : undefined), token };
}

function lookUp(
  server: string,
  known: KnownServers,
): Partial<Invite> & Pick<Contact, "endpoint"> & { name?: string } {
  if (isInvite(server)) return parseInvite(server);
  const named = known.saved(server);
  if (named !== undefined) return { ...named, name: server };
  const endpoint = parseEndpoint(server);
  const name = formatEndpoint(endpoint);
  const saved = known.saved(name);
  return saved === undefined ? { endpoint } : { ...saved, name };
}
