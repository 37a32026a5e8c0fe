import { type FtError, toFailure } from "../error.ts";
import { digestSource } from "../session/chunk_reader.ts";
import { type Found, openInside } from "../storage/confine.ts";
import { knownDigest, LocalSource } from "../storage/local_source.ts";
import { noteDigest } from "../storage/note.ts";
import type { Records } from "../storage/records.ts";
import type { Room } from "../storage/store.ts";
import { filesBelow } from "../storage/walk.ts";
import { readFailure } from "../storage/failure.ts";
import { ROOM_FOLDERS } from "./root.ts";
import { openRecords } from "./root_records.ts";

/** What became of one file that was read again. */
export interface Verified {
  readonly room: Room;
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /**
   * `ok`: it has its digest. `damaged`: it has another, though nothing says that it was written.
   * `changed`: it was written since it was sent here. `recorded`: its digest was not known, and is
   * from now on. `unknown`: its digest was not known, and cannot be kept yet, as it has just been
   * written. `failed`: it cannot be read, or was written while it was.
   */
  readonly state: "ok" | "damaged" | "changed" | "recorded" | "unknown" | "failed";
  /** The digest that it should have, where that is known. */
  readonly expected?: string;
  /** The digest that it has. */
  readonly digest?: string;
  readonly error?: FtError;
}

/** How rooms are verified. */
export interface VerifyOptions {
  /** Which room; all of them when it is not said. */
  readonly room?: Room | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Hears of each file when it has been read. */
  readonly onFile?: (file: Verified) => void;
}

/**
 * Reads the files of a server's rooms again and compares them with the digests that are known of
 * them, whether or not the server runs. What has no digest gets one.
 *
 * @returns those that are not what they were.
 * @throws FtError `not_found` where no server's root is, `interrupted`.
 */
export async function verify(
  root: string,
  { room, signal, onFile }: VerifyOptions = {},
): Promise<Verified[]> {
  const records = openRecords(root);
  try {
    const rooms = foldersOf(root);
    const bad: Verified[] = [];
    for (const one of room === undefined ? Object.keys(rooms) as Room[] : [room]) {
      for (const { name, path, info } of filesBelow(rooms[one])) {
        if (info === undefined) continue;
        signal?.throwIfAborted();
        const file = await verifyFile(records, rooms[one], {
          room: one,
          name,
          found: { path, info },
          signal,
        });
        // Shares come and go while this reads.
        if (file === undefined) continue;
        onFile?.(file);
        if (file.state === "damaged" || file.state === "changed") bad.push(file);
      }
    }
    return bad;
  } finally {
    records.close();
  }
}

function foldersOf(root: string): Record<Room, string> {
  try {
    const real = (name: string) => Deno.realPathSync(`${root}/${name}`);
    return {
      private: real(ROOM_FOLDERS.private),
      public: real(ROOM_FOLDERS.public),
      shared: real(ROOM_FOLDERS.shared),
    };
  } catch (thrown) {
    throw readFailure(thrown, `use the rooms of '${root}'`);
  }
}

async function verifyFile(
  records: Records,
  root: string,
  { room, name, found, signal }: {
    readonly room: Room;
    readonly name: string;
    readonly found: Found;
    readonly signal: AbortSignal | undefined;
  },
): Promise<Verified | undefined> {
  const { info } = found;
  const about = { room, name, size: info.size };
  let source;
  try {
    const { file, path } = openInside(root, name, found);
    const known = knownDigest(records.get(room, name, info), info);
    source = new LocalSource(file, path);
    const expected = known ?? records.sent(room, name, info)?.digest;
    const digest = await digestSource(source, name, signal === undefined ? {} : { signal });
    if (expected === digest) return { ...about, state: "ok", digest };
    if (expected !== undefined) {
      const state = known === undefined ? "changed" : "damaged";
      return { ...about, state, expected, digest };
    }
    const isNoted = noteDigest(records, { room, name, source }, digest);
    return { ...about, state: isNoted ? "recorded" : "unknown", digest };
  } catch (thrown) {
    signal?.throwIfAborted();
    const error = toFailure(thrown);
    return error.code === "not_found" ? undefined : { ...about, state: "failed", error };
  } finally {
    source?.close();
  }
}
