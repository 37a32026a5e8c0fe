import { toFailure } from "../error.ts";
import { certificatesIn, readCertificate } from "./certificate.ts";
import { connect } from "./connect.ts";
import { type Connection, socketConnection } from "./connection.ts";
import { type Endpoint, formatEndpoint } from "./endpoint.ts";
import { CONNECT_MS, handshakeFailure, notNow, notTheOne, otherProtocol } from "./dial_failure.ts";
import type { NodeTlsSocket } from "./node_tls.ts";
import { ALPN, type PresentedKey, syntheticName, type Trust } from "./security.ts";
import type { Socket } from "./socket.ts";

/** Variables that make the runtime trust more authorities than the public ones. */
const EXTRA_ROOTS = ["DENO_CERT", "DENO_TLS_CA_STORE", "NODE_EXTRA_CA_CERTS"] as const;

/**
 * Connects to a server that is known as `trust` says. Nothing is sent before it has proved to be
 * that one.
 *
 * @throws FtError `refused`, `unreachable`, `timeout`, `identity` or `protocol`, or whatever
 * `signal` was aborted with.
 */
export async function dial(
  endpoint: Endpoint,
  trust: Trust,
  signal?: AbortSignal,
): Promise<Connection> {
  const where = formatEndpoint(endpoint);
  if (trust.kind === "pinned" && !isSafelyPinned(trust)) {
    return socketConnection(await dialReplacingRoots(endpoint, trust, signal), where);
  }
  const tcp = await connect(endpoint, signal);
  if (trust.kind === "plain") return socketConnection(tcp, where);
  const certificates = trust.kind === "pinned" ? [trust.certificate] : await systemRoots();
  const hostname = trust.kind === "pinned" ? syntheticName(trust.pin) : endpoint.hostname;
  return socketConnection(await secure(tcp, { hostname, certificates, where, signal }), where);
}

/** Shakes hands with whoever proves to be `hostname` by one of the certificates. */
async function secure(
  tcp: Deno.TcpConn,
  { hostname, certificates, where, signal }: {
    hostname: string;
    certificates: string[];
    where: string;
    signal: AbortSignal | undefined;
  },
): Promise<Socket> {
  const conn = await Deno.startTls(tcp, {
    hostname,
    caCerts: certificates,
    alpnProtocols: [ALPN],
  });
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    conn.close();
  }, CONNECT_MS);
  const stop = () => conn.close();
  signal?.addEventListener("abort", stop, { once: true });
  try {
    const { alpnProtocol } = await conn.handshake();
    if (alpnProtocol !== ALPN) throw otherProtocol(where);
    return conn;
  } catch (thrown) {
    if (!isLate && !signal?.aborted) conn.close();
    signal?.throwIfAborted();
    throw handshakeFailure(isLate ? new Deno.errors.TimedOut() : thrown, where);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
  }
}

/**
 * Whether the runtime's own TLS can tell the pinned certificate from all others: it has the name
 * that no public authority issues, and there are no other authorities. (The runtime adds the
 * pinned certificate to those it trusts; it cannot trust it alone.)
 */
function isSafelyPinned({ pin, certificate }: PresentedKey): boolean {
  if (EXTRA_ROOTS.some((name) => Deno.env.get(name))) return false;
  const [leaf] = certificatesIn(certificate);
  return leaf !== undefined && new TextDecoder("latin1").decode(leaf).includes(syntheticName(pin));
}

/** Dials by a certificate that replaces all that the runtime trusts, and compares the key. */
async function dialReplacingRoots(
  endpoint: Endpoint,
  { pin, certificate }: PresentedKey,
  signal?: AbortSignal,
): Promise<Socket> {
  const { openNodeTls } = await import("./node_tls.ts");
  const where = formatEndpoint(endpoint);
  const options = {
    ca: certificate,
    servername: syntheticName(pin),
    // Who is meant is told by the key.
    checkServerIdentity: () => undefined,
  };
  let socket: NodeTlsSocket;
  try {
    socket = await openNodeTls(endpoint, options, signal);
  } catch (thrown) {
    // It does not say when that is for its time alone.
    const [known] = certificatesIn(certificate);
    const isStale = known !== undefined && toFailure(thrown).code === "identity" &&
      !(await readCertificate(known)).isValidAt(Date.now());
    throw isStale ? notNow(where, thrown) : thrown;
  }
  const [leaf] = socket.chain;
  if (leaf !== undefined && (await readCertificate(leaf)).pin === pin) return socket;
  socket.close();
  throw notTheOne(where);
}

/** The authorities that the system trusts, beside the public ones that the runtime knows. */
async function systemRoots(): Promise<string[]> {
  const { getCACertificates } = await import("node:tls");
  try {
    return getCACertificates("system");
  } catch (thrown) {
    // No option of `deno run` grants the permission by its name; a file of permissions does.
    if (thrown instanceof Deno.errors.NotCapable) return [];
    throw thrown;
  }
}
