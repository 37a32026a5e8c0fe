import { createHasher, sha256 } from "../protocol/digest.ts";

/** From this length on a chunk belongs to a file for which loading the hasher pays. */
const LARGE_BYTES = 1024 * 1024;
/**
 * With two cores, both ends of a transfer on one machine or the encryption keep them busy, and what
 * is handed to another thread is copied first.
 */
const HAS_SPARE_CORES = navigator.hardwareConcurrency > 2;

/** SHA-256 of a chunk: on another thread while there is a core for it. */
export async function digestChunk(
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  if (HAS_SPARE_CORES || bytes.length < LARGE_BYTES) return await sha256(bytes);
  const hasher = await createHasher();
  hasher.update(bytes);
  return hasher.digest();
}
