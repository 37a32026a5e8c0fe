import { ISLAND, makeIsland } from "../island.ts";
import type { PeerKind } from "../peer.ts";
import { freePort, run, startService } from "../service.ts";

/**
 * magic-wormhole with a mailbox server of its own. Both sides are found by it and then connect
 * without a relay, as in one network. Neither serves, so both directions are the same.
 */
export const WORMHOLE: PeerKind = {
  name: "magic-wormhole",
  programs: ["wormhole", "twist", "timeout", ...ISLAND],
  promises: "encrypted, verified",
  async start({ own, stack }) {
    const within = await makeIsland(stack);
    const port = freePort();
    const mailbox = [`--port=tcp:${port}:interface=127.0.0.1`, `--channel-db=${own}/mailbox`];
    await startService(stack, port, ...within, "twist", "wormhole-mailbox", ...mailbox);
    // One side waits for the other without end.
    const limited = [...within, "timeout", "600"];
    const wormhole = [...limited, "wormhole", "--relay-url", `ws://127.0.0.1:${port}/v1`];
    let copies = 0;
    return {
      takes: () => true,
      async copy({ from, to }) {
        const code = `${++copies}-a-code-of-its-own`;
        const receive = ["receive", "--hide-progress", "--accept-file", "--output-file", to, code];
        await Promise.all([
          run(...wormhole, "send", "--hide-progress", "--no-qr", "--code", code, from),
          run(...wormhole, ...receive),
        ]);
      },
    };
  },
};
