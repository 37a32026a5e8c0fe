import { put } from "../../src/mod.ts";
import { Place } from "../process.ts";
import { Ft } from "./ft.ts";
import { describe, type Load, scaled, write } from "./load.ts";
import type { Outcome } from "./outcome.ts";
import { freeBytes } from "./room.ts";
import { timeRounds } from "./rounds.ts";
import { ratios } from "./statistics.ts";
import type { Workload } from "./workload.ts";

const GiB = 1024 ** 3;
/** How much has arrived when it is interrupted. */
const SHARE = 0.9;
const LARGE: Load = { size: 4 * GiB, files: 1, folders: 0 };

/** What is left of an upload that was interrupted, beside all of it. */
export const RESUME: Workload = {
  name: "resume at 90 %",
  isLong: true,
  async run({ random, rounds, scale, say }): Promise<Outcome> {
    await using place = new Place();
    // Where 4 GiB have no room beside their copy, it is 1 GiB.
    const fits = freeBytes(place.path) > 2.2 * LARGE.size;
    const load = scaled(fits ? LARGE : { ...LARGE, size: GiB }, scale);
    const ft = await Ft.start(place);
    const source = `${place.path}/source`;
    write(load, source, random);
    const full = ft.contestant("put", source);
    const rest = {
      ...full,
      name: "the rest",
      async prepare() {
        await full.prepare();
        await interrupt(ft, source, SHARE * load.size);
      },
    };
    const times = await timeRounds([{ ...full, name: "all" }, rest], rounds, say);
    const [all = [], left = []] = ["all", "the rest"].map((name) => times.get(name) ?? []);
    return {
      workload: `resume ${describe(load)} at 90 %`,
      bytes: load.size,
      measured: [
        { name: "all", unit: "s", values: all },
        { name: "the rest", unit: "s", values: left },
        { name: "the rest / all", unit: "x", values: ratios(left, all), goal: 0.2 },
      ],
    };
  },
};

/** Uploads a file until so many bytes of it are verified. */
async function interrupt(ft: Ft, source: string, bytes: number): Promise<void> {
  const off = new AbortController();
  const [result] = await put([source], {
    server: ft.server.address,
    state: ft.client.env["FT_STATE"] ?? "",
    signal: off.signal,
    onEvent: (event) => event.kind === "progress" && event.verified >= bytes && off.abort(),
  });
  if (result === undefined || !("error" in result)) throw new Error("It was not interrupted.");
}
