/**
 * Certificates as far as ft reads them: PEM to bytes and back, the pin, and who is meant.
 *
 * @module
 */
import { FtError } from "../error.ts";

// What stands between has one way to match: a damaged file must not be tried in thousands.
const BLOCK = /-----BEGIN CERTIFICATE-----\s([A-Za-z0-9+/=\s]+)\s-----END CERTIFICATE-----/g;
/** Characters of base64 in a line of PEM. */
const LINE = 64;

/** The certificates of a PEM text, as DER. */
export function certificatesIn(pem: string): Uint8Array<ArrayBuffer>[] {
  try {
    return [...pem.matchAll(BLOCK)].map(([, body = ""]) => Uint8Array.fromBase64(body));
  } catch {
    return [];
  }
}

/** The first private key of a PEM text, in PEM; undefined when there is none. */
export function privateKeyIn(pem: string): string | undefined {
  return /-----BEGIN ([A-Z ]*PRIVATE KEY)-----[^-]+-----END \1-----/.exec(pem)?.[0];
}

/** PEM of some bytes: `label` says what they are. */
export function toPem(label: string, der: Uint8Array): string {
  const lines = der.toBase64().match(new RegExp(`.{1,${LINE}}`, "g")) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}

/** PEM of a chain of certificates. */
export function chainToPem(chain: readonly Uint8Array[]): string {
  return chain.map((der) => toPem("CERTIFICATE", der)).join("");
}

/** What a certificate says. */
export interface Certificate {
  /** SHA-256 of its public key (SPKI), in base64url. */
  readonly pin: string;
  /** The host names it is for. */
  readonly names: readonly string[];
  /** Whether no authority vouches for it. */
  readonly isSelfIssued: boolean;
  /** Whether it is valid at a time, in milliseconds since 1970. */
  isValidAt(time: number): boolean;
  /** Whether a private key in PEM is the one it belongs to; false for what is no key. */
  isOf(key: string): boolean;
}

/**
 * Reads a certificate.
 *
 * @throws FtError `protocol` when it is none.
 */
export async function readCertificate(der: Uint8Array<ArrayBuffer>): Promise<Certificate> {
  const { createPrivateKey, X509Certificate } = await import("node:crypto");
  let certificate: InstanceType<typeof X509Certificate>;
  let said: Pick<Certificate, "names" | "isSelfIssued">;
  let spki: Uint8Array;
  let from: number;
  let to: number;
  try {
    certificate = new X509Certificate(der);
    spki = certificate.publicKey.export({ type: "spki", format: "der" });
    // Its parts are read when they are asked for, and may be broken each by itself.
    said = {
      names: [...(certificate.subjectAltName ?? "").matchAll(/DNS:([^,\s]+)/g)]
        .map(([, name = ""]) => name),
      isSelfIssued: certificate.issuer === certificate.subject,
    };
    [from, to] = [Date.parse(certificate.validFrom), Date.parse(certificate.validTo)];
  } catch (cause) {
    throw new FtError("protocol", "A certificate cannot be read.", { cause });
  }
  const digest = await crypto.subtle.digest("SHA-256", new Uint8Array(spki));
  return {
    pin: new Uint8Array(digest).toBase64({ alphabet: "base64url", omitPadding: true }),
    ...said,
    isValidAt: (time) => from <= time && time <= to,
    isOf(key) {
      try {
        return certificate.checkPrivateKey(createPrivateKey(key));
      } catch {
        return false;
      }
    },
  };
}
