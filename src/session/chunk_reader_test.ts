import { deepEqual, equal } from "node:assert/strict";
import { fullChunk, STEP_CHUNKS } from "../protocol/chunk.ts";
import { DIGEST_BYTES } from "../protocol/digest.ts";
import type { Source } from "../storage/store.ts";
import { ChunkReader, type Piece } from "./chunk_reader.ts";

Deno.test("ChunkReader.pieces() gives the digest that is known of a chunk of several pieces", async () => {
  const index = STEP_CHUNKS;
  const { offset, size } = fullChunk(index);
  const digests = new Uint8Array((index + 1) * DIGEST_BYTES);
  const noted = new Uint8Array(DIGEST_BYTES).fill(7);
  digests.set(noted, index * DIGEST_BYTES);
  const source: Source = {
    size: offset + 2 * size,
    mtime: undefined,
    version: "v1",
    digest: undefined,
    chunks: { digests, forget() {} },
    read: (_, into) => into.fill(0).length,
    isUnchanged: () => true,
    close() {},
  };
  const reader = new ChunkReader(source, "a");
  const pieces: Piece[] = [];
  for await (const piece of reader.pieces(index)) pieces.push(piece);
  deepEqual(pieces.map(({ digest }) => digest), [undefined, noted]);
  equal(pieces.reduce((sum, { bytes }) => sum + bytes.length, 0), size);
  // Past the end of the list nothing is known.
  const hash = await crypto.subtle.digest("SHA-256", new Uint8Array(size));
  deepEqual(await reader.digest(index + 1), new Uint8Array(hash));
});
