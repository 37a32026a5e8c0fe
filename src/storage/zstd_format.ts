/**
 * Zstandard, as far as it takes to know where a frame ends.
 *
 * @module
 */
import type { Format } from "./format_walk.ts";

const MAGIC = 0xfd2f_b528;
/** A frame with something else in it: the last digit is anything. */
const SKIPPABLE = 0x184d_2a50;
/** Bytes of the id of a dictionary and of the size of the content, by what the descriptor says. */
const DICTIONARY_BYTES = [0, 1, 2, 4];
const CONTENT_BYTES = [0, 2, 4, 8];

/** The parts of any number of frames. */
export function* zstdFormat(): Format {
  for (let frames = 0;; frames++) {
    const magic = little(yield { read: 4, last: frames > 0 });
    if ((magic & ~0xf) >>> 0 === SKIPPABLE) {
      yield { skip: little(yield { read: 4 }) };
      continue;
    }
    if (magic !== MAGIC) return undefined;
    const descriptor = little(yield { read: 1 });
    const isSingle = (descriptor & 0x20) !== 0;
    const content = CONTENT_BYTES[descriptor >> 6] || (isSingle ? 1 : 0);
    yield { skip: (isSingle ? 0 : 1) + (DICTIONARY_BYTES[descriptor & 3] ?? 0) + content };
    for (let isLast = false; !isLast;) {
      const block = little(yield { read: 3 });
      const type = (block >> 1) & 3;
      if (type === 3) return undefined;
      isLast = (block & 1) === 1;
      // A run of one byte is that byte.
      yield { skip: type === 1 ? 1 : block >> 3 };
    }
    if ((descriptor & 4) !== 0) yield { skip: 4 };
  }
}

/** A number with its lowest byte first. */
function little(bytes: Uint8Array): number {
  return bytes.reduceRight((sum, byte) => sum * 256 + byte, 0);
}
