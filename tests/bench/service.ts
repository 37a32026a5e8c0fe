/**
 * Programs of the machine, and those of them that serve.
 *
 * @module
 */
import { exists, until } from "../files.ts";

/** Where programs are that are not on every user's PATH. */
const SYSTEM = ["/usr/sbin", "/usr/local/sbin", "/usr/libexec"];

/** The path of a program; undefined where it is not installed. */
export function findProgram(name: string): string | undefined {
  const folders = [...(Deno.env.get("PATH") ?? "").split(":"), ...SYSTEM];
  return folders.map((folder) => `${folder}/${name}`).find((path) => exists(path));
}

/** Runs a program to its end. Throws what it says when it fails. */
export async function run(...[program = "", ...args]: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, {
    args,
    stdin: "null",
    stdout: "null",
  }).output();
  if (!success) throw new Error(`${program}: ${new TextDecoder().decode(stderr).trim()}`);
}

/** What a short program writes. */
export function read(...[program = "", ...args]: readonly string[]): string {
  const { stdout } = new Deno.Command(program, { args, stderr: "null" }).outputSync();
  return new TextDecoder().decode(stdout);
}

/** A port of this machine where nobody listens. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/**
 * Waits until somebody listens on a port, without connecting: some take one connection only.
 *
 * @param of The process whose network it is.
 */
export async function listening(port: number, of: number | "self" = "self"): Promise<void> {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  const pattern = new RegExp(`:${hex} [0:]+ 0A `);
  await until(
    "listener",
    () => pattern.test(read("cat", `/proc/${of}/net/tcp`, `/proc/${of}/net/tcp6`)),
  );
}

/** Starts a program that serves until the stack is disposed of, and waits until it listens. */
export async function startService(
  stack: AsyncDisposableStack,
  port: number,
  ...[program = "", ...args]: readonly string[]
): Promise<void> {
  // By its full path, which sshd starts itself again by.
  const child = new Deno.Command(findProgram(program) ?? program, {
    args,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  stack.defer(async () => {
    try {
      child.kill();
    } catch {
      // It has ended by itself.
    }
    await child.status;
  });
  await listening(port, child.pid);
}
