import { pause } from "../clock.ts";
import { FtError } from "../error.ts";
import { chainToPem, readCertificate } from "./certificate.ts";
import { type Endpoint, formatEndpoint } from "./endpoint.ts";
import type { PresentedKey } from "./security.ts";
import type { Socket } from "./socket.ts";

/** Milliseconds that the server gets to say the same. */
const FAREWELL_MS = 500;

/**
 * The key that whoever answers at `endpoint` shows. Nothing is sent to it, and nothing proves that
 * it has that key: only a dial by what is returned here does.
 *
 * @throws FtError `refused`, `unreachable`, `timeout`, `lost` or `protocol`, or whatever `signal`
 * was aborted with.
 */
export async function probe(endpoint: Endpoint, signal?: AbortSignal): Promise<PresentedKey> {
  const { openNodeTls } = await import("./node_tls.ts");
  // Any name will do: what the server says of itself is only looked at.
  const options = { rejectUnauthorized: false, servername: "probe.ft.invalid" };
  const socket = await openNodeTls(endpoint, options, signal);
  try {
    const { chain } = socket;
    const [leaf] = chain;
    if (leaf === undefined) {
      throw new FtError("protocol", `${formatEndpoint(endpoint)} shows no certificate.`);
    }
    const { pin } = await readCertificate(leaf);
    // Leaves as one leaves, and hears the server out: it need not wonder what became of us.
    await socket.closeWrite();
    const heard = new AbortController();
    await Promise.race([hearOut(socket), pause(FAREWELL_MS, heard.signal)]);
    heard.abort();
    return { pin, certificate: chainToPem(chain) };
  } finally {
    socket.close();
  }
}

/** Drops what still comes, to its end. */
async function hearOut(socket: Socket): Promise<void> {
  const block = new Uint8Array(1024);
  try {
    while (await socket.read(block) !== null);
  } catch {
    // It has gone.
  }
}
