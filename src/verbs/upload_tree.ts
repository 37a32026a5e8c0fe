import { toName } from "../name.ts";
import type { ClientSession } from "../session/client_session.ts";
import type { Listener } from "../session/event.ts";
import { digestIn } from "../session/small_file.ts";
import type { TreeReport } from "../session/tree_report.ts";
import { acceptTerms } from "../session/terms.ts";
import type { Links } from "../storage/local_tree.ts";
import type { Conflict, Terms } from "../storage/store.ts";
import type { TreeSource } from "../storage/tree.ts";
import { WalkedTree } from "../storage/walked_tree.ts";

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

/** A folder of this machine that can be sent; of all that is in it only what is at `only`. */
function treeAt(
  path: string,
  name: string,
  { exclude, links, signal }: TreeOptions,
  only?: readonly string[],
): TreeSource {
  const tree = new WalkedTree(path, {
    mtime: Deno.statSync(path).mtime?.getTime(),
    walk: {
      under: name,
      ...(exclude === undefined ? {} : { exclude }),
      ...(links === undefined ? {} : { links }),
      signal,
    },
  });
  if (only === undefined) return tree;
  const paths = new Set(only);
  return {
    mtime: tree.mtime,
    async *entries() {
      for await (const found of tree.entries()) if (isWithin(paths, found.path)) yield found;
    },
    open: (path) => tree.open(path),
    read: (path, into) => tree.read(path, into),
  };
}

/** Whether a path is one of these or below one. */
function isWithin(paths: ReadonlySet<string>, path: string): boolean {
  // With a folder all that is in it is meant: it may have been what could not be read.
  for (let end = path.length; end > 0; end = path.lastIndexOf("/", end - 1)) {
    if (paths.has(path.slice(0, end))) return true;
  }
  return false;
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
  const source = treeAt(path, toName(name), options, only);
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
