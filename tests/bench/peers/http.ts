import type { Peer, PeerKind, Site } from "../peer.ts";
import { freePort, run, startService } from "../service.ts";

/** A server's place on the web as curl sees it: gets, and puts where the server takes them. */
export function curl({ root }: Site, port: number, ways: readonly ("put" | "get")[]): Peer {
  const url = (path: string) => `http://127.0.0.1:${port}${encodeURI(path.slice(root.length))}`;
  return {
    takes: ({ way, isFolder }) => !isFolder && ways.includes(way),
    copy: ({ from, to, way }) =>
      way === "put"
        ? run("curl", "-sSf", "-o", "/dev/null", "-T", from, url(to))
        : run("curl", "-sSf", "-o", to, url(from)),
  };
}

/** curl and a server of files that is told all by its arguments. */
function httpPeer(
  name: string,
  ways: readonly ("put" | "get")[],
  args: (port: string, root: string) => readonly string[],
): PeerKind {
  return {
    name,
    programs: ["curl", name],
    promises: "nothing",
    async start(site) {
      const port = freePort();
      await startService(site.stack, port, name, ...args(String(port), site.root));
      return curl(site, port, ways);
    },
  };
}

/** copyparty, which takes no PUT from somebody without an account. */
export const COPYPARTY: PeerKind = httpPeer(
  "copyparty",
  ["get"],
  (port, root) => ["-q", "-i", "127.0.0.1", "-p", port, "-v", `${root}::r`],
);

/** dufs with all that it allows. */
export const DUFS: PeerKind = httpPeer(
  "dufs",
  ["put", "get"],
  (port, root) => ["-A", "-b", "127.0.0.1", "-p", port, root],
);

/** miniserve, which takes no PUT. */
export const MINISERVE: PeerKind = httpPeer(
  "miniserve",
  ["get"],
  (port, root) => ["-i", "127.0.0.1", "-p", port, root],
);
