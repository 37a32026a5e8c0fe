import { FtError } from "../error.ts";
import { toName } from "../name.ts";
import type { ClientSession } from "../session/client_session.ts";
import type { Listener } from "../session/event.ts";
import { digestIn } from "../session/small_file.ts";
import type { TreeReport } from "../session/tree_report.ts";
import { acceptTerms } from "../session/terms.ts";
import { type Links, openEntry, type TreeEntry, walkTree } from "../storage/local_tree.ts";
import type { Conflict, Source, Terms } from "../storage/store.ts";
import type { TreeEntry as Sent, TreeFailure, TreeSource } from "../storage/tree.ts";

/** How a folder is sent. */
export interface TreeOptions {
  /** Patterns of what stays behind, as gitignore has them. */
  readonly exclude?: readonly string[] | undefined;
  /** What becomes of symbolic links; `keep` when it is not said. */
  readonly links?: Links | undefined;
  /** Whether files are compared by their digests, not by size and time. */
  readonly checksum?: boolean | undefined;
  /** Whether it is only said what would travel. */
  readonly dryRun?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: Listener | undefined;
}

/** A folder of this machine that can be sent. */
class LocalTree implements TreeSource {
  readonly mtime: number | undefined;
  readonly #path: string;
  readonly #options: TreeOptions;
  readonly #name: string;
  /** Only of these paths and what is below them. */
  readonly #only: ReadonlySet<string> | undefined;
  readonly #files = new Map<string, TreeEntry>();

  constructor(path: string, name: string, options: TreeOptions, only?: readonly string[]) {
    this.#path = path;
    this.#name = name;
    this.#options = options;
    this.#only = only === undefined ? undefined : new Set(only);
    this.mtime = Deno.statSync(path).mtime?.getTime();
  }

  async *entries(): AsyncGenerator<Sent | TreeFailure> {
    const { exclude, links, signal } = this.#options;
    const walk = walkTree(this.#path, {
      under: this.#name,
      ...(exclude === undefined ? {} : { exclude }),
      ...(links === undefined ? {} : { links }),
      signal,
    });
    for await (const found of walk) {
      if (!this.#isWanted(found.path)) continue;
      if ("kind" in found && found.kind === "file") this.#files.set(found.path, found);
      if ("error" in found) {
        yield found;
        continue;
      }
      const { path, kind, size, mtime, exec, target } = found;
      yield kind === "file"
        ? { path, kind, size, mtime, ...(exec ? { exec } : {}) }
        : { path, kind, mtime, ...(target === undefined ? {} : { target }) };
    }
  }

  #isWanted(path: string): boolean {
    if (this.#only === undefined) return true;
    // With a folder all that is in it is meant: it may have been what could not be read.
    for (let end = path.length; end > 0; end = path.lastIndexOf("/", end - 1)) {
      if (this.#only.has(path.slice(0, end))) return true;
    }
    return false;
  }

  open(path: string): Source {
    const entry = this.#files.get(path);
    if (entry === undefined) throw new FtError("not_found", `File '${path}' not found.`);
    return openEntry(entry);
  }
}

/** Sends a folder over a session; `only` says which of its entries, where not all. */
export async function uploadTree(
  session: ClientSession,
  { id, path, name, room, conflict, terms, only }: {
    /** Names it in events. */
    readonly id: number;
    readonly path: string;
    readonly name: string;
    readonly room: "private" | "shared";
    readonly conflict: Conflict;
    readonly terms?: Terms | undefined;
    readonly only?: readonly string[] | undefined;
  },
  options: TreeOptions,
): Promise<TreeReport> {
  const { onEvent, checksum = false, dryRun = false } = options;
  const source = new LocalTree(path, toName(name), options, only);
  const head = {
    name,
    room,
    conflict,
    ...(terms === undefined ? {} : acceptTerms(terms)),
    ...(source.mtime === undefined ? {} : { mtime: source.mtime }),
    ...(only === undefined ? {} : { part: true }),
    ...(dryRun ? { dry: true } : {}),
  };
  const report = await session.uploadTree({
    head,
    source,
    ...(checksum ? { digestOf: (entry) => digestIn(source, entry.path) } : {}),
    onWanted: (wanted, bytes) => {
      const files = wanted.length;
      onEvent?.({ kind: "started", id, name, size: bytes, held: 0, files });
      if (!dryRun) return;
      for (const { path, size } of wanted) {
        onEvent?.({ kind: "planned", id, name: `${name}/${path}`, size });
      }
    },
    onVerified: (verified) => onEvent?.({ kind: "progress", id, verified }),
    onOutcome: ({ path, size }, outcome) =>
      onEvent?.({ kind: "file", id, name: `${name}/${path}`, size, outcome }),
  });
  if (!dryRun) onEvent?.({ kind: "tree", id, name, report });
  return report;
}
