import { findInside } from "./confine.ts";
import type { Records } from "./records.ts";
import type { Room } from "./store.ts";
import type { TreeRecord } from "./trees.ts";

/** The tree that a name is in: the outermost one, or the one that has it. `root` is the room's. */
export function treeAround(
  records: Records | undefined,
  room: Room,
  root: string,
  name: string,
): TreeRecord | undefined {
  const parts = records === undefined ? [] : name.split("/");
  for (const at of parts.keys()) {
    const folder = parts.slice(0, at + 1).join("/");
    const tree = records?.trees.get(room, folder, findInside(root, folder)?.info);
    if (tree !== undefined) return tree;
  }
  return undefined;
}
