import { fileURLToPath } from "node:url";
import { exists } from "../files.ts";
import { chart } from "./chart.ts";
import type { Outcome } from "./outcome.ts";
import { median, spread } from "./statistics.ts";

/** An outcome with where and when it came about. */
interface Result extends Outcome {
  readonly date: string;
  readonly seed: number;
  readonly cores: number;
  /** The system's load over a minute, before and after: what else ran, and what this did. */
  readonly load: readonly [before: number, after: number];
}

/** What was measured on one kind of file system, kept in a file beside this one. */
export class Results {
  readonly #path: string;
  readonly #chart: string;
  readonly #results: Map<string, Result>;

  constructor(fileSystem: string) {
    const here = fileURLToPath(new URL(".", import.meta.url));
    const suffix = fileSystem === "tmpfs" ? "" : "-disk";
    this.#path = `${here}results${suffix}.json`;
    this.#chart = `${here}chart${suffix}.svg`;
    const kept: Result[] = exists(this.#path) ? JSON.parse(Deno.readTextFileSync(this.#path)) : [];
    this.#results = new Map(kept.map((result) => [result.workload, result]));
  }

  /** Keeps an outcome in place of an earlier one of the same workload. */
  add(result: Result): void {
    this.#results.set(result.workload, result);
    const all = [...this.#results.values()];
    const summed = all.map((one) => ({
      ...one,
      measured: one.measured.map((measured) => {
        const [least, most] = spread(measured.values);
        return { ...measured, median: median(measured.values), least, most };
      }),
    }));
    Deno.writeTextFileSync(this.#path, `${JSON.stringify(summed, shortened, 2)}\n`);
    // Those that are about copying have somebody beside ft.
    const copied = all.filter(({ measured }) => measured.some(({ name }) => name === "cp"));
    Deno.writeTextFileSync(this.#chart, chart(copied));
  }
}

/** Numbers as far as they mean something. */
function shortened(_: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isInteger(value)
    ? Number(value.toPrecision(5))
    : value;
}
