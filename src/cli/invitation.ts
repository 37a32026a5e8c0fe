/**
 * What a server says of itself when it starts: its fingerprint, and how others join it.
 *
 * @module
 */
import { fingerprint } from "../verbs/invite.ts";
import { isLoopback } from "../verbs/hosts.ts";
import { invitesFor, localInterfaces, type Serving } from "../verbs/serving.ts";

/** The commands that join a server, one a line. */
export function joinLines(invites: readonly string[]): string {
  // No invite has a quote in it, or anything else that a shell would take for its own there.
  return invites.map((invite) => `ft join '${invite}'\n`).join("");
}

/** What is said beside how a server is served. */
export interface InvitationOptions {
  /** The pin of its key, where it has one. */
  readonly pin: string | undefined;
  readonly token: string | undefined;
  /** The QR code of an invite, where there is a terminal that has room for it. */
  readonly qr?: ((invite: string) => Promise<string | undefined>) | undefined;
}

/**
 * The fingerprint, and for a server that others can reach one command that joins it for every
 * address. A server for this machine alone, without a token, needs no command.
 */
export async function invitationText(
  serving: Serving,
  { pin, token, qr }: InvitationOptions,
): Promise<string> {
  const key = pin === undefined ? "" : `Key fingerprint: ${fingerprint(pin)}\n`;
  if (token === undefined && serving.hosts.every(isLoopback)) return key;
  const invites = invitesFor(serving, token, localInterfaces());
  const [first] = invites;
  const code = first === undefined ? undefined : await qr?.(first);
  const from = serving.hosts.every(isLoopback) ? "" : " from another machine";
  return `${key}Join${from} with:\n${joinLines(invites)}${code ?? ""}`;
}
