import { writeFile } from "../../files.ts";
import type { Site } from "../peer.ts";
import { freePort, run, startService } from "../service.ts";

/** What a client of OpenSSH's server has to know. */
export interface Ssh {
  readonly host: string;
  readonly port: number;
  /** Options of ssh and scp alike. */
  readonly options: readonly string[];
}

/** Starts OpenSSH's server as it is installed, but for where it listens and whom it knows. */
export async function startSsh({ own, stack }: Site, host = "127.0.0.1"): Promise<Ssh> {
  // sshd refuses to start without the folder that its service makes.
  await run("mkdir", "-p", "/run/sshd").catch(() => {});
  const port = freePort();
  for (const name of ["host", "user"]) {
    await run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", `${own}/${name}`);
  }
  writeFile(`${own}/allowed`, Deno.readTextFileSync(`${own}/user.pub`));
  Deno.chmodSync(`${own}/allowed`, 0o600);
  const server = [
    `ListenAddress=${host}:${port}`,
    `HostKey=${own}/host`,
    `AuthorizedKeysFile=${own}/allowed`,
    "StrictModes=no",
    "PermitRootLogin=yes",
    `PidFile=${own}/pid`,
  ].flatMap((option) => ["-o", option]);
  await startService(stack, port, "sshd", "-D", ...server);
  const options = [
    "IdentitiesOnly=yes",
    `IdentityFile=${own}/user`,
    `UserKnownHostsFile=${own}/known`,
    "StrictHostKeyChecking=accept-new",
    "BatchMode=yes",
  ].flatMap((option) => ["-o", option]);
  return { host, port, options: ["-F", "none", ...options] };
}
