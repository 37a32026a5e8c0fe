/**
 * The way to a server that has been verified: by the key it showed before, by the pin of an invite,
 * or by what the user says of a key seen for the first time.
 *
 * @module
 */
import { FtError, toFailure } from "../error.ts";
import type { Endpoint } from "../transport/endpoint.ts";
import type { PresentedKey, Trust } from "../transport/security.ts";
import type { Contact } from "./contact.ts";
import { isLoopback } from "./hosts.ts";
import { fingerprint } from "./invite.ts";
import type { KnownServers } from "./known_servers.ts";

/** The network, as it is needed to reach a server. */
export interface Network<C> {
  /** Connects; fails with `identity` when the server is not what `trust` says. */
  dial(endpoint: Endpoint, trust: Trust, signal?: AbortSignal): Promise<C>;
  /** The key that a server shows. It is told nothing. */
  probe(endpoint: Endpoint, signal?: AbortSignal): Promise<PresentedKey>;
}

/** A key that nothing is known of. */
export interface Stranger {
  /** `HOST:PORT`. */
  readonly address: string;
  /** The whole fingerprint, as `ft serve` prints it. */
  readonly fingerprint: string;
}

/** Asks the user whether a key is the server's. */
export type AskTrust = (stranger: Stranger) => Promise<boolean>;

/** How first contact is made. */
export interface FirstContact {
  /** Whether a key is accepted that nothing is known of. */
  readonly trustFirst?: boolean | undefined;
  /** Asks about such a key; without it the key is refused. */
  readonly ask?: AskTrust | undefined;
}

/** What is needed to reach a server. */
export interface ReachOptions<C extends { abort(): void }> extends FirstContact {
  readonly network: Network<C>;
  readonly known: KnownServers;
  /** Whether a token will be sent: then a server on this machine is a stranger, too. */
  readonly sendsToken: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Connects to a server that is the one it should be. Nothing is told to it before that is sure.
 *
 * @throws FtError `identity` when it is another, or one that nothing is known of; else what the
 * network, the state or the question fails with.
 */
export async function reach<C extends { abort(): void }>(
  contact: Contact,
  options: ReachOptions<C>,
): Promise<C> {
  const { network, known, signal } = options;
  const { endpoint, address, key } = contact;
  if (key === "plain" || key === "system") {
    return await network.dial(endpoint, { kind: key }, signal);
  }
  const remembered = known.key(address);
  // What an invite says is newer than what is remembered, or is why it may not be believed.
  if (remembered !== undefined && remembered.pin === (key ?? remembered.pin)) {
    const isUnasked = remembered.isUnasked === true && key === undefined && !options.sendsToken;
    if (remembered.isUnasked && !isUnasked) {
      // Good enough to talk to on this machine, but not to be told a secret.
      if (key === undefined) await acceptStranger(contact, remembered, options);
      known.remember(address, remembered);
    }
    try {
      return await network.dial(endpoint, { kind: "pinned", ...remembered }, signal);
    } catch (thrown) {
      if (toFailure(thrown).code !== "identity") throw thrown;
      // Another certificate of the same key is a renewed one; of another key, another server.
      const shown = await network.probe(endpoint, signal);
      checkPin({ address, name: contact.name, key: undefined }, shown, remembered.pin);
      if (shown.certificate === remembered.certificate) throw thrown;
      return await meet(contact, shown, options, isUnasked);
    }
  }
  const shown = await network.probe(endpoint, signal);
  if (key !== undefined) checkPin(contact, shown, key);
  const isUnasked = key === undefined && !await acceptStranger(contact, shown, options);
  return await meet(contact, shown, options, isUnasked);
}

/** Dials the server that has shown this key, and remembers it once it has proved to have it. */
async function meet<C extends { abort(): void }>(
  { endpoint, address }: Contact,
  shown: PresentedKey,
  { network, known, signal }: ReachOptions<C>,
  isUnasked: boolean,
): Promise<C> {
  const connection = await network.dial(endpoint, { kind: "pinned", ...shown }, signal);
  try {
    known.remember(address, shown, isUnasked);
  } catch (thrown) {
    connection.abort();
    throw thrown;
  }
  return connection;
}

/**
 * Holds the key that a server shows against the one that is known of it.
 *
 * @throws FtError `identity` with both fingerprints and what to do.
 */
function checkPin(
  { address, name, key }: Pick<Contact, "address" | "name" | "key">,
  shown: PresentedKey,
  pin: string,
): void {
  if (shown.pin === pin) return;
  const [was, is] = [fingerprint(pin), fingerprint(shown.pin)];
  if (key !== undefined) {
    const forget = name === undefined ? "" : ` Forget the old one with: ft trust forget ${name}`;
    throw new FtError("identity", `The invite says ${was}, but ${address} shows ${is}.`, {
      hint: "Somebody may stand between you and the server. If its owner has made a new key, " +
        `ask them for a new invite.${forget}`,
    });
  }
  throw new FtError("identity", `The key of ${address} has changed from ${was} to ${is}.`, {
    hint: "Somebody may stand between you and the server. If its owner confirms the new key, " +
      `forget the old one: ft trust forget ${address}`,
  });
}

/** Returns when a key that nothing is known of may be taken for the server's, and if a user said so. */
async function acceptStranger(
  { address, endpoint }: Contact,
  shown: PresentedKey,
  { trustFirst, ask, sendsToken }: Pick<ReachOptions<never>, "trustFirst" | "ask" | "sendsToken">,
): Promise<boolean> {
  if (trustFirst) return true;
  if (isLoopback(endpoint.hostname) && !sendsToken) return false;
  const stranger = { address, fingerprint: fingerprint(shown.pin) };
  if (await ask?.(stranger)) return true;
  const compare = "Compare the fingerprint with the one that 'ft serve' prints. ";
  throw new FtError(
    "identity",
    ask === undefined
      ? `${address} is not known yet; its key is ${stranger.fingerprint}.`
      : `${address} was not trusted; its key is ${stranger.fingerprint}.`,
    { hint: `${compare}If they are equal, add --trust-first; or use an invite: ft join -` },
  );
}
