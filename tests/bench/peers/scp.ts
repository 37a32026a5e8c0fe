import type { Copy, PeerKind } from "../peer.ts";
import { run } from "../service.ts";
import { type Ssh, startSsh } from "./ssh.ts";

/**
 * Copies from or to a server of OpenSSH.
 *
 * @param within Words that start a program elsewhere, such as in a network of its own.
 */
export async function scp(
  { host, port, options }: Ssh,
  { from, to, way }: Copy,
  within: readonly string[] = [],
): Promise<void> {
  const [source, target] = way === "put" ? [from, `${host}:${to}`] : [`${host}:${from}`, to];
  const command = [...within, "scp", "-qr", "-P", String(port), ...options, source, target];
  const [program = "", ...args] = command;
  await run(program, ...args);
}

/** scp with its defaults. */
export const SCP: PeerKind = {
  name: "scp",
  programs: ["scp", "sshd", "ssh-keygen"],
  promises: "encrypted",
  async start(site) {
    const ssh = await startSsh(site);
    return { takes: () => true, copy: (copy) => scp(ssh, copy) };
  },
};
