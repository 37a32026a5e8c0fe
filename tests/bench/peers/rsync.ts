import { writeFile } from "../../files.ts";
import type { Copy, Peer, PeerKind, Site } from "../peer.ts";
import { freePort, run, startService } from "../service.ts";
import { startSsh } from "./ssh.ts";

/** What a folder's name has to end with so that its copy gets another name. */
function inside(path: string, { isFolder }: Copy): string {
  return isFolder ? `${path}/` : path;
}

async function rsync(copy: Copy, host: string, ...options: readonly string[]): Promise<void> {
  const { from, to, way } = copy;
  const [source, target] = way === "put" ? [from, `${host}${to}`] : [`${host}${from}`, to];
  await run("rsync", "-aW", ...options, inside(source, copy), target);
}

/** rsync to a daemon of its own: not encrypted. */
async function startDaemon({ root, own, stack }: Site, ...more: readonly string[]): Promise<Peer> {
  const port = freePort();
  const module = ["[all]", `path = ${root}`, "read only = no"];
  const whole = ["use chroot = no", "uid = root", "gid = root", `pid file = ${own}/pid`];
  const lines = Deno.uid() === 0 ? whole : whole.filter((line) => !line.endsWith(" root"));
  writeFile(`${own}/conf`, [...lines, ...module, ""].join("\n"));
  const at = ["--address=127.0.0.1", `--port=${port}`, `--config=${own}/conf`];
  await startService(stack, port, "rsync", "--daemon", "--no-detach", ...at);
  return {
    takes: () => true,
    copy: (copy) => {
      const below = (path: string) => path.slice(root.length);
      const { from, to, way } = copy;
      const paths = way === "put" ? { from, to: below(to) } : { from: below(from), to };
      return rsync({ ...copy, ...paths }, `rsync://127.0.0.1:${port}/all`, ...more);
    },
  };
}

/** rsync -W to its daemon. */
export const RSYNC_DAEMON: PeerKind = {
  name: "rsync daemon",
  programs: ["rsync"],
  promises: "verified",
  start: (site) => startDaemon(site),
};

/** The same, syncing every file: for folders on a disk. */
export const RSYNC_FSYNC: PeerKind = {
  name: "rsync daemon --fsync",
  programs: ["rsync"],
  promises: "verified, synced",
  start: (site) => startDaemon(site, "--fsync"),
};

/** rsync -W over ssh. */
export const RSYNC_SSH: PeerKind = {
  name: "rsync over ssh",
  programs: ["rsync", "ssh", "sshd", "ssh-keygen"],
  promises: "encrypted, verified",
  async start(site) {
    const { port, options } = await startSsh(site);
    const shell = ["ssh", "-p", String(port), ...options].join(" ");
    return {
      takes: () => true,
      copy: (copy) => rsync(copy, "127.0.0.1:", "-e", shell),
    };
  },
};
