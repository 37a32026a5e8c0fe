import { FtError } from "../error.ts";
import { isAbsent } from "./confine.ts";
import { readFailure } from "./failure.ts";
import type { FileRecord } from "./file_record.ts";
import type { Claim, KnownChunks, Source } from "./store.ts";

/** A change within this time of opening could leave all times as they were: seconds count here. */
export const SETTLED_MS = 2_000;

/** What tells one version of a file from another: identity, size and times. */
export function stampOf(info: Deno.FileInfo): string {
  const times = `${info.mtime?.getTime()}-${info.ctime?.getTime()}`;
  return `${info.dev}-${info.ino}-${info.size}-${times}`;
}

/** Whether two looks saw one file in one version. */
export function isSameVersion(a: Deno.FileInfo, b: Deno.FileInfo): boolean {
  return stampOf(a) === stampOf(b);
}

/**
 * Whether a file lost a name, by being removed or replaced, and was not written to. That moves its
 * change time, so other content under restored times would go unseen with it.
 */
function hasOnlyLostName(now: Deno.FileInfo, before: Deno.FileInfo): boolean {
  return Number(now.nlink) < Number(before.nlink) && tagOf(now) === tagOf(before);
}

/**
 * A name for this version of a file, or undefined where the platform has no change time. Change
 * times are whole seconds here, so a file that changed just now gets a name used only once: what
 * was sent of it is compared by digest before it is trusted.
 */
function versionOf(info: Deno.FileInfo): string | undefined {
  if (info.ino === null || info.ctime === null) return undefined;
  const settled = Date.now() - info.ctime.getTime() > SETTLED_MS;
  return settled ? stampOf(info) : `${stampOf(info)}-${crypto.randomUUID().slice(0, 8)}`;
}

/** The digest of the file that is there now, where its row still tells. */
export function knownDigest(row: FileRecord | undefined, info: Deno.FileInfo): string | undefined {
  // The row of a file put there by hand is about one version of it, down to its change time.
  const isKnown = row !== undefined && (row.owner !== "" || row.version === stampOf(info));
  return isKnown ? row.digest : undefined;
}

/** The tag of a file in a list: it changes when the file is replaced or written. */
export function tagOf(info: Deno.FileInfo): string {
  return `${info.ino ?? 0}-${info.size}-${info.mtime?.getTime() ?? 0}`;
}

/** What is known of a file without reading it, and the claim it was opened with. */
export type KnownFile = Partial<Pick<LocalSource, "digest" | "claim" | "chunks" | "terms">>;

/** A local file as a source. */
export class LocalSource implements Source {
  readonly size: number;
  readonly mtime: number | undefined;
  readonly version: string | undefined;
  readonly digest: string | undefined;
  readonly exec: boolean | undefined;
  readonly claim: Claim | undefined;
  readonly chunks: KnownChunks | undefined;
  readonly terms: Source["terms"];
  readonly info: Deno.FileInfo;
  readonly #file: Deno.FsFile;
  readonly #path: string;
  #at = 0;
  #open = true;

  /** Takes over `file`, which must be a regular file opened for reading. */
  constructor(file: Deno.FsFile, path: string, { digest, claim, chunks, terms }: KnownFile = {}) {
    this.#file = file;
    this.#path = path;
    this.info = file.statSync();
    this.size = this.info.size;
    this.mtime = this.info.mtime?.getTime();
    this.version = versionOf(this.info);
    this.digest = digest;
    this.exec = isExecutable(this.info);
    this.claim = claim;
    this.chunks = chunks;
    this.terms = terms;
  }

  read(offset: number, into: Uint8Array): number {
    try {
      if (offset !== this.#at) this.#file.seekSync(offset, Deno.SeekMode.Start);
      let filled = 0;
      while (filled < into.length) {
        const count = this.#file.readSync(into.subarray(filled));
        if (count === null) break;
        filled += count;
      }
      this.#at = offset + filled;
      return filled;
    } catch (thrown) {
      throw readFailure(thrown, `read '${this.#path}'`);
    }
  }

  isUnchanged(): boolean {
    const now = this.#file.statSync();
    return isSameVersion(now, this.info) || hasOnlyLostName(now, this.info);
  }

  /** Whether it is also still the file of its name. */
  isUntouched(): boolean {
    return isSameVersion(this.#file.statSync(), this.info);
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#file.close();
  }
}

/**
 * Opens a local file that the user named.
 *
 * @throws FtError `not_found`, `bad_name` for what is no regular file, or a storage failure.
 */
export function openLocal(path: string): LocalSource {
  try {
    // Looked at before it is opened: opening a pipe would wait for its other end.
    const info = Deno.statSync(path);
    if (!info.isFile) {
      throw new FtError("bad_name", `'${path}' is ${info.isDirectory ? "a folder" : "no file"}.`, {
        hint: "Name regular files.",
      });
    }
    return new LocalSource(Deno.openSync(path, { read: true }), path);
  } catch (thrown) {
    if (path === "" || isAbsent(thrown)) throw notFound(path);
    throw readFailure(thrown, `read '${path}'`);
  }
}

/** The failure of a local name with nothing behind it. */
export function notFound(path: string): FtError {
  // Bytes that are not UTF-8 reach us as U+FFFD, which no longer names the file.
  if (path.includes("\ufffd")) {
    return new FtError("bad_name", `The name '${path}' is not valid Unicode.`, {
      hint: "Rename the file, then send it.",
    });
  }
  return new FtError("not_found", `File '${path}' not found.`, {
    hint: path === ""
      ? "The name is empty: perhaps a variable of the shell is."
      : "Check the spelling and the folder you are in.",
  });
}

/** Whether the owner of a file may run it; undefined where the platform does not say. */
export function isExecutable({ mode }: Deno.FileInfo): boolean | undefined {
  return Deno.build.os === "windows" || mode === null ? undefined : (mode & 0o100) !== 0;
}
