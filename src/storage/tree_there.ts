/**
 * Whether a folder that is sent to is there still. Its time may run out, its downloads may be used
 * up, and its owner may take it back while parts of it are on their way: to give one of those its
 * place would make the folder again, without its terms and nobody's.
 *
 * @module
 */
import { FtError } from "../error.ts";
import { findInside } from "./confine.ts";
import type { Records } from "./records.ts";
import type { SharedRoom } from "./shared_room.ts";
import type { Room } from "./store.ts";
import type { TreeRecord } from "./trees.ts";

/** Where a tree is kept. */
export interface TreeRoom {
  readonly room: Room;
  /** The room's folder. */
  readonly root: string;
  readonly records: Records;
  readonly shared: SharedRoom | undefined;
}

/**
 * What is there of a tree that was looked up before, as it is now.
 *
 * @throws FtError `not_found` when it is gone or over, also if there is another of its name.
 */
export function requireThere(
  tree: TreeRecord | undefined,
  { room, root, records, shared }: TreeRoom,
): Deno.FileInfo {
  const info = tree && findInside(root, tree.name)?.info;
  if (tree !== undefined && info !== undefined) {
    const now = records.trees.get(room, tree.name, info);
    const isOver = room === "shared" && shared?.isOver(tree.name) === true;
    if (now?.published === tree.published && !isOver) return info;
  }
  throw new FtError(
    "not_found",
    "The folder is gone: it was taken back or removed, or it is over.",
    {
      hint: "Send it again, for longer if need be: large files go on where they stopped.",
    },
  );
}
