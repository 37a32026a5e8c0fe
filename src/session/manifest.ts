import { FtError } from "../error.ts";
import { nameFault } from "../name.ts";
import { NODE_CHARACTERS, TREE_CHARACTERS, TREE_ENTRIES } from "../protocol/limits.ts";
import type { TreeEntry } from "../storage/tree.ts";
import type { OpenManifest } from "./open_manifests.ts";

/** Counts the entries of a tree's manifest, and knows those that were there before. */
export class Manifest {
  readonly #paths = new Set<string>();
  readonly #open: OpenManifest | undefined;
  #entries = 0;
  #characters = 0;

  /** `open` is what it takes of the room for all manifests, where that is limited. */
  constructor(open: OpenManifest | undefined) {
    this.#open = open;
  }

  /**
   * Counts one more entry.
   *
   * @throws FtError `limit` when there are too many, `busy` when all manifests take too much.
   */
  count({ path, target = "", digest = "" }: TreeEntry): void {
    this.#open?.take(NODE_CHARACTERS + path.length + target.length + digest.length);
    this.#entries++;
    this.#characters += path.length + target.length;
    if (this.#entries <= TREE_ENTRIES && this.#characters <= TREE_CHARACTERS) return;
    throw new FtError("limit", `A folder may hold ${TREE_ENTRIES} entries at most.`, {
      hint: "Send the folders in it one by one.",
    });
  }

  /** Entries that were counted. */
  get entries(): number {
    return this.#entries;
  }

  /** Why an entry of somebody else's cannot be kept, whatever there is where it goes. */
  fault({ path, kind, size }: TreeEntry): FtError | undefined {
    const fault = nameFault(path);
    if (fault !== undefined) {
      return new FtError("bad_name", `Cannot use the name '${path.slice(0, 300)}': ${fault}.`);
    }
    if (this.#paths.has(path)) return new FtError("bad_name", `'${path}' is offered twice.`);
    this.#paths.add(path);
    if (kind !== "file" || size !== undefined) return undefined;
    return new FtError("protocol", `The size of '${path}' is missing.`);
  }

  /** No more entries come. */
  end(): void {
    this.#paths.clear();
  }
}
