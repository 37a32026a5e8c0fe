/**
 * A folder of this machine that is sent: what the walk through it has seen is what is read of it.
 *
 * @module
 */
import { FtError } from "../error.ts";
import { isReal } from "./confine.ts";
import type { KnownFile, LocalSource } from "./local_source.ts";
import { openEntry, readEntry, type TreeEntry, type TreeOptions, walkTree } from "./local_tree.ts";
import type { Claim } from "./store.ts";
import type { TreeEntry as Sent, TreeFailure, TreeSource } from "./tree.ts";

/** How a folder is walked, and what is known of it. */
export interface WalkedTreeOptions {
  /** Last modification of the folder itself, in milliseconds since 1970. */
  readonly mtime: number | undefined;
  readonly walk: TreeOptions;
  readonly claim?: Claim | undefined;
  /** What is known of a file in it without reading it. */
  readonly known?: (path: string, info: Deno.FileInfo) => KnownFile;
}

/** A folder with what the walk through it saw. */
export class WalkedTree implements TreeSource {
  readonly mtime: number | undefined;
  readonly claim: Claim | undefined;
  readonly #path: string;
  readonly #options: WalkedTreeOptions;
  readonly #files = new Map<string, TreeEntry>();
  /** The folder that was last seen to be no link. */
  #real = "";

  constructor(path: string, options: WalkedTreeOptions) {
    this.#path = path;
    this.#options = options;
    this.mtime = options.mtime;
    this.claim = options.claim;
  }

  async *entries(): AsyncGenerator<Sent | TreeFailure> {
    for await (const found of walkTree(this.#path, this.#options.walk)) {
      if ("error" in found) {
        yield found;
        continue;
      }
      // Where it lies on this machine is nobody else's business.
      const { path, kind, size, mtime, exec, target } = found;
      if (kind === "file") this.#files.set(path, found);
      yield kind === "file"
        ? { path, kind, size, mtime, ...(exec ? { exec } : {}) }
        : { path, kind, mtime, ...(target === undefined ? {} : { target }) };
    }
  }

  open(path: string): LocalSource {
    const { known } = this.#options;
    return openEntry(this.#seen(path), known && ((info) => known(path, info)));
  }

  read(path: string, into: Uint8Array): void {
    const entry = this.#seen(path);
    // Once for the files of a folder, which follow each other: a link that took the place of the
    // folder while it was walked is found, one that takes it later leads to other files.
    const folder = entry.local.slice(0, entry.local.lastIndexOf("/"));
    if (folder !== this.#real && !isReal(folder || "/")) {
      throw new FtError("changed", `The folder of '${path}' is another one by now.`);
    }
    this.#real = folder;
    readEntry(entry, into);
  }

  #seen(path: string): TreeEntry {
    const entry = this.#files.get(path);
    if (entry === undefined) throw new FtError("not_found", `File '${path}' not found.`);
    return entry;
  }
}
