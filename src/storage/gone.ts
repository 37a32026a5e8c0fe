import { findInside } from "./confine.ts";
import { holds } from "./file_record.ts";
import type { Records } from "./records.ts";
import type { Room } from "./store.ts";

/** Milliseconds in which another process may not have given the file of a new row its name yet. */
const FRESH_MS = 60_000;

/** Forgets what is known of files of a room that are gone. */
export async function forgetGone(records: Records, room: Room, root: string): Promise<void> {
  const isFresh = ({ published }: { published: number }) =>
    Math.abs(Date.now() - published) < FRESH_MS;
  for (const rows of records.pages(room)) {
    for (const row of rows) {
      if (isFresh(row)) continue;
      const found = findInside(root, row.name);
      if (found === undefined || !holds(row, found.info)) records.forget(room, row);
    }
    await new Promise<void>((turn) => setImmediate(turn));
  }
  if (room !== "shared") return;
  // What was about to be shared when a crash came has terms, and no file.
  for (const share of [...records.shares.all().values()].flat()) {
    const ino = findInside(root, share.name)?.info.ino;
    if (!isFresh(share) && String(ino) !== share.ino) records.shares.forget(share);
  }
}
