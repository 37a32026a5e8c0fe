import { FtError } from "../error.ts";
import { formatDigest } from "../protocol/digest.ts";
import { PACKED_BYTES } from "../protocol/limits.ts";
import type { TreeEntry, TreeSource } from "../storage/tree.ts";
import { digestSource } from "./chunk_reader.ts";

/** Fills `into` with a small file of a tree, which must still be what it was when it was offered. */
export function readWhole(
  tree: TreeSource,
  { path, size, mtime }: TreeEntry,
  into: Uint8Array,
): void {
  const source = tree.open(path);
  try {
    const isSame = source.size === size && source.mtime === mtime;
    const count = isSame && into.length > 0 ? source.read(0, into) : 0;
    if (!isSame || count !== into.length || !source.isUnchanged()) throw changed(path);
  } finally {
    source.close();
  }
}

/** The failure of a file that is no longer what it was when it was offered. */
export function changed(path: string): FtError {
  return new FtError("changed", `'${path}' changed while the folder was sent.`, {
    hint: "Run the same again once it is no longer written to.",
  });
}

/** The digest string of a file of a tree: what is known of it, or by reading it. */
export async function digestIn(tree: TreeSource, path: string): Promise<string> {
  const source = tree.open(path);
  try {
    return source.digest ?? await digestSource(source, path);
  } finally {
    source.close();
  }
}

/** Whether a file travels packed with others. */
export function isPacked({ size = 0 }: Pick<TreeEntry, "size">): boolean {
  return size <= PACKED_BYTES;
}

/** The digest string of a small file, when its SHA-256 is the one that was said. */
export function verified(
  bytes: Uint8Array,
  claimed: Uint8Array,
  sha256: (bytes: Uint8Array) => Uint8Array,
): string | undefined {
  const digest = sha256(bytes);
  const isSame = digest.every((byte, at) => byte === claimed[at]);
  return isSame ? formatDigest(bytes.length, digest) : undefined;
}
