import { CP } from "./peers/cp.ts";
import { CROC } from "./peers/croc.ts";
import { COPYPARTY, DUFS, MINISERVE } from "./peers/http.ts";
import { NGINX } from "./peers/nginx.ts";
import { RSYNC_DAEMON, RSYNC_FSYNC, RSYNC_SSH } from "./peers/rsync.ts";
import { SCP } from "./peers/scp.ts";
import { SENDME } from "./peers/sendme.ts";
import { SOCAT } from "./peers/socat.ts";
import { TAR } from "./peers/tar.ts";
import { WORMHOLE } from "./peers/wormhole.ts";
import type { Peer, PeerKind } from "./peer.ts";
import { findProgram } from "./service.ts";

/** Everything that ft is measured beside, where it is installed. */
const PEERS: readonly PeerKind[] = [
  SCP,
  RSYNC_SSH,
  RSYNC_DAEMON,
  RSYNC_FSYNC,
  NGINX,
  TAR,
  SOCAT,
  CP,
  CROC,
  SENDME,
  WORMHOLE,
  COPYPARTY,
  DUFS,
  MINISERVE,
];

/** A peer that runs. */
export interface RunningPeer extends Peer {
  readonly name: string;
  readonly promises: string;
}

/**
 * Starts every peer that is installed, below one root.
 *
 * @param absent Hears of every other one, and why.
 */
export async function startPeers(
  root: string,
  stack: AsyncDisposableStack,
  absent: (text: string) => void,
): Promise<RunningPeer[]> {
  const running: RunningPeer[] = [];
  for (const { name, programs, promises, start } of PEERS) {
    const missing = programs.filter((program) => findProgram(program) === undefined);
    if (missing.length > 0) {
      absent(`${name}: ${missing.join(" and ")} not installed`);
      continue;
    }
    const own = `${root}/peers/${name.replaceAll(/\W+/g, "-")}`;
    Deno.mkdirSync(own, { recursive: true, mode: 0o700 });
    try {
      const peer = await start({ root, own, stack });
      running.push({ ...peer, name, promises });
    } catch (thrown) {
      absent(`${name}: ${thrown instanceof Error ? thrown.message : thrown}`);
    }
  }
  return running;
}
