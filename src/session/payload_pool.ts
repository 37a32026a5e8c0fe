import { BufferPool } from "../buffer_pool.ts";
import { FRAME_BYTES } from "../protocol/limits.ts";

/** Payloads from this length on are worth keeping the room of. */
const LARGE_BYTES = 512 * 1024;

/** Room for large payloads, used again and again. */
export class PayloadPool {
  readonly #buffers = new BufferPool(FRAME_BYTES);
  readonly #lent = new WeakSet<ArrayBuffer>();

  /** So many bytes, with whatever was in them. */
  take(length: number): Uint8Array<ArrayBuffer> {
    if (length < LARGE_BYTES) return new Uint8Array(length);
    const bytes = this.#buffers.take();
    this.#lent.add(bytes.buffer);
    return bytes.subarray(0, length);
  }

  /** Takes back the room of a payload, or of a part of one, that nobody looks at any more. */
  giveBack({ buffer }: Uint8Array<ArrayBuffer>): void {
    if (this.#lent.delete(buffer)) this.#buffers.giveBack(buffer);
  }
}
