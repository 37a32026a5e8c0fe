import type { FtError } from "../error.ts";
import { MANIFEST_ENTRIES } from "../protocol/limits.ts";
import type { MessageOf, TreeFault } from "../protocol/message.ts";
import { encodeRuns } from "../protocol/runs.ts";
import type { Receipt } from "../storage/store.ts";
import { toldFailure } from "./transfer.ts";

/** Failures of one RESULT: each may be long. */
const FAULTS = 64;

/** Results of entries on their way to the sender. */
export class TreeResults {
  readonly #outcomes = new Map<Receipt["outcome"], number[]>();
  readonly #failed: TreeFault[] = [];

  /** What became of a file. */
  add(index: number, outcome: Receipt["outcome"]): void {
    const indexes = this.#outcomes.get(outcome) ?? [];
    indexes.push(index);
    this.#outcomes.set(outcome, indexes);
  }

  /** Why an entry failed; the sender's own failures are no news to it. */
  fail(index: number, failure: FtError): void {
    if (failure.side === "there") return;
    this.#failed.push({ index, ...toldFailure(failure) });
  }

  /** The fields of the messages that tell them. */
  *messages(): Generator<Omit<MessageOf<"result">, "kind" | "id">> {
    for (const [outcome, indexes] of this.#outcomes) {
      const sorted = indexes.sort((a, b) => a - b);
      for (const runs of encodeRuns(sorted, MANIFEST_ENTRIES)) yield { [outcome]: runs };
    }
    for (let at = 0; at < this.#failed.length; at += FAULTS) {
      yield { failed: this.#failed.slice(at, at + FAULTS) };
    }
  }
}
