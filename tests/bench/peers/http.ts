import { basename, dirname } from "node:path/posix";
import type { Peer, PeerKind, Site } from "../peer.ts";
import { freePort, run, startService } from "../service.ts";

/** Words that have curl put a file below the root of a server. */
type Upload = (server: string, from: string, to: string) => readonly string[];

const PUT: Upload = (server, from, to) => ["-T", from, `${server}${encodeURI(to)}`];

/** A server's place on the web as curl sees it. */
export function curl({ root }: Site, port: number, upload: Upload = PUT): Peer {
  const server = `http://127.0.0.1:${port}`;
  const below = (path: string) => path.slice(root.length);
  return {
    takes: ({ isFolder }) => !isFolder,
    copy: ({ from, to, way }) =>
      way === "put"
        ? run("curl", "-sSf", "-o", "/dev/null", ...upload(server, from, below(to)))
        : run("curl", "-sSf", "-o", to, `${server}${encodeURI(below(from))}`),
  };
}

/** curl and a server of files that is told all by its arguments. */
function httpPeer(
  name: string,
  args: (port: string, site: Site) => readonly string[],
  upload?: Upload,
): PeerKind {
  return {
    name,
    programs: ["curl", name],
    promises: "nothing",
    async start(site) {
      const port = freePort();
      // Without a folder of its own for what it keeps, it would be the user's.
      const home = `XDG_CONFIG_HOME=${site.own}`;
      await startService(site.stack, port, "env", home, name, ...args(String(port), site));
      return curl(site, port, upload);
    },
  };
}

/** copyparty, which takes nothing into memory that is not told to. */
export const COPYPARTY: PeerKind = httpPeer(
  "copyparty",
  (port, { root }) => ["-q", "--wram", "-i", "127.0.0.1", "-p", port, "-v", `${root}::rw`],
);

/** dufs with all that it allows. */
export const DUFS: PeerKind = httpPeer(
  "dufs",
  (port, { root }) => ["-A", "-b", "127.0.0.1", "-p", port, root],
);

/** miniserve, which takes files as a form does. */
export const MINISERVE: PeerKind = httpPeer(
  "miniserve",
  (port, { root }) => ["-u", "-i", "127.0.0.1", "-p", port, root],
  (server, from, to) => {
    const form = `path=@${from};filename=${basename(to)}`;
    return ["-F", form, `${server}/upload?path=${encodeURIComponent(dirname(to))}`];
  },
);
