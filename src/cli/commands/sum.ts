import { toFailure } from "../../error.ts";
import { sum } from "../../verbs/sum.ts";
import type { Options } from "../arguments.ts";
import { exitFor } from "../report.ts";
import { withSignals } from "../shell.ts";
import { escapeText } from "../text.ts";
import { show, tellFailure } from "../voice.ts";

/** `ft sum FILE...` */
export function runSum(files: readonly string[], _options: Options): Promise<number> {
  return withSignals(async (signal) => {
    const failures = [];
    for (const file of files) {
      try {
        const digest = await sum(file, signal);
        show(
          () => `${digest}  ${escapeText(file)}\n`,
          () => [{ what: "digest", name: file, digest }],
        );
      } catch (thrown) {
        const failure = toFailure(thrown);
        if (signal.aborted || failure.code === "unexpected") throw thrown;
        tellFailure(failure, { name: file });
        failures.push(failure);
      }
    }
    return exitFor(failures);
  });
}
