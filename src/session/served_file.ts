import { FtError, toFailure } from "../error.ts";
import { acceptName } from "../name.ts";
import type { Claimant, Room, Source, Store } from "../storage/store.ts";
import type { TreeSource, TreeStore } from "../storage/tree.ts";
import { digestSource } from "./chunk_reader.ts";

/** What a client asks for. */
export interface Served {
  readonly room: Room;
  readonly name: string;
  readonly tag?: string | undefined;
}

/** Opens the file that a client asks for; what is not there is called so in one way. */
export async function openServed(
  store: Store,
  { room, name, tag }: Served,
  claimant?: Claimant,
): Promise<Source> {
  try {
    return await store.open(room, acceptName(name), tag, claimant);
  } catch (thrown) {
    throw asNotFound(thrown, name);
  }
}

/** Opens the folder that a client asks for, likewise. */
export async function openServedTree(
  trees: TreeStore,
  { room, name, tag }: Served,
  claimant?: Claimant,
): Promise<TreeSource> {
  try {
    return await trees.openTree(room, acceptName(name), tag, claimant);
  } catch (thrown) {
    throw asNotFound(thrown, name, "Folder");
  }
}

/** A failure as the client hears it: of what is not there nothing else is said, whatever it was. */
export function asNotFound(thrown: unknown, name: string, what = "File"): FtError {
  const failure = toFailure(thrown);
  if (failure.code !== "not_found") return failure;
  return new FtError("not_found", `${what} '${name}' not found on the server.`, {
    hint: "See what is there with: ft list",
  });
}

/** The digest of such a file, which is read where it is not known, and known from then on. */
export async function digestServed(
  store: Store,
  { room, name }: { readonly room: Room; readonly name: string },
  source: Source,
  onRead: () => void,
): Promise<string> {
  if (source.digest !== undefined) return source.digest;
  const digest = await digestSource(source, name, { onRead });
  store.note(room, name, source, digest);
  return digest;
}

/** Throws `denied` for the room that gives nothing out. */
export function requireOut(room: Room): void {
  if (room === "private") throw new FtError("denied", "Nothing is taken out of the private room.");
}
