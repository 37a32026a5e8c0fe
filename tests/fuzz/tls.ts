/** Fuzz targets: keys and certificates, and what comes in place of a TLS handshake. */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  certificatesIn,
  chainToPem,
  privateKeyIn,
  readCertificate,
} from "../../src/transport/certificate.ts";
import { dial } from "../../src/transport/dial.ts";
import { readIdentity } from "../../src/transport/identity.ts";
import { ALPN } from "../../src/transport/security.ts";
import { writeAll } from "../../src/transport/socket.ts";
import { shakeHands } from "../../src/transport/tls_gate.ts";
import { type Bytes, cuts, inPieces, near, nearText } from "./mutate.ts";
import { PEM } from "./pem.ts";
import { outcomeOf, type Target, target } from "./target.ts";

const LOOPBACK = "127.0.0.1";
const [DER = new Uint8Array()] = certificatesIn(PEM.certificate);

const pem = target(
  "PEM",
  100,
  nearText(fc.constantFrom(PEM.certificate + PEM.key, PEM.certificate.repeat(2))),
  async (text) => {
    for (const der of certificatesIn(text)) {
      assert.deepEqual(certificatesIn(chainToPem([der])), der.length === 0 ? [] : [der]);
    }
    privateKeyIn(text);
    const read = await outcomeOf(
      ["usage"],
      () => readIdentity({ certificate: text, key: text }, "'server.pem'"),
    );
    if ("code" in read) return;
    assert.match(read.value.pin, /^[\w-]{43}$/);
    // The runtime takes what was let through.
    const { certificate, key } = read.value;
    Deno.listenTls({ hostname: LOOPBACK, port: 0, cert: certificate, key }).close();
  },
);

const certificates = target("certificates", 100, near(fc.constant(DER)), async (der) => {
  const read = await outcomeOf(["protocol"], () => readCertificate(der));
  if ("code" in read) return;
  assert.match(read.value.pin, /^[\w-]{43}$/);
  read.value.isOf(PEM.key);
});

/** What ft's own client says first. */
async function clientHello(): Promise<Bytes> {
  using listener = Deno.listen({ hostname: LOOPBACK, port: 0 });
  const { port } = listener.addr;
  const { pin, certificate } = PEM;
  const dialling = dial({ hostname: LOOPBACK, port }, { kind: "pinned", pin, certificate });
  dialling.catch(() => {});
  using peer = await listener.accept();
  const hello = new Uint8Array(16 * 1024);
  const length = await peer.read(hello) ?? 0;
  peer.close();
  await dialling.catch(() => {});
  return hello.slice(0, length);
}

const HELLO = await clientHello();
/** Milliseconds that a handshake may take which is called off. */
const HANDSHAKE_MS = 5_000;

const handshakes = target(
  "TLS handshakes",
  30,
  fc.record({
    bytes: near(fc.oneof(
      fc.constant(HELLO),
      fc.constantFrom("GET / HTTP/1.1\r\n\r\n", "FT\r\n\0\x01\0\0", "SSH-2.0-x\r\n")
        .map((text) => new TextEncoder().encode(text)),
    )),
    cuts,
  }),
  async ({ bytes, cuts }) => {
    const listener = Deno.listen({ hostname: LOOPBACK, port: 0 });
    const { port } = listener.addr;
    const client = await Deno.connect({ hostname: LOOPBACK, port });
    const accepted = await listener.accept();
    listener.close();
    const off = new AbortController();
    const timer = setTimeout(() => off.abort(), HANDSHAKE_MS);
    const gate = outcomeOf(
      ["lost", "protocol", "identity"],
      () => shakeHands(accepted, PEM, off.signal),
    );
    try {
      const hear = (async () => {
        const into = new Uint8Array(4096);
        while (await client.read(into) !== null);
      })().catch(() => {});
      for (const piece of inPieces(bytes, [...cuts, 500])) await writeAll(client, piece);
      await client.closeWrite();
      await hear;
    } catch {
      // The gate hung up, as it may.
    } finally {
      client.close();
    }
    const result = await gate;
    clearTimeout(timer);
    assert.ok(!off.signal.aborted, "a handshake that is over was waited for");
    assert.ok("code" in result, `a client without a key was let in, ALPN ${ALPN}`);
  },
);

/** These targets. */
export const TLS: readonly Target[] = [pem, certificates, handshakes];
