import { quoteShell } from "../../../src/cli/text.ts";
import type { PeerKind } from "../peer.ts";
import { pipePeer } from "./pipe.ts";

/** socat from file to file with large buffers: the practical ceiling. */
export const SOCAT: PeerKind = {
  name: "socat",
  programs: ["socat"],
  promises: "nothing",
  start: () =>
    Promise.resolve(pipePeer({
      takes: ({ isFolder }) => !isFolder,
      receive: ({ to }, port) =>
        `exec socat -u -b1048576 TCP-LISTEN:${port},bind=127.0.0.1 - > ${quoteShell(to)}`,
      send: ({ from }, port) =>
        `exec socat -u -b1048576 - TCP:127.0.0.1:${port} < ${quoteShell(from)}`,
    })),
};
