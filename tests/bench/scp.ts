import { writeFile } from "../files.ts";

/** Where a user's programs for ssh are; sshd must be started by its full path. */
const SSHD = ["/usr/sbin/sshd", "/usr/local/sbin/sshd", "/usr/libexec/sshd"];

async function run(program: string, ...args: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, {
    args: [...args],
    stdin: "null",
    stdout: "null",
  }).output();
  if (!success) throw new Error(`${program}: ${new TextDecoder().decode(stderr)}`);
}

/** A port of this machine where nobody listens. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** scp against a server of its own on this machine, with its defaults. */
export class Scp implements AsyncDisposable {
  readonly #folder: string;
  readonly #port: number;
  readonly #server: Deno.ChildProcess;

  private constructor(folder: string, port: number, server: Deno.ChildProcess) {
    this.#folder = folder;
    this.#port = port;
    this.#server = server;
  }

  /** Starts it below a folder; undefined where OpenSSH is not installed. */
  static async start(folder: string): Promise<Scp | undefined> {
    const sshd = SSHD.find((path) => isThere(path));
    if (sshd === undefined) return undefined;
    // sshd refuses to start without the folder that its service makes.
    if (isThere("/run")) await run("mkdir", "-p", "/run/sshd").catch(() => {});
    const port = freePort();
    Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const name of ["host", "user"]) {
      await run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", `${folder}/${name}`);
    }
    writeFile(`${folder}/allowed`, Deno.readTextFileSync(`${folder}/user.pub`));
    Deno.chmodSync(`${folder}/allowed`, 0o600);
    // As it is installed, but for where it listens and whom it knows.
    const options = [
      `ListenAddress=127.0.0.1:${port}`,
      `HostKey=${folder}/host`,
      `AuthorizedKeysFile=${folder}/allowed`,
      "StrictModes=no",
      "PermitRootLogin=yes",
      `PidFile=${folder}/pid`,
    ].flatMap((option) => ["-o", option]);
    const server = new Deno.Command(sshd, {
      args: ["-D", ...options],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const scp = new Scp(folder, port, server);
    writeFile(`${folder}/probe`, "probe");
    for (let attempt = 0;; attempt++) {
      try {
        await scp.copy(`${folder}/probe`, `${folder}/probed`);
        return scp;
      } catch (thrown) {
        if (attempt === 20) throw thrown;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  }

  /** Sends a file to a path of the server. */
  async copy(from: string, to: string): Promise<void> {
    const options = [
      "IdentitiesOnly=yes",
      `IdentityFile=${this.#folder}/user`,
      `UserKnownHostsFile=${this.#folder}/known`,
      "StrictHostKeyChecking=accept-new",
      "BatchMode=yes",
    ].flatMap((option) => ["-o", option]);
    const port = String(this.#port);
    await run("scp", "-q", "-F", "none", "-P", port, ...options, from, `127.0.0.1:${to}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.kill();
    await this.#server.status;
  }
}

function isThere(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}
