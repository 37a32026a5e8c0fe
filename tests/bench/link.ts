import { compare, describe, type Load, remove, scaled, write } from "./load.ts";
import { compared } from "./copying.ts";
import type { Measured, Outcome } from "./outcome.ts";
import { scp } from "./peers/scp.ts";
import { startSsh } from "./peers/ssh.ts";
import { ftCommand, Place } from "../process.ts";
import { timeRounds } from "./rounds.ts";
import { findProgram, run } from "./service.ts";
import type { Setting, Workload } from "./workload.ts";

const LOAD: Load = { size: 64 * 1024 * 1024, files: 1, folders: 0 };
/** The ends of the link, in a block that is set aside for measuring networks. */
const SERVER = "198.18.77.1";
const CLIENT = "198.18.77.2";
const NAMES = { space: "ft-bench", server: "ft-bench-0", client: "ft-bench-1" };

/** Half of the round trip each way. */
export const FAR: Workload = over("a round trip of 50 ms", ["delay", "25ms"]);
/** The same, and lossy both ways. */
export const LOSSY: Workload = over("50 ms and 1 % loss", ["delay", "25ms", "loss", "1%"]);

function over(link: string, quality: readonly string[]): Workload {
  const name = `${describe(LOAD)}, put, ${link}`;
  return { name, isLong: true, run: (setting) => put(name, quality, setting) };
}

/** Lays a link to a network of its own, until the stack is disposed of. */
async function lay(stack: AsyncDisposableStack, quality: readonly string[]): Promise<string[]> {
  const { space, server, client } = NAMES;
  const within = ["ip", "netns", "exec", space];
  const there = (...command: string[]) => run("ip", ...within.slice(1), ...command);
  await run("ip", "netns", "add", space);
  // The client's end goes with its network, and the server's with it.
  stack.defer(() => run("ip", "netns", "delete", space));
  await run("ip", "link", "add", server, "type", "veth", "peer", "name", client, "netns", space);
  await run("ip", "address", "add", `${SERVER}/30`, "dev", server);
  await there("ip", "address", "add", `${CLIENT}/30`, "dev", client);
  await run("ip", "link", "set", server, "up");
  await there("ip", "link", "set", client, "up");
  if (quality.length > 0) {
    await run("tc", "qdisc", "add", "dev", server, "root", "netem", ...quality);
    await there("tc", "qdisc", "add", "dev", client, "root", "netem", ...quality);
  }
  return within;
}

async function put(
  workload: string,
  quality: readonly string[],
  { random, rounds, scale, say, absent }: Setting,
): Promise<Outcome | undefined> {
  const missing = ["ip", "tc", "sshd", "scp"].filter((name) => findProgram(name) === undefined);
  if (missing.length > 0) {
    absent(`${workload}: ${missing.join(" and ")} not installed`);
    return undefined;
  }
  await using place = new Place();
  await using stack = new AsyncDisposableStack();
  let within: string[];
  try {
    within = await lay(stack, quality);
  } catch (thrown) {
    absent(`${workload}: ${thrown instanceof Error ? thrown.message : thrown}`);
    return undefined;
  }
  const load = scaled(LOAD, scale);
  const source = `${place.path}/source`;
  write(load, source, random);
  const server = await place.serve({ args: ["--host", SERVER, "--open"] });
  const client = place.client("client", server.address);
  const own = `${place.path}/ssh`;
  Deno.mkdirSync(own, { mode: 0o700 });
  const ssh = await startSsh({ root: place.path, own, stack }, SERVER);
  const uploaded = server.path("uploads/source");
  const copied = `${place.path}/copied`;
  const times = await timeRounds(
    [
      {
        name: "ft",
        prepare: () => remove(uploaded),
        async move() {
          const command = [...within, ...ftCommand("put", "-q", "--trust-first", source)];
          const { code, stderr } = await place.start(command, client).finished;
          if (code !== 0) throw new Error(stderr.trim());
        },
        check: () => compare(source, uploaded),
      },
      {
        name: "scp",
        prepare: () => remove(copied),
        move: () => scp(ssh, { from: source, to: copied, way: "put", isFolder: false }, within),
        check: () => compare(source, copied),
      },
    ],
    rounds,
    say,
  );
  const seconds = [...times].map(([name, values]): Measured => ({ name, unit: "s", values }));
  const measured = [...seconds, ...compared(seconds, { "ft / scp": 1 / 3 })];
  return { workload, bytes: load.size, measured };
}
