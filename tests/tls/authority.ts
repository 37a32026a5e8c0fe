/**
 * Certificates as authorities and others issue them, for tests.
 *
 * @module
 */
import "reflect-metadata";
import {
  BasicConstraintsExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";
import { toPem } from "../../src/transport/certificate.ts";

const EC = { name: "ECDSA", namedCurve: "P-256" };
const SIGNING = { name: "ECDSA", hash: "SHA-256" };
const USES: KeyUsage[] = ["sign", "verify"];

/** A certificate and its key, both PEM. */
export interface Issued {
  readonly certificate: string;
  readonly key: string;
}

async function newKeys(): Promise<CryptoKeyPair> {
  return await crypto.subtle.generateKey(EC, true, USES);
}

async function pemOfKey(keys: CryptoKeyPair): Promise<string> {
  return toPem(
    "PRIVATE KEY",
    new Uint8Array(await crypto.subtle.exportKey("pkcs8", keys.privateKey)),
  );
}

function serial(): string {
  return `01${crypto.randomUUID().replaceAll("-", "")}`;
}

/** An authority of one's own. */
export class Authority {
  readonly #keys: CryptoKeyPair;
  readonly #root: X509Certificate;

  private constructor(keys: CryptoKeyPair, root: X509Certificate) {
    this.#keys = keys;
    this.#root = root;
  }

  static async make(name: string): Promise<Authority> {
    const keys = await newKeys();
    const root = await X509CertificateGenerator.createSelfSigned({
      serialNumber: serial(),
      name: `CN=${name}`,
      notBefore: new Date("2020-01-01"),
      notAfter: new Date("2099-01-01"),
      signingAlgorithm: SIGNING,
      keys,
      extensions: [
        new BasicConstraintsExtension(true, 1, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      ],
    });
    return new Authority(keys, root);
  }

  /** Its own certificate in PEM. */
  get certificate(): string {
    return toPem("CERTIFICATE", new Uint8Array(this.#root.rawData));
  }

  /** A certificate for host names, followed by its own. */
  async issue(...names: readonly string[]): Promise<Issued> {
    const keys = await newKeys();
    const leaf = await X509CertificateGenerator.create({
      serialNumber: serial(),
      subject: `CN=${names[0]}`,
      issuer: this.#root.subject,
      notBefore: new Date("2020-01-01"),
      notAfter: new Date("2099-01-01"),
      signingAlgorithm: SIGNING,
      publicKey: keys.publicKey,
      signingKey: this.#keys.privateKey,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new SubjectAlternativeNameExtension(
          names.map((value) => ({ type: "dns" as const, value })),
        ),
      ],
    });
    const certificate = toPem("CERTIFICATE", new Uint8Array(leaf.rawData)) + this.certificate;
    return { certificate, key: await pemOfKey(keys) };
  }
}

/** A certificate that vouches for itself between two days, by a key of its own. */
export async function selfIssued(
  nameOf: (pin: string) => string,
  from: Date,
  to: Date,
): Promise<Issued> {
  const keys = await newKeys();
  const spki = await crypto.subtle.exportKey("spki", keys.publicKey);
  const pin = new Uint8Array(await crypto.subtle.digest("SHA-256", spki))
    .toBase64({ alphabet: "base64url", omitPadding: true });
  const name = nameOf(pin);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: `CN=${name}`,
    notBefore: from,
    notAfter: to,
    signingAlgorithm: SIGNING,
    keys,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new SubjectAlternativeNameExtension([{ type: "dns", value: name }]),
    ],
  });
  return {
    certificate: toPem("CERTIFICATE", new Uint8Array(certificate.rawData)),
    key: await pemOfKey(keys),
  };
}
