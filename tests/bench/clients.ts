import { put } from "../../src/mod.ts";
import { Place } from "../process.ts";
import { Ft } from "./ft.ts";
import { compare, describe, type Load, remove, scaled, write } from "./load.ts";
import type { Measured, Outcome } from "./outcome.ts";
import { freeBytes } from "./room.ts";
import { timeRounds } from "./rounds.ts";
import { ratios } from "./statistics.ts";
import { usageOf } from "./usage.ts";
import type { Setting, Workload } from "./workload.ts";

const MiB = 1024 * 1024;
/** What each client sends where the room of the place allows it. */
const MEMORY_LOAD: Load = { size: 100_000_000, files: 1, folders: 0 };
/** 250 MB. */
const GOAL_MIB = 250e6 / MiB;
/** Clients at once, and the most they may take of one client's time for the same bytes. */
const CLIENTS = [{ clients: 8 }, { clients: 64, goal: 1 / 0.95 }, { clients: 256 }];
/** How much slower the slowest of them may be than the fastest. */
const FAIRNESS_GOAL = 2;

/** Many clients in this process, each with a connection and an identity of its own. */
class Clients {
  readonly #ft: Ft;
  readonly #source: string;
  /** Seconds that each of them took the last time. */
  seconds: number[] = [];

  constructor(ft: Ft, source: string) {
    this.#ft = ft;
    this.#source = source;
  }

  /** Uploads the source under `files` names, spread over so many clients. */
  async put(clients: number, files: number): Promise<void> {
    const began = performance.now();
    this.seconds = await Promise.all(
      Array.from({ length: clients }, async (_, client) => {
        const own = Array.from({ length: files }, (_, file) => file)
          .filter((file) => file % clients === client)
          .map((file) => ({ path: this.#source, name: `file ${file}` }));
        const state = `${this.#ft.client.folder}/state ${client}`;
        const results = await put(own, { server: this.#ft.server.address, state });
        for (const result of results) if ("error" in result) throw result.error;
        return (performance.now() - began) / 1000;
      }),
    );
  }

  check(files: number): void {
    for (let file = 0; file < files; file++) compare(this.#source, this.#uploaded(file));
  }

  remove(files: number): void {
    for (let file = 0; file < files; file++) remove(this.#uploaded(file));
  }

  #uploaded(file: number): string {
    return this.#ft.server.path(`uploads/file ${file}`);
  }
}

/** The same files by one client and by many together. */
export const TOGETHER: Workload = {
  name: "256 x 4.0 MiB, put, 1 to 256 clients",
  isLong: true,
  async run({ random, rounds, scale, say }): Promise<Outcome> {
    const files = 256;
    const load = { size: Math.ceil(4 * MiB / scale), files: 1, folders: 0 };
    await using place = new Place();
    const ft = await Ft.start(place);
    const source = `${place.path}/source`;
    write(load, source, random);
    const all = new Clients(ft, source);
    const fairness = new Map<number, number[]>();
    const contestants = [1, ...CLIENTS.map(({ clients }) => clients)].map((clients) => ({
      name: named(clients),
      prepare: () => all.remove(files),
      move: () => all.put(clients, files),
      check: () => {
        all.check(files);
        all.remove(files);
        const slower = Math.max(...all.seconds) / Math.min(...all.seconds);
        fairness.set(clients, [...fairness.get(clients) ?? [], slower]);
      },
    }));
    const times = await timeRounds(contestants, rounds, say);
    const one = times.get(named(1)) ?? [];
    const seconds = [...times].map(([name, values]): Measured => ({ name, unit: "s", values }));
    const compared = CLIENTS.flatMap(({ clients, goal }): Measured[] => {
      const name = `${clients} clients / 1 client`;
      const values = ratios(times.get(named(clients)) ?? [], one);
      const slowest = `slowest / fastest of ${clients}`;
      const fair = (fairness.get(clients) ?? []).slice(-rounds);
      return goal === undefined
        ? [{ name, unit: "x", values }, { name: slowest, unit: "x", values: fair }]
        : [
          { name, unit: "x", values, goal },
          { name: slowest, unit: "x", values: fair, goal: FAIRNESS_GOAL },
        ];
    });
    const workload = `${files} x ${describe(load)}, put, 1 to 256 clients`;
    return { workload, bytes: files * load.size, measured: [...seconds, ...compared] };
  },
};

function named(clients: number): string {
  return clients === 1 ? "1 client" : `${clients} clients`;
}

/** The server's memory with 64 uploads at once. */
export const SERVER_MEMORY: Workload = {
  name: "server's memory, 64 uploads",
  isLong: true,
  async run(setting: Setting): Promise<Outcome> {
    const clients = 64;
    await using place = new Place();
    // A server leaves some of it free.
    const room = 0.85 * freeBytes(place.path) / (clients + 1);
    const wanted = scaled(MEMORY_LOAD, setting.scale);
    const load = { ...wanted, size: Math.min(wanted.size, Math.floor(room / MiB) * MiB) };
    const source = `${place.path}/source`;
    write(load, source, setting.random);
    const ft = await Ft.start(place);
    const idle = usageOf(ft.server.running.pid).peak;
    const all = new Clients(ft, source);
    await all.put(clients, clients);
    const { peak, cpu } = usageOf(ft.server.running.pid);
    all.check(clients);
    const bytes = clients * load.size;
    return {
      workload: `server's memory, 64 uploads of ${describe(load)}`,
      bytes,
      measured: [
        { name: "peak with nothing to do", unit: "MiB", values: [idle] },
        { name: "peak", unit: "MiB", values: [peak], goal: GOAL_MIB },
        { name: "processor time", unit: "s/GiB", values: [cpu / (bytes / 1024 ** 3)] },
      ],
    };
  },
};
