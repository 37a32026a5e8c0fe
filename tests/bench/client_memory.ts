import { ftCommand, Place } from "../process.ts";
import { Ft } from "./ft.ts";
import { compare, describe, remove, scaled, write } from "./load.ts";
import type { Measured, Outcome } from "./outcome.ts";
import { findProgram } from "./service.ts";
import { usageOf } from "./usage.ts";
import type { Workload } from "./workload.ts";

const MiB = 1024 * 1024;
/** 150 MB. */
const GOAL_MIB = 150e6 / MiB;

/** The peak memory of a client and the processor time of both sides, by the size of the file. */
export const CLIENT_MEMORY: Workload = {
  name: "client's memory",
  isLong: true,
  async run({ random, scale, absent }): Promise<Outcome | undefined> {
    const time = findProgram("time");
    if (time === undefined) {
      absent("client's memory: GNU time not installed");
      return undefined;
    }
    const measured: Measured[] = [];
    for (const size of [MiB, 1024 * MiB]) {
      await using place = new Place();
      const load = scaled({ size, files: 1, folders: 0 }, scale);
      const ft = await Ft.start(place);
      const { server, client } = ft;
      const offered = ft.offered("file");
      write(load, offered, random);
      for (const way of ["put", "get"] as const) {
        const before = usageOf(server.running.pid).cpu;
        const arg = way === "put" ? offered : "file";
        const report = `${place.path}/report`;
        const command = [time, "-f", "%M %U %S", "-o", report, ...ftCommand(way, "-q", arg)];
        const { code, stderr } = await place.start(command, {
          cwd: client.folder,
          env: { ...client.env, NODE_EXTRA_CA_CERTS: "" },
        }).finished;
        if (code !== 0) throw new Error(stderr);
        const there = way === "put" ? server.path("uploads/file") : client.path("downloads/file");
        compare(offered, there);
        remove(there);
        const [kib = NaN, user = NaN, system = NaN] = Deno.readTextFileSync(report).split(" ").map(
          Number,
        );
        const name = `${way} of ${describe(load)}`;
        measured.push({ name, unit: "MiB", values: [kib / 1024], goal: GOAL_MIB });
        if (size === MiB) continue;
        const gib = load.size / 1024 ** 3;
        const serving = usageOf(server.running.pid).cpu - before;
        measured.push(
          { name: `${name}, client`, unit: "s/GiB", values: [(user + system) / gib] },
          { name: `${name}, server`, unit: "s/GiB", values: [serving / gib] },
        );
      }
    }
    return { workload: "client's memory", bytes: 0, measured };
  },
};
