/**
 * The one place that writes certificates, by @peculiar/x509. It is loaded only when a server makes
 * its key.
 *
 * @module
 */
import "reflect-metadata";
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from "@peculiar/x509";

const SERIAL_BYTES = 16;
/** From before any clock that is merely wrong, to long after whoever made it. */
const NOT_BEFORE = new Date("2000-01-01T00:00:00Z");
const NOT_AFTER = new Date("2100-01-01T00:00:00Z");

/** A certificate for `name` that vouches for itself, as DER. `keys` are for ECDSA with P-256. */
export async function selfSigned(
  keys: CryptoKeyPair,
  name: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const serial = crypto.getRandomValues(new Uint8Array(SERIAL_BYTES));
  // A serial number is positive: its first bit is not set, and its first byte is not zero.
  serial[0] = (serial[0] ?? 0) & 0x7f | 0x40;
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serial.toHex(),
    name: `CN=${name}`,
    notBefore: NOT_BEFORE,
    notAfter: NOT_AFTER,
    signingAlgorithm: { name: "ECDSA", hash: "SHA-256" },
    keys,
    extensions: [
      // rustls takes no authority for a server, and this key is to sign nothing else.
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth], true),
      new SubjectAlternativeNameExtension([{ type: "dns", value: name }]),
    ],
  });
  return new Uint8Array(certificate.rawData);
}
