import type { PeerKind } from "../peer.ts";
import { run } from "../service.ts";

/** One program that reads and writes: what no network can beat. */
export const CP: PeerKind = {
  name: "cp",
  programs: ["cp"],
  promises: "nothing, no network",
  start: () =>
    Promise.resolve({
      takes: () => true,
      copy: ({ from, to }) => run("cp", "-r", "--reflink=never", from, to),
    }),
};
