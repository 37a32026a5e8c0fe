import { FtError } from "../error.ts";
import type { KeyedFolder } from "../storage/keyed_folder.ts";
import { StateFolder } from "../storage/state_folder.ts";
import { formatEndpoint, parseEndpoint } from "../transport/endpoint.ts";
import { PIN, type PresentedKey } from "../transport/security.ts";
import { formatInvite, type Invite, parseInvite, type ServerKey } from "./invite.ts";

/** A name that a user gives to a server. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const CHAIN =
  /^(?:-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*){1,10}$/;

/** A server that a user knows. */
export interface KnownServer {
  /** What it was saved as; undefined for one of which only the key is remembered. */
  readonly name: string | undefined;
  /** `HOST:PORT`. */
  readonly address: string;
  readonly key: ServerKey;
}

/** A key that is remembered. */
export interface RememberedKey extends PresentedKey {
  /** Whether nobody was asked: no token may be sent on the strength of it. */
  readonly isUnasked?: true;
}

/** The servers of one user: those saved under a name, and the keys that servers have shown. */
export class KnownServers {
  readonly #saved: KeyedFolder<Invite>;
  readonly #keys: KeyedFolder<RememberedKey>;

  /** @param state the user's state folder. */
  constructor(state: string) {
    const folder = new StateFolder(state);
    this.#saved = folder.folder("servers", parseInvite);
    this.#keys = folder.folder("keys", parseKey);
  }

  /**
   * The server that is saved under a name, or under its address where it has no other.
   *
   * @throws FtError `io` when what is kept is damaged.
   */
  saved(name: string): Invite | undefined {
    return isName(name) ? this.#saved.get(name) : undefined;
  }

  /**
   * Saves a server in place of the one of that name, if any.
   *
   * @throws FtError `usage` for a name that cannot be one.
   */
  save(name: string, invite: Invite): void {
    this.checkName(name);
    this.#saved.keep(name, formatInvite(invite));
  }

  /**
   * Returns when a server can be saved under a name.
   *
   * @throws FtError `usage`, which shows nothing of the name: it may be a token in a wrong place.
   */
  checkName(name: string): void {
    if (isName(name)) return;
    throw new FtError("usage", "A server cannot have that name.", {
      hint: "It takes 1 to 64 letters and digits, and . _ - after the first.",
    });
  }

  /** A name under which the server at an address is saved. */
  nameOf(address: string): string | undefined {
    return this.#saved.keys().find((name) => this.#addressOf(name) === address);
  }

  /**
   * The key that the server at an address showed when it was verified.
   *
   * @throws FtError `io` when what is kept is damaged.
   */
  key(address: string): RememberedKey | undefined {
    return this.#keys.get(address);
  }

  /** Remembers the key of a server; `isUnasked` says that nobody has looked at it. */
  remember(address: string, { pin, certificate }: PresentedKey, isUnasked = false): void {
    const unasked = isUnasked ? { unasked: true } : {};
    this.#keys.keep(address, JSON.stringify({ pin, certificate, ...unasked }));
  }

  /** All of them: what is saved by name, then what else is remembered by address. */
  list(): KnownServer[] {
    const saved = this.#saved.keys().flatMap((name) => {
      const invite = this.#saved.get(name);
      return invite === undefined
        ? []
        : [{ name, address: formatEndpoint(invite.endpoint), key: invite.key }];
    });
    const remembered = this.#keys.keys().flatMap((address) => {
      const pin = this.#keys.get(address)?.pin;
      const isSaved = saved.some((one) => one.address === address && one.key === pin);
      return pin === undefined || isSaved ? [] : [{ name: undefined, address, key: pin }];
    });
    return [...saved, ...remembered];
  }

  /**
   * Forgets a server by its name, or by its address under every name that it has. The key goes with
   * the last name. Damaged files go, too.
   *
   * @returns the names and the address that are forgotten; none when nothing was known.
   * @throws FtError `usage` for what is neither a name nor an address.
   */
  forget(what: string): string[] {
    const names = this.#saved.keys();
    if (NAME.test(what) && names.includes(what)) {
      const address = this.#addressOf(what);
      this.#saved.forget(what);
      const others = this.#saved.keys().some((name) => this.#addressOf(name) === address);
      if (address !== undefined && !others) this.#keys.forget(address);
      return [what];
    }
    const address = formatEndpoint(parseEndpoint(what));
    const gone = names.filter((name) => name === address || this.#addressOf(name) === address);
    for (const name of gone) this.#saved.forget(name);
    const hadKey = this.#keys.forget(address);
    return hadKey || gone.length > 0 ? [...new Set([...gone, address])] : [];
  }

  /** The address of a saved server; undefined where what is saved is damaged. */
  #addressOf(name: string): string | undefined {
    try {
      const invite = this.#saved.get(name);
      return invite === undefined ? undefined : formatEndpoint(invite.endpoint);
    } catch {
      return undefined;
    }
  }
}

/** Whether text can name a saved server: as a user would, or as its address in the one form. */
function isName(text: string): boolean {
  if (NAME.test(text)) return true;
  try {
    return formatEndpoint(parseEndpoint(text)) === text;
  } catch {
    return false;
  }
}

function parseKey(text: string): RememberedKey | undefined {
  const { pin, certificate, unasked }: Record<string, unknown> = JSON.parse(text);
  if (typeof pin !== "string" || !PIN.test(pin)) return undefined;
  if (typeof certificate !== "string" || !CHAIN.test(certificate)) return undefined;
  return { pin, certificate, ...(unasked === true ? { isUnasked: true } : {}) };
}
