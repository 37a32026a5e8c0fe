/**
 * Frames that travel compressed: what a ZSTD frame stands for, and the other way. Each is one frame
 * of Zstandard by itself (RFC 8878), so that nothing depends on what came before it.
 *
 * @module
 */
import { FtError } from "../error.ts";
import { toFrame, toMessage } from "./codec.ts";
import type { Chunk, Data, Pack, Zstd } from "./message.ts";

/** A message that can travel compressed. */
export type Carrying = Data | Chunk | Pack;

/** Both ways of the codec, which do not wait. */
export interface ZstdCodec {
  /** The message that stands for another one, however long it has become. */
  compress(message: Carrying): Zstd;
  /**
   * The message that another one stands for.
   *
   * @throws FtError `protocol` when there is not exactly that.
   */
  decompress(message: Zstd): Carrying;
}

/** The fastest that still looks for what repeats: higher ones gain a tenth for half the speed. */
const LEVEL = 1;
/** Log2 of the most that one frame may refer back to, and so of the memory that it costs: 2 MiB. */
const WINDOW_LOG = 21;
/** The runtime allocates no less at a time. */
const LEAST_ROOM = 64;
const MAGIC = 0xfd2f_b528;
/** Bytes of the id of a dictionary and of the size of the content, by what the descriptor says. */
const DICTIONARY_BYTES = [0, 1, 2, 4];
const CONTENT_BYTES = [0, 2, 4, 8];

/** Loads the codec: its module (20 ms to load) is for those alone who compress or are sent so. */
export async function loadZstd(): Promise<ZstdCodec> {
  const { Buffer } = await import("node:buffer");
  const { constants, zstdCompressSync, zstdDecompressSync } = await import("node:zlib");
  const level = { params: { [constants.ZSTD_c_compressionLevel]: LEVEL } };
  const window = { params: { [constants.ZSTD_d_windowLogMax]: WINDOW_LOG } };
  return {
    compress(message) {
      const { type, id, payload } = toFrame(message);
      const plain = Buffer.concat(payload);
      return {
        kind: "zstd",
        id,
        type,
        length: plain.length,
        bytes: viewOf(zstdCompressSync(plain, { ...level, chunkSize: mostOf(plain.length) })),
      };
    },
    decompress({ id, type, length, bytes }) {
      let payload: Uint8Array<ArrayBuffer> | undefined;
      try {
        // No more than was stated is ever made, and that in one piece.
        const room = { maxOutputLength: length, chunkSize: Math.max(length, LEAST_ROOM) };
        payload = viewOf(zstdDecompressSync(bytes, { ...window, ...room }));
      } catch {
        // It is told below.
      }
      if (payload?.length !== length || !isOneFrame(bytes)) {
        throw new FtError("protocol", "What came compressed is not what it was said to be.");
      }
      const message = toMessage({ type, id, payload }) as Carrying;
      return { ...message, travelled: bytes.length };
    },
  };
}

/**
 * What bytes become at most. With less room at once the runtime now and then writes an empty frame
 * behind, where the first has filled it exactly.
 */
function mostOf(length: number): number {
  return length + (length >> 8) + 512;
}

/** The same bytes without what the runtime adds to them. */
function viewOf({ buffer, byteOffset, length }: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(buffer as ArrayBuffer, byteOffset, length);
}

/**
 * Whether bytes are one frame from its first to its last: the runtime takes several, too, empty
 * ones, and one that is cut off behind its last byte of content.
 */
function isOneFrame(bytes: Uint8Array): boolean {
  const little = (at: number, count: number) =>
    bytes.subarray(at, at + count).reduceRight((sum, byte) => sum * 256 + byte, 0);
  const descriptor = bytes[4] ?? 0;
  if (little(0, 4) !== MAGIC) return false;
  const isSingle = (descriptor & 0x20) !== 0;
  const content = CONTENT_BYTES[descriptor >> 6] || (isSingle ? 1 : 0);
  let at = 5 + (isSingle ? 0 : 1) + (DICTIONARY_BYTES[descriptor & 3] ?? 0) + content;
  for (let isLast = false; !isLast && at < bytes.length;) {
    const block = little(at, 3);
    isLast = (block & 1) === 1;
    // A run of one byte is that byte.
    at += 3 + (((block >> 1) & 3) === 1 ? 1 : block >> 3);
    if (isLast) return at + ((descriptor & 4) === 0 ? 0 : 4) === bytes.length;
  }
  return false;
}
