/**
 * `deno task bench`: ft beside what else moves files, whole processes over loopback, in turn.
 *
 * @module
 */
import { Random, seed } from "../random.ts";
import { CLIENT_MEMORY } from "./client_memory.ts";
import { SERVER_MEMORY, TOGETHER } from "./clients.ts";
import { COPYING } from "./copying.ts";
import { FAR, LOSSY } from "./link.ts";
import { LISTING } from "./listing.ts";
import type { Outcome } from "./outcome.ts";
import { table } from "./report.ts";
import { RESUME } from "./resume.ts";
import { Results } from "./results.ts";
import { fileSystem } from "./room.ts";
import { read } from "./service.ts";
import { readSettings } from "./settings.ts";

const WORKLOADS = [
  ...COPYING,
  TOGETHER,
  SERVER_MEMORY,
  CLIENT_MEMORY,
  RESUME,
  LISTING,
  FAR,
  LOSSY,
];

function say(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

/** The system's load over the last minute. */
function systemLoad(): number {
  return Number(read("cat", "/proc/loadavg").split(" ")[0]);
}

async function main(): Promise<void> {
  const settings = readSettings(Deno.args);
  const place = Deno.env.get("TMPDIR") ?? "/tmp";
  const kind = fileSystem(place);
  const cores = navigator.hardwareConcurrency;
  say(`seed ${seed}, ${cores} cores, ${settings.rounds} rounds in turn, files on ${kind}`);
  // Sizes that are scaled say little about those that are not.
  const results = settings.scale === 1 ? new Results(kind) : undefined;
  const absent = new Set<string>();
  for (const workload of WORKLOADS) {
    if (!settings.only.test(workload.name) || settings.isQuick && workload.isLong) continue;
    const before = systemLoad();
    let outcome: Outcome | undefined;
    try {
      outcome = await workload.run({
        ...settings,
        random: new Random(seed),
        say: (text) => say(`  ${text}`),
        absent: (text) => {
          if (!absent.has(text)) say(`not measured: ${text}`);
          absent.add(text);
        },
      });
    } catch (thrown) {
      say(`${workload.name} failed: ${thrown instanceof Error ? thrown.message : thrown}`);
      Deno.exitCode = 1;
    }
    if (outcome === undefined) continue;
    say(table(outcome));
    const date = new Date().toISOString();
    results?.add({ ...outcome, date, seed, cores, load: [before, systemLoad()] });
  }
}

await main();
