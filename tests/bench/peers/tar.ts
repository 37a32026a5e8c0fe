import { quoteShell } from "../../../src/cli/text.ts";
import type { PeerKind } from "../peer.ts";
import { pipePeer } from "./pipe.ts";

/** tar over nc: many files as one stream. */
export const TAR: PeerKind = {
  name: "tar over nc",
  programs: ["tar", "nc"],
  promises: "nothing",
  start: () =>
    Promise.resolve(pipePeer({
      takes: ({ isFolder }) => isFolder,
      receive: ({ to }, port) =>
        `mkdir ${quoteShell(to)}; nc -l 127.0.0.1 ${port} | tar xf - -C ${quoteShell(to)}`,
      send: ({ from }, port) => `tar cf - -C ${quoteShell(from)} . | nc -N 127.0.0.1 ${port}`,
    })),
};
