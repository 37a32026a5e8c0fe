/**
 * The rooms of a server, on its disk.
 *
 * @module
 */
import { FtError } from "../error.ts";
import { storageFailure } from "../storage/failure.ts";
import { FolderStore } from "../storage/folder_store.ts";
import { type FreeSpaceProbe, openFreeSpace } from "../storage/free_space.ts";
import type { Records } from "../storage/records.ts";
import { Space } from "../storage/space.ts";
import type { Room } from "../storage/store.ts";
import { OWN_FOLDER, ROOM_FOLDERS, SERVER_STAGING } from "./root.ts";
import type { ServeLimits } from "./serve_limits.ts";

function makeFolder(path: string, mode?: number): boolean {
  try {
    Deno.mkdirSync(path, { recursive: false, ...(mode === undefined ? {} : { mode }) });
    return true;
  } catch (thrown) {
    if (thrown instanceof Deno.errors.AlreadyExists && Deno.statSync(path).isDirectory) {
      return false;
    }
    throw storageFailure(thrown, `make the folder '${path}'`);
  }
}

/** Makes what is missing of the root; returns its real path and the rooms that were made. */
export function prepareRoot(path: string): { root: string; created: string[] } {
  try {
    Deno.mkdirSync(path, { recursive: true });
    const root = Deno.realPathSync(path);
    const created = Object.values(ROOM_FOLDERS).filter((name) => makeFolder(`${root}/${name}`));
    const own = `${root}/${OWN_FOLDER}`;
    makeFolder(own, 0o700);
    // A room may be kept elsewhere; what nobody but ft writes may not be where a link leads.
    if (!Deno.lstatSync(own).isDirectory) {
      throw new FtError("io", `'${own}' is a link.`, {
        hint: "Remove it, or put the folder that it leads to in its place.",
      });
    }
    return { root, created };
  } catch (thrown) {
    throw storageFailure(thrown, `use the root '${path}'`);
  }
}

/**
 * What tells how much space there is below `root`; undefined where nothing is to stay free, or where
 * nobody knows, which `onTrouble` hears.
 */
export async function openProbe(
  root: string,
  { minFree }: ServeLimits,
  onTrouble: (failure: FtError) => void,
): Promise<FreeSpaceProbe | undefined> {
  if (minFree === 0) return undefined;
  // What takes long to load is loaded when the server has said that it is ready.
  await new Promise<void>((ready) => setTimeout(ready, 0));
  try {
    return await openFreeSpace(root);
  } catch (thrown) {
    const message = "It cannot be told how much space is free, so none is kept free (--min-free).";
    onTrouble(new FtError("io", message, { cause: thrown }));
    return undefined;
  }
}

/** The store of the server at `root`, which is a real path. */
export function openStore(
  root: string,
  records: Records,
  limits: ServeLimits,
  probe: Promise<FreeSpaceProbe | undefined>,
): FolderStore {
  const room = (name: string) => Deno.realPathSync(`${root}/${name}`);
  const rooms = {
    private: room(ROOM_FOLDERS.private),
    public: room(ROOM_FOLDERS.public),
    shared: room(ROOM_FOLDERS.shared),
  };
  const device = Deno.statSync(`${root}/${OWN_FOLDER}`).dev;
  for (const path of [rooms.private, rooms.shared]) {
    if (Deno.statSync(path).dev === device) continue;
    throw new FtError("io", `'${path}' is on another file system than '${root}/${OWN_FOLDER}'.`, {
      hint: "Files appear there in one step, which takes one file system: choose another --root.",
    });
  }
  const staging = `${root}/${SERVER_STAGING}`;
  const { maxFile, quota, minFree } = limits;
  const recorded = (room: Room) => records.trees.costs(room);
  const space = new Space({ maxFile, quota, minFree, rooms, staging, recorded, probe });
  return new FolderStore({ rooms, staging, records, space });
}
