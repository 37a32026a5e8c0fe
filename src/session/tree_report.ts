import { FAILURES, FtError } from "../error.ts";
import type { Receipt } from "../storage/store.ts";
import type { TreeFailure } from "../storage/tree.ts";

/** Most characters of failures that are kept in their own words: a peer may say long ones of all. */
const KEPT_CHARACTERS = 1024 * 1024;
/** What a failure counts beside its words. */
const FAILURE_CHARACTERS = 256;

/** What became of one entry. */
export type TreeOutcome = Receipt["outcome"] | FtError;

/** What became of a tree. */
export interface TreeReport {
  /** The name it has where it was received. */
  readonly name: string;
  /** Files by what became of them. */
  readonly files: { readonly [O in Receipt["outcome"]]: number };
  /** Bytes of the files that travelled. */
  readonly bytes: number;
  /** What failed, by its path below the tree. */
  readonly failures: readonly TreeFailure[];
}

/** Counts what becomes of the entries of a tree. */
export class TreeTally {
  readonly #files = { new: 0, replaced: 0, same: 0, skipped: 0 };
  readonly #failures = new Map<string, FtError>();
  /** What stands for failures whose own words are not kept. */
  readonly #brief = new Map<string, FtError>();
  #characters = 0;
  #bytes = 0;

  /** What became of one file; `size` in bytes. */
  count(outcome: Receipt["outcome"], size: number): void {
    this.#files[outcome]++;
    if (outcome === "new" || outcome === "replaced") this.#bytes += size;
  }

  /** What failed; of one path the first failure counts. Of very many only the codes are kept. */
  fail(path: string, error: FtError): void {
    if (this.#failures.has(path)) return;
    const { code, side, message, hint = "" } = error;
    this.#characters += FAILURE_CHARACTERS + message.length + hint.length;
    if (this.#characters <= KEPT_CHARACTERS) return void this.#failures.set(path, error);
    const key = `${code} ${side}`;
    const brief = this.#brief.get(key) ?? new FtError(code, FAILURES[code].sentence, { side });
    this.#brief.set(key, brief);
    this.#failures.set(path, brief);
  }

  /** Bytes of files that have their places. */
  get bytes(): number {
    return this.#bytes;
  }

  /** All of it. */
  report(name: string): TreeReport {
    const failures = [...this.#failures].map(([path, error]) => ({ path, error }));
    return { name, files: { ...this.#files }, bytes: this.#bytes, failures };
  }
}
