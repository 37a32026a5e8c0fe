import { toFailure } from "../../error.ts";
import { sum } from "../../verbs/sum.ts";
import type { Options } from "../arguments.ts";
import { exitFor, failureText } from "../report.ts";
import { err, out, withSignals } from "../shell.ts";
import { escapeText } from "../text.ts";

/** `ft sum FILE...` */
export function runSum(files: readonly string[], _options: Options): Promise<number> {
  return withSignals(async (signal) => {
    const failures = [];
    for (const file of files) {
      try {
        out(`${await sum(file, signal)}  ${escapeText(file)}\n`);
      } catch (thrown) {
        const failure = toFailure(thrown);
        if (signal.aborted || failure.code === "unexpected") throw thrown;
        err(failureText(failure));
        failures.push(failure);
      }
    }
    return exitFor(failures);
  });
}
