import { FAILURES, FtError } from "../error.ts";
import type { TreeFailure } from "./tree.ts";

/** Most characters of failures that are kept in their own words: a peer may cause long ones of all. */
const KEPT_CHARACTERS = 1024 * 1024;
/** What a failure counts beside its words. */
const FAILURE_CHARACTERS = 256;

/** What failed of a tree. Of very many failures only the codes are kept. */
export class TreeFailures {
  readonly #failures = new Map<string, FtError>();
  /** What stands for failures whose own words are not kept. */
  readonly #brief = new Map<string, FtError>();
  #characters = 0;

  /** Adds what failed; of one path the first failure counts. */
  add(path: string, error: FtError): void {
    if (this.#failures.has(path)) return;
    const { code, side, message, hint = "" } = error;
    this.#characters += FAILURE_CHARACTERS + message.length + hint.length;
    if (this.#characters <= KEPT_CHARACTERS) return void this.#failures.set(path, error);
    const key = `${code} ${side}`;
    const brief = this.#brief.get(key) ?? new FtError(code, FAILURES[code].sentence, { side });
    this.#brief.set(key, brief);
    this.#failures.set(path, brief);
  }

  /** Whether that failed. */
  has(path: string): boolean {
    return this.#failures.has(path);
  }

  /** All of them, in the order in which they came. */
  list(): TreeFailure[] {
    return [...this.#failures].map(([path, error]) => ({ path, error }));
  }
}
