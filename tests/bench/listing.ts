import { writeFile } from "../files.ts";
import { Place } from "../process.ts";
import { Ft } from "./ft.ts";
import type { Outcome } from "./outcome.ts";
import { timeRounds } from "./rounds.ts";
import type { Workload } from "./workload.ts";

/** A list of many files, as a whole process: all of it, and its first line. */
export const LISTING: Workload = {
  name: "list of 100000",
  isLong: true,
  async run({ rounds, scale, say }): Promise<Outcome> {
    const files = Math.ceil(100_000 / scale);
    await using place = new Place();
    const ft = await Ft.start(place);
    for (let file = 0; file < files; file++) writeFile(ft.offered(`file ${file}`), "x");
    const firsts: number[] = [];
    let output = "";
    const times = await timeRounds(
      [{
        name: "all",
        prepare: () => {},
        async move() {
          const began = performance.now();
          const running = ft.client.start("list", "public");
          await running.waitFor(/^.*file \d+ .*$/m);
          firsts.push((performance.now() - began) / 1000);
          const { code, stdout, stderr } = await running.finished;
          if (code !== 0) throw new Error(stderr);
          output = stdout;
        },
        check() {
          const names = new Set(output.match(/file \d+(?= )/g));
          if (names.size !== files) throw new Error(`${names.size} of ${files} are listed`);
        },
      }],
      rounds,
      say,
    );
    return {
      workload: `list of ${files}`,
      bytes: 0,
      measured: [
        { name: "all", unit: "s", values: times.get("all") ?? [], goal: 1 },
        { name: "first line", unit: "s", values: firsts.slice(-rounds), goal: 0.1 },
      ],
    };
  },
};
