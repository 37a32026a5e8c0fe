import type { TreeEntry, TreeFailure } from "./tree.ts";
export function finishTree(
  root: string,
  entries: readonly TreeEntry[],
  _o: { mtime: number | undefined },
): { failures: TreeFailure[]; folders: Set<string> } {
  for (const e of entries) {
    if (e.kind === "folder") Deno.mkdirSync(`${root}/${e.path}`, { recursive: true });
  }
  for (const e of entries) {
    if (e.kind === "link") {
      try {
        Deno.symlinkSync(e.target ?? "", `${root}/${e.path}`);
      } catch { /* tmp */ }
    }
  }
  return { failures: [], folders: new Set([root]) };
}
