import { basename } from "node:path/posix";
import { quoteShell } from "../../../src/cli/text.ts";
import { ISLAND, makeIsland } from "../island.ts";
import type { PeerKind } from "../peer.ts";
import { freePort, run, startService } from "../service.ts";

/** What the relay needs: one port to meet at, and some to move over. */
const PORTS = 5;

/**
 * croc through a relay on this machine. Neither side serves, so both directions are the same. It
 * compresses all that it is not told not to, and nothing here shrinks.
 */
export const CROC: PeerKind = {
  name: "croc --no-compress",
  programs: ["croc", "timeout", ...ISLAND],
  promises: "encrypted, verified",
  async start({ own, stack }) {
    const within = await makeIsland(stack);
    const ports = Array.from({ length: PORTS }, freePort);
    const [port = 0] = ports;
    const relay = ["relay", "--host", "127.0.0.1", "--ports", ports.join(",")];
    await startService(stack, port, ...within, "croc", ...relay);
    const croc = `CROC_SECRET=0123-a-code-of-its-own HOME=${quoteShell(own)} timeout 600 ` +
      `croc --quiet --yes --no-compress --relay 127.0.0.1:${port}`;
    return {
      takes: () => true,
      async copy({ from, to }) {
        const received = quoteShell(`${own}/${basename(from)}`);
        // Who receives before the sender has come to the relay is sent away.
        await run(
          ...within,
          "sh",
          "-c",
          `${croc} send --no-local ${quoteShell(from)} & sender=$!
          until ${croc} --out ${quoteShell(own)} || ! kill -0 $sender; do sleep 0.05; done
          wait $sender && mv ${received} ${quoteShell(to)} || { rm -rf ${received}; exit 1; }`,
        );
      },
    };
  },
};
