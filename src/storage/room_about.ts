import { FtError } from "../error.ts";
import { findListed } from "./listed_name.ts";
import { knownDigest } from "./local_source.ts";
import type { Records } from "./records.ts";
import { itemOf } from "./shared_room.ts";
import { isOver } from "./shares.ts";
import type { About, Room, View } from "./store.ts";
import { TreeListing } from "./tree_listing.ts";
import { filesBelow } from "./walk.ts";

/**
 * All that is known of one file of a room whose folder is `root`.
 *
 * @throws FtError `not_found` when there is none, or it is over.
 */
export async function roomAbout(
  { room, root, records }: {
    readonly room: Room;
    readonly root: string;
    readonly records: Records | undefined;
  },
  name: string,
  view: View,
): Promise<About> {
  const found = await findListed(root, name);
  const info = found?.info;
  if (found !== undefined && info?.isDirectory) {
    const listing = new TreeListing(room, root, records, view);
    // Nobody asks for the size of what is no tree.
    const files = listing.has(name) ? filesBelow(found.path, `${name}/`) : [];
    for (const { name: path, info } of files) {
      if (info !== undefined) listing.takes(path, info);
    }
    const item = listing.item(name);
    if (item !== undefined) {
      return { ...item, ...(info.mtime === null ? {} : { mtime: info.mtime.getTime() }) };
    }
  }
  const row = info && records?.get(room, name, info);
  const isSent = row !== undefined && row.owner !== "";
  const share = room === "shared" && isSent ? records?.shares.get(name, row.ino) : undefined;
  if (!info?.isFile || share !== undefined && isOver(share, Date.now())) {
    throw new FtError("not_found", `File '${name}' not found.`);
  }
  const item = itemOf(name, info, { row: isSent ? row : undefined, share, view });
  const digest = knownDigest(row, info);
  // Before a download counts nobody but the owner learns what it is.
  const isTold = item.downloads === undefined || item.mine;
  return {
    ...item,
    ...(info.mtime === null ? {} : { mtime: info.mtime.getTime() }),
    ...(digest !== undefined && isTold ? { digest } : {}),
  };
}
