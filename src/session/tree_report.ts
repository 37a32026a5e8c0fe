import type { FtError } from "../error.ts";
import type { Receipt } from "../storage/store.ts";
import type { TreeFailure } from "../storage/tree.ts";
import { TreeFailures } from "../storage/tree_failures.ts";

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
  readonly #failures = new TreeFailures();
  #bytes = 0;

  /** What became of one file; `size` in bytes. */
  count(outcome: Receipt["outcome"], size: number): void {
    this.#files[outcome]++;
    if (outcome === "new" || outcome === "replaced") this.#bytes += size;
  }

  /** What failed; of one path the first failure counts. */
  fail(path: string, error: FtError): void {
    this.#failures.add(path, error);
  }

  /** Bytes of files that have their places. */
  get bytes(): number {
    return this.#bytes;
  }

  /** All of it. */
  report(name: string): TreeReport {
    const failures = this.#failures.list();
    return { name, files: { ...this.#files }, bytes: this.#bytes, failures };
  }
}
