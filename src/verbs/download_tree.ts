import type { ClientSession } from "../session/client_session.ts";
import type { TreeDownload } from "../session/client_trees.ts";
import type { Listener } from "../session/event.ts";
import type { TreeReport } from "../session/tree_report.ts";

/** Fetches a folder over a session. */
export async function downloadTree(
  session: ClientSession,
  request: Omit<TreeDownload, "onWanted" | "onVerified" | "onOutcome">,
  { id, onEvent }: { readonly id: number; readonly onEvent?: Listener | undefined },
): Promise<TreeReport> {
  const { target } = request;
  const report = await session.downloadTree({
    ...request,
    onWanted: (wanted, bytes) => {
      const files = wanted.length;
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
  if (!request.dry) onEvent?.({ kind: "tree", id, name: target, report });
  return report;
}
