import { FRAME_BYTES } from "../protocol/limits.ts";
import { roomFor, roomIn } from "../room.ts";

/** Payloads from this length on are worth keeping the room of. */
const LARGE_BYTES = 512 * 1024;
/** As many as many transfers fill at once: what is dropped instead waits long for the collector. */
const SPARE = 64;

/** Room for large payloads, used again and again: the system clears all new memory first. */
export class PayloadPool {
  readonly #spare: ArrayBuffer[] = [];
  readonly #lent = new WeakSet<ArrayBuffer>();

  /** So many bytes, with whatever was in them. */
  take(length: number): Uint8Array<ArrayBuffer> {
    if (length < LARGE_BYTES) return new Uint8Array(length);
    const buffer = this.#spare.pop() ?? roomFor(FRAME_BYTES).buffer;
    this.#lent.add(buffer);
    return roomIn(buffer).subarray(0, length);
  }

  /** Takes back the room of a payload, or of a part of one, that nobody looks at any more. */
  giveBack({ buffer }: Uint8Array<ArrayBuffer>): void {
    if (this.#lent.delete(buffer) && this.#spare.length < SPARE) this.#spare.push(buffer);
  }
}
