import type { ClientSession } from "../session/client_session.ts";
import type { TreeDownload } from "../session/client_trees.ts";
import type { Listener } from "../session/event.ts";
import type { TreeReport } from "../session/tree_report.ts";
import type { About } from "../storage/store.ts";

/** What became of a folder that was fetched. */
export interface FetchedTree extends TreeReport {
  /** Files that the server lacks as well; not there when it lacks none. */
  readonly missing?: number | undefined;
}

/** Files that the server lacks of a folder, as far as its report says. */
export function missingOf(report: FetchedTree): number | undefined {
  return report.missing;
}

/** Fetches a folder over a session. */
export async function downloadTree(
  session: ClientSession,
  request: Omit<TreeDownload, "onWanted" | "onVerified" | "onOutcome">,
  { id, onEvent }: { readonly id: number; readonly onEvent?: Listener | undefined },
): Promise<FetchedTree> {
  const { target, room, name } = request;
  let about: Promise<About | undefined> | undefined;
  const fetched = await session.downloadTree({
    ...request,
    onWanted: (wanted, bytes) => {
      const files = wanted.length;
      // Asked while it is surely there: the last download of a folder takes it away.
      about ??= session.about(room, name).catch(() => undefined);
      onEvent?.({ kind: "started", id, name: target, size: bytes, held: 0, files });
      if (!request.dry) return;
      for (const { path, size } of wanted) {
        onEvent?.({ kind: "planned", id, name: `${target}/${path}`, size });
      }
    },
    onVerified: (verified) => onEvent?.({ kind: "progress", id, verified }),
    onOutcome: ({ path, size }, outcome) =>
      onEvent?.({ kind: "file", id, name: `${target}/${path}`, size, outcome }),
  });
  const missing = (await about)?.missing;
  const report: FetchedTree = missing === undefined ? fetched : { ...fetched, missing };
  if (!request.dry) onEvent?.({ kind: "tree", id, name: target, report });
  return report;
}
