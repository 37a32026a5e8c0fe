/**
 * An invite: one line that says where a server is, how to know it, and what lets its bearer in.
 * `ft://HOST:PORT/KEY#TOKEN`, with an IPv6 address in brackets, and without `#TOKEN` where none is
 * needed.
 *
 * @module
 */
import { FtError } from "../error.ts";
import { type Endpoint, formatEndpoint } from "../transport/endpoint.ts";
import { PIN } from "../transport/security.ts";

/**
 * How a server is known: its pin, `system` (the roots of this system vouch for its host name) or
 * `plain` (not at all, and without encryption).
 */
export type ServerKey = string;

/** What an invite says. */
export interface Invite {
  readonly endpoint: Endpoint;
  readonly key: ServerKey;
  /** What lets its bearer in, where the server asks for it. */
  readonly token?: string;
}

/** Words in the place of a pin. No pin is one: a pin is longer. */
const WORDS: ReadonlySet<string> = new Set(["system", "plain"]);
/** What every invite begins with. */
const SCHEME = "ft://";
/** Characters of an invite at most: a host, a port, a pin and a token. */
export const MOST_INVITE = 600;

/** A token as the protocol takes it, and without what would end it in an invite or in a shell. */
const TOKEN = /^[!-~]{1,256}$/;
const INVITED_TOKEN = /^[!"$-&(-~]{1,256}$/;
const HOST = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?$/;
const IPV6 = /^[0-9a-fA-F.]*:[0-9a-fA-F:.]*(?:%[\w.-]{1,32})?$/;
const INVITE = /^ft:\/\/(?:\[([^\]]*)\]|([^:[\]]*)):([1-9][0-9]{0,4})\/([\w-]+)(?:#(.*))?$/s;

/** Whether text is meant as an invite, well formed or not. */
export function isInvite(text: string): boolean {
  return text.startsWith(SCHEME);
}

/** Whether text can be a token: 1 to 256 printable ASCII characters without spaces. */
export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

/** Whether text is a host name as an invite can say it: one host, so no wildcard. */
export function isHostName(text: string): boolean {
  return HOST.test(text);
}

/** Whether text says how a server is known. */
export function isServerKey(text: string): text is ServerKey {
  return WORDS.has(text) || PIN.test(text);
}

/**
 * What an invite says.
 *
 * @throws FtError `usage`, which shows nothing of the text: it may hold a token.
 */
export function parseInvite(text: string): Invite {
  const match = text.length <= MOST_INVITE ? INVITE.exec(text) : null;
  const [, ipv6, host = "", port = "", key = "", token] = match ?? [];
  const sound = match !== null && Number(port) <= 65_535 && isServerKey(key) &&
    (ipv6 === undefined ? HOST.test(host) : IPV6.test(ipv6)) &&
    (token === undefined || INVITED_TOKEN.test(token));
  if (!sound) {
    throw new FtError("usage", "The invite is not complete, or is none.", {
      hint: "It is one line, ft://HOST:PORT/KEY#TOKEN, as 'ft serve' and 'ft invite' print it. " +
        "Put it between '...'.",
    });
  }
  const endpoint = { hostname: ipv6 ?? host, port: Number(port) };
  return { endpoint, key, ...(token === undefined ? {} : { token }) };
}

/**
 * The invite as one line.
 *
 * @throws FtError `usage` when a part cannot stand in an invite.
 */
export function formatInvite({ endpoint, key, token }: Invite): string {
  const end = token === undefined ? "" : `#${token}`;
  const text = `${SCHEME}${formatEndpoint(endpoint)}/${key}${end}`;
  parseInvite(text);
  return text;
}

/** How a server is known, for people: the fingerprint of its key, or what stands in its place. */
export function describeKey(key: ServerKey): string {
  if (key === "plain") return "without encryption";
  return key === "system" ? "known by the system's roots" : fingerprint(key);
}

/** A pin as it is shown and compared. */
export function fingerprint(pin: string): string {
  return `SHA256:${pin}`;
}
