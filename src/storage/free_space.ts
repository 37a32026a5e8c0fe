/**
 * What the platform says of a file system. The only file of storage that needs `node:fs`, which
 * takes long to load and for this one question needs the permission `sys=statfs`.
 *
 * @module
 */
import { FtError } from "../error.ts";

/** Throws FtError `disk_full` when so many bytes do not fit below `path`, as far as that is known. */
export async function requireFree(path: string, bytes: number): Promise<void> {
  const probe = await openFreeSpace(path).catch(() => undefined);
  const free = probe?.(path).free ?? Infinity;
  if (bytes <= free) return;
  throw new FtError("disk_full", `It needs ${bytes} bytes, and ${free} are free in '${path}'.`, {
    hint:
      "Free some space, perhaps with 'ft partials clear FOLDER', or choose another place with " +
      "--output.",
  });
}

/** Bytes of a file system. */
export interface FreeSpace {
  /** That a program without special rights may still use. */
  readonly free: number;
  readonly total: number;
}

/** Looks at the file system that a path lies on. */
export type FreeSpaceProbe = (path: string) => FreeSpace;

/**
 * The probe, tried once at `path`.
 *
 * @throws what the platform says when it cannot tell.
 */
export async function openFreeSpace(path: string): Promise<FreeSpaceProbe> {
  const { statfsSync } = await import("node:fs");
  const probe = (path: string) => {
    const { bavail, blocks, bsize } = statfsSync(path);
    return { free: bavail * bsize, total: blocks * bsize };
  };
  const { total } = probe(path);
  // Some network file systems have no numbers: nothing can be kept free of what is not known.
  if (!(total > 0)) throw new Deno.errors.NotSupported("The file system does not say its size.");
  return probe;
}
