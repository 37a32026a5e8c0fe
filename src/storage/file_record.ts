import type { StageRequest } from "./store.ts";

/** One file of a room. */
export interface FileRecord {
  readonly name: string;
  /** The name it was sent under, which may have been taken. */
  readonly requested: string;
  readonly size: number;
  readonly digest: string;
  /** Hash of the owner's key; empty for a file that was put into the room by hand. */
  readonly owner: string;
  /** The sender's version of its source; empty where it had none. */
  readonly version: string;
  /** Inode and modification time of the file this row speaks of. */
  readonly ino: string;
  readonly mtime: number;
  /** When it came into the room, in milliseconds since 1970. */
  readonly published: number;
  /** Name of the token it was sent with; empty where it had none. */
  readonly who: string;
}

/** Whether a row speaks of the file that is there now. */
export function holds(row: FileRecord, info: Deno.FileInfo): boolean {
  return info.isFile && row.size === info.size && row.ino === String(info.ino) &&
    row.mtime === (info.mtime?.getTime() ?? 0);
}

/** What a row says of the file it is about. */
export function identity(info: Deno.FileInfo): Pick<FileRecord, "size" | "ino" | "mtime"> {
  return { size: info.size, ino: String(info.ino), mtime: info.mtime?.getTime() ?? 0 };
}

/** What is known of a file that is about to get its name. */
export function recordOf(
  { name: requested, owner, version = "", who = "" }: StageRequest,
  name: string,
  { staged, digest }: { readonly staged: string; readonly digest: string },
): FileRecord {
  return {
    ...identity(Deno.lstatSync(staged)),
    name,
    requested,
    digest,
    owner,
    version,
    who,
    published: Date.now(),
  };
}
