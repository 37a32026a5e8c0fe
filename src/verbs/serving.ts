/**
 * How a server can be reached, kept in its root so that its invites can be printed again.
 *
 * @module
 */
import { FtError } from "../error.ts";
import { InviteToken } from "../storage/invite_token.ts";
import { damaged, readState, replaceState } from "../storage/state_file.ts";
import { type Interface, reachableHosts } from "./hosts.ts";
import { formatInvite, isServerKey, type ServerKey } from "./invite.ts";
import { INVITE_TOKEN, OWN_FOLDER } from "./root.ts";

/** Below the root: what is kept here. */
const SERVING = `${OWN_FOLDER}/serving.json`;
const MOST_BYTES = 64 * 1024;

/** How a server is served. */
export interface Serving {
  /** The addresses it listens at, or the host names that its certificate is for. */
  readonly hosts: readonly string[];
  readonly port: number;
  readonly key: ServerKey;
  /** Whether only those with a token are let in. */
  readonly locked: boolean;
}

/** An invite to every address at which a server can be reached, the likeliest first. */
export function invitesFor(
  { hosts, port, key }: Omit<Serving, "locked">,
  token: string | undefined,
  interfaces: readonly Interface[],
): string[] {
  const reachable = new Set(hosts.flatMap((host) => reachableHosts(host, interfaces)));
  return [...reachable].map((hostname) =>
    formatInvite({ endpoint: { hostname, port }, key, ...(token === undefined ? {} : { token }) })
  );
}

/** The addresses of this machine; none where the system does not tell. */
export function localInterfaces(): Interface[] {
  try {
    return Deno.networkInterfaces();
  } catch {
    return [];
  }
}

/**
 * Keeps how the server at a root is served.
 *
 * @param root the folder that holds its rooms, with its own folder in it.
 */
export function writeServing(root: string, serving: Serving): void {
  const { hosts, port, key, locked } = serving;
  replaceState(`${root}/${SERVING}`, JSON.stringify({ hosts, port, key, locked }), false);
}

/**
 * How the server at a root is or was last served.
 *
 * @throws FtError `not_found` when none was, `io` when what is kept is damaged.
 */
export function readServing(root: string): Serving {
  const path = `${root}/${SERVING}`;
  const text = readState(path, MOST_BYTES);
  if (text === undefined) {
    throw new FtError("not_found", `Nothing was served from '${root}' yet.`, {
      hint: "Start 'ft serve' there first, or name another folder with --root DIR.",
    });
  }
  const serving = parseServing(text);
  if (serving === undefined) throw damaged(path, "Start 'ft serve' again: it is written anew.");
  return serving;
}

function parseServing(text: string): Serving | undefined {
  try {
    const { hosts, port, key, locked }: Record<string, unknown> = JSON.parse(text);
    if (!Array.isArray(hosts) || hosts.length === 0 || hosts.length > 100) return undefined;
    if (typeof port !== "number" || typeof locked !== "boolean") return undefined;
    if (typeof key !== "string" || !isServerKey(key)) return undefined;
    for (const hostname of hosts) {
      if (typeof hostname !== "string") return undefined;
      // Whatever cannot stand in an invite is nothing that a server was served at.
      formatInvite({ endpoint: { hostname, port }, key });
    }
    return { hosts, port, key, locked };
  } catch {
    return undefined;
  }
}

/**
 * The invites of the server at a root.
 *
 * @param isNew whether the token is replaced: with the old one nobody is let in any more.
 * @throws FtError as {@linkcode readServing} and the file of the token do.
 */
export function invitesOf(root: string, isNew: boolean): string[] {
  const serving = readServing(root);
  if (!serving.locked) {
    if (!isNew) return invitesFor(serving, undefined, localInterfaces());
    throw new FtError("usage", "That server asks for no token: there is none to replace.", {
      hint: "It was started with --open, or for this machine only.",
    });
  }
  const token = new InviteToken(`${root}/${INVITE_TOKEN}`);
  return invitesFor(serving, isNew ? token.replace() : token.read(), localInterfaces());
}
