import type { Random } from "../random.ts";
import type { Outcome } from "./outcome.ts";
import type { Settings } from "./settings.ts";

/** What a workload runs with. */
export interface Setting extends Settings {
  readonly random: Random;
  say(text: string): void;
  /** Hears of what cannot be measured on this machine, and why. */
  absent(text: string): void;
}

/** One thing that is measured, in a place of its own. */
export interface Workload {
  readonly name: string;
  /** Whether a quick run leaves it out. */
  readonly isLong: boolean;
  /** Undefined when it cannot be run here, which it has said. */
  run(setting: Setting): Promise<Outcome | undefined>;
}
