import { FRAME_BYTES } from "../protocol/limits.ts";

/** Payloads from this length on are worth keeping the room of. */
const LARGE_BYTES = 512 * 1024;
/** One that is being filled and one that is being used. */
const SPARE = 2;

/** Room for large payloads, used again and again: the system clears all new memory first. */
export class PayloadPool {
  readonly #spare: ArrayBuffer[] = [];

  /** So many bytes, with whatever was in them. */
  take(length: number): Uint8Array<ArrayBuffer> {
    if (length < LARGE_BYTES) return new Uint8Array(length);
    return new Uint8Array(this.#spare.pop() ?? new ArrayBuffer(FRAME_BYTES), 0, length);
  }

  /** Takes back the room of a payload that nobody looks at any more. */
  giveBack({ buffer, length }: Uint8Array<ArrayBuffer>): void {
    const isOurs = buffer.byteLength === FRAME_BYTES && length >= LARGE_BYTES;
    if (isOurs && this.#spare.length < SPARE) this.#spare.push(buffer);
  }
}
