import { Place } from "../process.ts";
import { Ft } from "./ft.ts";
import { compare, describe, type Load, remove, scaled, write } from "./load.ts";
import type { Measured, Outcome } from "./outcome.ts";
import type { Copy } from "./peer.ts";
import { type RunningPeer, startPeers } from "./peers.ts";
import { type Contestant, timeRounds } from "./rounds.ts";
import { freeBytes } from "./room.ts";
import { run } from "./service.ts";
import { ratios } from "./statistics.ts";
import type { Setting, Workload } from "./workload.ts";

const KiB = 1024;
const GiB = 1024 ** 3;
/** Room that is left beside the source and one copy of it. */
const SPARE = 256 * 1024 ** 2;
const LARGE: Load = { size: GiB, files: 1, folders: 0 };
const SMALL: Load = { size: 4 * KiB, files: 10_000, folders: 100 };
const TINY: Load = { size: KiB, files: 1, folders: 0 };
const LARGE_GOALS = {
  "ft / scp": 1 / 1.5,
  "ft --plain / rsync daemon": 1,
};
const SMALL_GOALS = { "ft / scp": 1 / 10, "ft / rsync daemon": 1 / 0.7 };

/** Copies by ft, encrypted and plain, and by every peer that takes it, in turn. */
function copying(
  way: "put" | "get",
  load: Load,
  goals: Readonly<Record<string, number>>,
): Workload {
  const name = `${describe(load)}, ${way}`;
  const isLong = load !== LARGE && load !== SMALL && load !== TINY;
  return { name, isLong, run: (setting) => copy(way, scaled(load, setting.scale), goals, setting) };
}

/** Every workload that copies, the most important ones first. */
export const COPYING: readonly Workload[] = [
  copying("put", LARGE, LARGE_GOALS),
  copying("get", LARGE, LARGE_GOALS),
  copying("put", SMALL, SMALL_GOALS),
  copying("get", SMALL, SMALL_GOALS),
  copying("put", TINY, { "ft / scp": 0.5 }),
  copying("get", TINY, { "ft / scp": 0.5 }),
  copying("put", { size: KiB * KiB, files: 1_000, folders: 10 }, {}),
  copying("get", { size: KiB * KiB, files: 1_000, folders: 10 }, {}),
  copying("put", { ...LARGE, size: 4 * GiB }, LARGE_GOALS),
  copying("get", { ...LARGE, size: 4 * GiB }, LARGE_GOALS),
];

async function copy(
  way: "put" | "get",
  load: Load,
  goals: Readonly<Record<string, number>>,
  { random, rounds, say, absent }: Setting,
): Promise<Outcome | undefined> {
  const workload = `${describe(load)}, ${way}`;
  const bytes = load.files * load.size;
  await using place = new Place();
  const free = freeBytes(place.path);
  if (free < 2 * bytes + SPARE) {
    absent(`${workload}: ${place.path} has no room for it`);
    return undefined;
  }
  await using stack = new AsyncDisposableStack();
  const encrypted = await Ft.start(place);
  const plain = await Ft.start(place, "ft --plain");
  const source = encrypted.offered(`load of ${load.files}`);
  write(load, source, random);
  await plain.offer(source);
  const peers = await startPeers(place.path, stack, absent);
  const to = `${place.path}/copy`;
  const task: Copy = { from: source, to, way, isFolder: load.files > 1 };
  const able = peers.filter((peer) => peer.takes(task));
  const contestants = [
    encrypted.contestant(way, source),
    plain.contestant(way, source),
    ...able.map((peer) => contestant(peer, task)),
  ];
  const times = await timeRounds(contestants.map((one) => settled(one, place.path)), rounds, say);
  const promised = new Map([encrypted, plain, ...able].map((one) => [one.name, one.promises]));
  const seconds = [...times].map(([name, values]): Measured => {
    return { name, promises: promised.get(name) ?? "", unit: "s", values };
  });
  return { workload, bytes, measured: [...seconds, ...compared(seconds, goals)] };
}

/** The same, with nothing left to be written to the disk of what was copied, or removed, before. */
function settled(contestant: Contestant, path: string): Contestant {
  return {
    ...contestant,
    async prepare() {
      await contestant.prepare();
      await run("sync", "-f", path);
    },
  };
}

function contestant(peer: RunningPeer, task: Copy): Contestant {
  const { from, to } = task;
  return {
    name: peer.name,
    isPeer: true,
    async prepare() {
      remove(to);
      await peer.prepare?.(task);
    },
    async move() {
      try {
        await peer.copy(task);
      } catch (thrown) {
        // Who is left out leaves no half of it, either.
        remove(to);
        throw thrown;
      }
    },
    check: () => {
      compare(from, to);
      remove(to);
    },
  };
}

/** What ft takes of the time of each other, encrypted and plain. */
export function compared(
  seconds: readonly Measured[],
  goals: Readonly<Record<string, number>>,
): Measured[] {
  const [ours, theirs] = [true, false].map((isOurs) =>
    seconds.filter(({ name }) => name.startsWith("ft") === isOurs)
  );
  return (ours ?? []).flatMap((one) =>
    (theirs ?? []).map((other): Measured => {
      const name = `${one.name} / ${other.name}`;
      const values = ratios(one.values, other.values);
      const goal = goals[name];
      return { name, unit: "x", values, ...(goal === undefined ? {} : { goal }) };
    })
  );
}
