import { parseArgs } from "node:util";

/** How the benchmark is run. */
export interface Settings {
  /** Rounds that count. */
  readonly rounds: number;
  /** What large sizes and numbers are divided by. */
  readonly scale: number;
  /** Which workloads are run, by their names. */
  readonly only: RegExp;
  /** Whether those are left out that take long or are about more than copying. */
  readonly isQuick: boolean;
}

/**
 * Reads the arguments: `--quick` for an impression within two minutes, `--scale N` for other sizes,
 * `--rounds N`, and `--only PATTERN` for a few workloads.
 */
export function readSettings(args: readonly string[]): Settings {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: "boolean", default: false },
      scale: { type: "string" },
      rounds: { type: "string" },
      only: { type: "string", default: "" },
    },
  });
  return {
    rounds: Number(values.rounds ?? (values.quick ? 2 : 5)),
    scale: Number(values.scale ?? (values.quick ? 16 : 1)),
    only: new RegExp(values.only),
    isQuick: values.quick,
  };
}
