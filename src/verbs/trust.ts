import { FtError } from "../error.ts";
import { type KnownServer, KnownServers } from "./known_servers.ts";

/**
 * The servers that a user knows, and how: saved ones by name, then keys that are remembered.
 *
 * @param state the user's state folder.
 * @throws FtError `io` when what is kept is damaged.
 */
export function listTrust(state: string): KnownServer[] {
  return new KnownServers(state).list();
}

/**
 * Forgets a server, with its token and its key: by its name, or by `HOST:PORT` under every name.
 *
 * @param state the user's state folder.
 * @returns the names and the address that are forgotten.
 * @throws FtError `not_found` when it was not known.
 */
export function forgetTrust(state: string, server: string): string[] {
  const forgotten = new KnownServers(state).forget(server);
  if (forgotten.length > 0) return forgotten;
  throw new FtError("not_found", `No server '${server}' is known.`, {
    hint: "See which are with: ft trust list",
  });
}
