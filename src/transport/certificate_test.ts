import assert from "node:assert/strict";
import { certificatesIn, chainToPem, readCertificate } from "./certificate.ts";
import { makeIdentity, readIdentity } from "./identity.ts";

Deno.test("certificatesIn() takes no longer for what a damaged file repeats", () => {
  // The first way to read it took seconds for 2,000 line ends, and eight times as long for 4,000.
  const began = performance.now();
  assert.deepEqual(certificatesIn("-----BEGIN CERTIFICATE-----" + "\n".repeat(2_000)), []);
  assert.ok(performance.now() - began < 500);
});

Deno.test("readCertificate() refuses one whose issuer is no text, as a server may show it", async () => {
  const { certificate } = await makeIdentity();
  const [der = new Uint8Array()] = certificatesIn(certificate);
  // The first PrintableString of 43 characters is the issuer's name.
  const at = der.findIndex((byte, index) => byte === 0x13 && der[index + 1] === 43);
  assert.ok(at > 0);
  der[at + 2] = 0xb3;
  await assert.rejects(readCertificate(der), { name: "FtError", code: "protocol" });
});

Deno.test("readIdentity() refuses a certificate with which nobody can be served", async () => {
  const { certificate, key } = await makeIdentity();
  const [der = new Uint8Array()] = certificatesIn(certificate);
  const longer = chainToPem([new Uint8Array([...der, 0])]);
  await assert.rejects(readIdentity({ certificate: longer, key }, "'a.pem'"), {
    name: "FtError",
    code: "usage",
    message: /^'a\.pem': /,
  });
});
