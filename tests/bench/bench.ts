/**
 * `deno task bench`: encrypted, verified ft beside scp, whole processes over loopback, in turn.
 *
 * @module
 */
import { formatDuration } from "../../src/cli/text.ts";
import { writeFile } from "../files.ts";
import { type Client, Place, type Server } from "../process.ts";
import { Random, seed } from "../random.ts";
import { type Contestant, median, timeRounds } from "./rounds.ts";
import { Scp } from "./scp.ts";

const MiB = 1024 * 1024;
const ROUNDS = 5;
/** What is moved: a size, and how much of scp's time ft may take. */
const WORKLOADS = [
  { name: "1 GiB, put", size: 1024 * MiB, command: "put", goal: 1 / 1.5 },
  { name: "1 GiB, get", size: 1024 * MiB, command: "get", goal: 1 / 1.5 },
  { name: "1 KiB, put", size: 1024, command: "put", goal: 0.5 },
] as const;

function say(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

/** Throws unless two files are the same. */
function compare(a: string, b: string): void {
  const { success } = new Deno.Command("cmp", { args: [a, b], stderr: "null" }).outputSync();
  if (!success) throw new Error(`'${b}' is not '${a}'`);
}

function remove(path: string): void {
  try {
    Deno.removeSync(path, { recursive: true });
  } catch {
    // It is not there yet.
  }
}

/** ft as its users run it: encrypted, verified, synced before it is published. */
function ft(server: Server, client: Client, command: "put" | "get", name: string): Contestant {
  const [there, here] = command === "put"
    ? [server.path(`uploads/${name}`), client.path(name)]
    : [client.path(`downloads/${name}`), server.path(`shared_files/${name}`)];
  return {
    name: "ft",
    prepare: () => remove(there),
    async move() {
      const { code, stderr } = await client.ft(command, "-q", name);
      if (code !== 0) throw new Error(stderr);
    },
    check: () => compare(here, there),
  };
}

function scp(peer: Scp, from: string, to: string): Contestant {
  return {
    name: "scp",
    prepare: () => remove(to),
    move: () => peer.copy(from, to),
    check: () => compare(from, to),
  };
}

async function main(): Promise<void> {
  await using place = new Place();
  await using peer = await Scp.start(`${place.path}/ssh`);
  if (peer === undefined) return say("scp: OpenSSH's server is not installed; nothing to compare.");
  say(`seed ${seed}, ${navigator.hardwareConcurrency} cores, ${ROUNDS} rounds in turn`);
  const server = await place.serve();
  const client = place.client("ana", server.address);
  const random = new Random(seed);
  await client.ft("list");
  for (const { name, size, command, goal } of WORKLOADS) {
    const file = `${size}.bin`;
    const source = command === "put" ? client.path(file) : server.path(`shared_files/${file}`);
    writeFile(source, "");
    using out = Deno.openSync(source, { write: true });
    const block = random.bytes(Math.min(size, MiB));
    for (let at = 0; at < size; at += block.length) {
      // The same block throughout would be the same chunk throughout.
      new DataView(block.buffer).setUint32(0, at);
      out.writeSync(block);
    }
    const times = await timeRounds([
      ft(server, client, command, file),
      scp(peer, source, `${place.path}/copied.bin`),
    ], ROUNDS);
    const [ours, theirs] = ["ft", "scp"].map((one) => times.get(one) ?? []);
    const ratios = (ours ?? []).map((time, at) => time / (theirs?.[at] ?? NaN));
    const ratio = median(ratios);
    const shown = (list: readonly number[] = []) =>
      `${formatDuration(median(list))} (${list.map((time) => time.toFixed(2)).join(" ")})`;
    say(`${name}: ft ${shown(ours)}, scp ${shown(theirs)}`);
    say(`  ${ratio.toFixed(2)} of scp's time; the goal is ${goal.toFixed(2)} at most`);
    remove(source);
  }
}

await main();
