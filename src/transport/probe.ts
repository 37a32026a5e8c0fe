import { FtError } from "../error.ts";
import { chainToPem, readCertificate } from "./certificate.ts";
import { type Endpoint, formatEndpoint } from "./endpoint.ts";
import type { PresentedKey } from "./security.ts";

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
    // Leaves as one leaves: the server need not wonder what became of us.
    await socket.closeWrite();
    return { pin, certificate: chainToPem(chain) };
  } finally {
    socket.close();
  }
}
