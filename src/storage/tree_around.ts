import { findInside } from "./confine.ts";
import type { Records } from "./records.ts";
import type { Room } from "./store.ts";
import type { TreeRecord } from "./trees.ts";

/** The folders that a name is in, the outermost first. */
export function foldersAround(name: string): string[] {
  const parts = name.split("/").slice(0, -1);
  return parts.map((_, at) => parts.slice(0, at + 1).join("/"));
}

/** The tree that a name is in: the outermost one, or the one that has it. `root` is the room's. */
export function treeAround(
  records: Records | undefined,
  room: Room,
  root: string,
  name: string,
): TreeRecord | undefined {
  if (records === undefined) return undefined;
  for (const folder of [...foldersAround(name), name]) {
    const tree = records.trees.get(room, folder, findInside(root, folder)?.info);
    if (tree !== undefined) return tree;
  }
  return undefined;
}
