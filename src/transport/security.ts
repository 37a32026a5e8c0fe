/**
 * How the two sides of a connection know that nobody is between them.
 *
 * @module
 */

/** The application protocol that both sides name in the TLS handshake. */
export const ALPN = "ft/1";

/** A server's key and certificate. */
export interface Identity {
  /** The chain in PEM, the server's own certificate first. */
  readonly certificate: string;
  /** The private key in PEM (PKCS #8). */
  readonly key: string;
  /** SHA-256 of the public key (SPKI), in base64url: 43 characters. */
  readonly pin: string;
}

/** What a server shows of itself. */
export interface PresentedKey {
  /** SHA-256 of the public key (SPKI), in base64url: 43 characters. */
  readonly pin: string;
  /** The chain in PEM, the server's own certificate first. */
  readonly certificate: string;
}

/**
 * How a client knows the server it dials: not at all, by the roots that vouch for its host name, or
 * by the key it showed earlier.
 */
export type Trust =
  | { readonly kind: "plain" }
  | { readonly kind: "system" }
  | ({ readonly kind: "pinned" } & PresentedKey);

/** A pin as it is written. */
export const PIN: RegExp = /^[A-Za-z0-9_-]{43}$/;

/**
 * The name in a certificate that ft made, which the client dials by. No public authority issues
 * names below `.invalid`, so no certificate but the pinned one passes for it.
 */
export function syntheticName(pin: string): string {
  const digest = Uint8Array.fromBase64(pin, { alphabet: "base64url" });
  return `${digest.toHex().slice(0, 32)}.ft.invalid`;
}
