/**
 * The first bytes of a conversation, in each direction: magic, version, two zero bytes.
 *
 * @module
 */
import { FtError } from "../error.ts";
import { MAGIC, PREAMBLE_BYTES } from "./limits.ts";

/** The preamble for a version. */
export function encodePreamble(version: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(PREAMBLE_BYTES);
  bytes.set(MAGIC);
  new DataView(bytes.buffer).setUint16(MAGIC.length, version);
  return bytes;
}

/**
 * Takes the preamble off the front of a stream and hands the version to `accept`, which may throw.
 * The stream errors with `protocol` as soon as the bytes cannot be a preamble, and with `lost` when
 * they end inside one. The two bytes after the version are not looked at.
 */
export class PreambleDecoder
  extends TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
  constructor(accept: (version: number) => void) {
    const preamble = new Uint8Array(PREAMBLE_BYTES);
    let filled = 0;
    super({
      transform(bytes, controller) {
        if (filled === PREAMBLE_BYTES) return controller.enqueue(bytes);
        const take = Math.min(PREAMBLE_BYTES - filled, bytes.length);
        preamble.set(bytes.subarray(0, take), filled);
        filled += take;
        const known = Math.min(filled, MAGIC.length);
        for (let at = 0; at < known; at++) {
          if (preamble[at] !== MAGIC[at]) throw otherThanFt(preamble);
        }
        if (filled < PREAMBLE_BYTES) return;
        accept(new DataView(preamble.buffer).getUint16(MAGIC.length));
        if (take < bytes.length) controller.enqueue(bytes.subarray(take));
      },
      flush() {
        // Who connects and says nothing at all, to see whether somebody listens, breaks nothing.
        if (filled > 0 && filled < PREAMBLE_BYTES) {
          throw new FtError("lost", "The connection ended in the middle of the greeting.");
        }
      },
    });
  }
}

/** Types of the records that TLS begins with: an alert, a handshake. */
const TLS_RECORDS: readonly number[] = [0x15, 0x16];

/** The failure of bytes that are no preamble. */
function otherThanFt([first = 0]: Uint8Array): FtError {
  return TLS_RECORDS.includes(first)
    ? new FtError("protocol", "The other side encrypts, and this side does not.", {
      hint: "Leave out --plain.",
    })
    : new FtError("protocol", "The other side does not speak FT.", {
      hint: "Check the address: something else listens there.",
    });
}
