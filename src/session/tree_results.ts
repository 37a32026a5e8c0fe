import type { FtError } from "../error.ts";
import { MANIFEST_ENTRIES } from "../protocol/limits.ts";
import type { MessageOf } from "../protocol/message.ts";
import { encodeRuns } from "../protocol/runs.ts";
import type { Receipt } from "../storage/store.ts";
import { inToldName } from "./told_name.ts";
import { toldFailure } from "./transfer.ts";

/** Failures of one RESULT: each may be long. */
const FAULTS = 64;

/** Results of entries on their way to the sender. */
export class TreeResults {
  readonly #outcomes = new Map<Receipt["outcome"], number[]>();
  readonly #failed: Array<{ readonly index: number; readonly failure: FtError }> = [];

  /** What became of a file. */
  add(index: number, outcome: Receipt["outcome"]): void {
    const indexes = this.#outcomes.get(outcome) ?? [];
    indexes.push(index);
    this.#outcomes.set(outcome, indexes);
  }

  /** Why an entry failed; the sender's own failures are no news to it. */
  fail(index: number, failure: FtError): void {
    if (failure.side === "there") return;
    this.#failed.push({ index, failure });
  }

  /**
   * The fields of the messages that tell them, to a sender who calls the tree `told` where that may
   * not know what it is called here, which is `kept`.
   */
  *messages(
    kept: string | undefined,
    told: string | undefined,
  ): Generator<Omit<MessageOf<"result">, "kind" | "id">> {
    for (const [outcome, indexes] of this.#outcomes) {
      const sorted = indexes.sort((a, b) => a - b);
      for (const runs of encodeRuns(sorted, MANIFEST_ENTRIES)) yield { [outcome]: runs };
    }
    for (let at = 0; at < this.#failed.length; at += FAULTS) {
      const failed = this.#failed.slice(at, at + FAULTS);
      const fault = (failure: FtError) => toldFailure(inToldName(failure, kept, told));
      yield { failed: failed.map(({ index, failure }) => ({ index, ...fault(failure) })) };
    }
  }
}
