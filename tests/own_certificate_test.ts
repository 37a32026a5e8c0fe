/**
 * Servers with a certificate of their owner's (`--cert`, `--key`), which an authority vouches for.
 *
 * @module
 */
import "reflect-metadata";
import assert from "node:assert/strict";
import {
  BasicConstraintsExtension,
  SubjectAlternativeNameExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";
import { assertFails } from "./identity.ts";
import { done, type Place, test } from "./process.ts";
import { toPem } from "../src/transport/certificate.ts";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const newKeys = () => crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);

interface Authority {
  readonly certificate: X509Certificate;
  readonly keys: CryptoKeyPair;
}

async function makeAuthority(): Promise<Authority> {
  const keys = await newKeys();
  const extensions = [new BasicConstraintsExtension(true, undefined, true)];
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: "CN=authority",
    signingAlgorithm: ALGORITHM,
    keys,
    extensions,
  });
  return { certificate, keys };
}

/** What says to `ft serve` to use a new certificate for a host, which the authority vouches for. */
async function issue(place: Place, authority: Authority, host: string): Promise<string[]> {
  const keys = await newKeys();
  const certificate = await X509CertificateGenerator.create({
    subject: "CN=server",
    issuer: authority.certificate.subject,
    publicKey: keys.publicKey,
    signingKey: authority.keys.privateKey,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new SubjectAlternativeNameExtension([{ type: "dns", value: host }]),
    ],
  });
  const pkcs8 = new Uint8Array(await crypto.subtle.exportKey("pkcs8", keys.privateKey));
  const [cert, key] = [`${place.path}/own.crt`, `${place.path}/own.key`];
  Deno.writeTextFileSync(cert, certificate.toString("pem"));
  Deno.writeTextFileSync(key, toPem("PRIVATE KEY", pkcs8));
  return ["--cert", cert, "--key", key];
}

test("a certificate that an authority vouches for is known by its name and the roots", async (
  place,
  _,
  ana,
) => {
  const authority = await makeAuthority();
  const root = `${place.path}/authority.crt`;
  Deno.writeTextFileSync(root, authority.certificate.toString("pem"));
  const args = await issue(place, authority, "localhost");
  const server = await place.serve({ root: "own", args: [...args, "--require-token"] });
  const [, invite = ""] = await server.running.waitFor(/^ft join '([^']+)'$/m);
  assert.match(invite, new RegExp(`^ft://localhost:${server.port}/system#[\\w-]{22}$`));

  assertFails(await ana.piped(invite, "join", "-", "nas"), 4, /cannot prove that it is the server/);
  ana.env["DENO_CERT"] = root;
  const { stdout } = await ana.piped(invite, "join", "-", "nas");
  assert.match(stdout, /'nas': known by the system's roots, verified\.$/m);
  ana.write("a.txt", "a");
  await done(ana, "put", "a.txt", "--server", "nas");
  // The same roots vouch for no other name of the same server.
  const other = invite.replace("localhost", "127.0.0.1");
  assertFails(await ana.piped(other, "join", "-", "nas"), 4, /cannot prove that it is the server/);
});

test("a certificate for no host that an invite could say is refused", async (place) => {
  const args = await issue(place, await makeAuthority(), "*.example.org");
  const serve = place.client("ben", "").ft("serve", "--port", "0", ...args);
  assertFails(await serve, 2, /own\.crt' is for no host that an invite could say/);
});
