import { formatDigest } from "../protocol/digest.ts";
import { PACKED_BYTES } from "../protocol/limits.ts";
import type { TreeEntry, TreeSource } from "../storage/tree.ts";
import { digestSource } from "./chunk_reader.ts";

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
  sha256: (bytes: Uint8Array) => string,
): string | undefined {
  return sha256(bytes) === claimed.toHex() ? formatDigest(bytes.length, claimed) : undefined;
}
