import { identity } from "./file_record.ts";
import { LocalSource, stampOf } from "./local_source.ts";
import type { Records } from "./records.ts";
import type { Room, Source } from "./store.ts";

/**
 * Notes the digest of a file that was read, where it is not known. Returns whether it is known from
 * now on: of one that was just written nothing would tell a later version apart.
 */
export function noteDigest(
  records: Records,
  { room, name, source }: { readonly room: Room; readonly name: string; readonly source: Source },
  digest: string,
): boolean {
  if (!(source instanceof LocalSource)) return false;
  const version = stampOf(source.info);
  if (source.version !== version || !source.isUntouched()) return false;
  try {
    const known = records.get(room, name, source.info);
    if (known !== undefined && (known.owner !== "" || known.version === version)) return true;
    // What was sent and then written by hand is its owner's still.
    if (records.sent(room, name, source.info) !== undefined) return false;
    const row = { ...identity(source.info), name, requested: name, digest, version };
    records.put(room, { ...row, owner: "", who: "", published: source.mtime ?? 0 });
    records.forgetNoted(room, row);
    return true;
  } catch {
    // What could not be noted is read again: that is no failure of what was just sent.
    return false;
  }
}
