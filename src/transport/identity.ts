import { FtError } from "../error.ts";
import { certificatesIn, chainToPem, privateKeyIn, readCertificate, toPem } from "./certificate.ts";
import { type Identity, syntheticName } from "./security.ts";

/** A new key (P-256) with a certificate of its own, which says the synthetic name of its pin. */
export async function makeIdentity(): Promise<Identity> {
  const { selfSigned } = await import("./self_signed.ts");
  const algorithm = { name: "ECDSA", namedCurve: "P-256" };
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const spki = await crypto.subtle.exportKey("spki", keys.publicKey);
  const pin = new Uint8Array(await crypto.subtle.digest("SHA-256", spki))
    .toBase64({ alphabet: "base64url", omitPadding: true });
  const certificate = chainToPem([await selfSigned(keys, syntheticName(pin))]);
  const pkcs8 = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
  return { certificate, key: toPem("PRIVATE KEY", new Uint8Array(pkcs8)), pin };
}

/** A server's key and certificate with the host names that the certificate is for. */
export interface NamedIdentity extends Identity {
  readonly names: readonly string[];
  /** Whether no authority vouches for the certificate. */
  readonly isSelfIssued: boolean;
}

/**
 * The identity in a chain of certificates and a private key, both PEM. `where` names their files
 * for errors.
 *
 * @throws FtError `usage` when they are no certificate and key, or do not belong together.
 */
export async function readIdentity(
  texts: { readonly certificate: string; readonly key: string },
  where: string,
): Promise<NamedIdentity> {
  const chain = certificatesIn(texts.certificate);
  const [leaf] = chain;
  const key = privateKeyIn(texts.key);
  const fault = (what: string, cause?: unknown) =>
    new FtError("usage", `${where}: ${what}.`, {
      cause,
      hint: "Both are PEM: the server's certificate first, then those that vouch for it.",
    });
  if (leaf === undefined) throw fault("there is no certificate");
  const { pin, names, isSelfIssued, isOf } = await readCertificate(leaf).catch(() => {
    throw fault("the certificate cannot be read");
  });
  if (key === undefined) throw fault("there is no private key");
  if (!isOf(key)) throw fault("the private key is not that of the certificate");
  const certificate = chainToPem(chain);
  try {
    // What the runtime does not take it says here, and not first when a client comes.
    Deno.listenTls({ hostname: "127.0.0.1", port: 0, cert: certificate, key }).close();
  } catch (cause) {
    throw fault("nobody can be served with this certificate and key", cause);
  }
  return { certificate, key, pin, names, isSelfIssued };
}
