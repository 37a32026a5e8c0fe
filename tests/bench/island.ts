import { Running } from "../process.ts";
import { findProgram } from "./service.ts";

/** Programs that have to be installed for an island. */
export const ISLAND = ["unshare", "nsenter", "ip"];

/**
 * Makes a network of its own that has a loopback and nothing else, until the stack is disposed of:
 * what asks the world for names, relays and neighbours while it copies finds nobody there.
 *
 * @returns The words that start a program in it.
 * @throws Where a user may not make one.
 */
export async function makeIsland(stack: AsyncDisposableStack): Promise<readonly string[]> {
  // Nobody may do anything in it before whoever made it has become root there.
  const settle = `"${findProgram("ip")}" link set lo up && echo ready && exec sleep infinity`;
  const namespaces = ["--user", "--net"];
  const running = new Running(["unshare", "--map-root-user", ...namespaces, "sh", "-c", settle]);
  stack.defer(async () => {
    running.kill();
    await running.finished;
  });
  try {
    await running.waitFor(/^ready$/m);
  } catch {
    throw new Error(`no network of its own: ${running.stderr.trim()}`);
  }
  return ["nsenter", "--target", String(running.pid), "--preserve-credentials", ...namespaces];
}
