/**
 * Frames: `length: u32, type: u8, id: u32, payload`. Two TransformStreams, one for each direction,
 * that know nothing of what a frame means. All numbers are big-endian.
 *
 * @module
 */
import { FtError } from "../error.ts";
import { FRAME_BYTES, HEADER_BYTES } from "./limits.ts";

/** One frame. `id` names the transfer it belongs to; 0 is the connection itself. */
export interface Frame {
  /** What the payload is, 0 to 255. */
  readonly type: number;
  /** Transfer, 0 to 2^32 - 1. */
  readonly id: number;
  /** At most {@linkcode FRAME_BYTES} bytes, in one or more pieces that follow each other. */
  readonly payload: readonly Uint8Array<ArrayBuffer>[];
}

/** A frame as it was read: the payload is one piece. */
export interface ReadFrame {
  readonly type: number;
  readonly id: number;
  readonly payload: Uint8Array<ArrayBuffer>;
}

/** A header of its own for each frame, then its payload as it is, without a copy. */
export function encodeFrame(frame: Frame): Uint8Array<ArrayBuffer>[] {
  let length = 0;
  for (const piece of frame.payload) length += piece.length;
  if (length > FRAME_BYTES) throw new RangeError(`Cannot send a frame of ${length} bytes`);
  const header = new Uint8Array(HEADER_BYTES);
  const view = new DataView(header.buffer);
  view.setUint32(0, length);
  view.setUint8(4, frame.type);
  view.setUint32(5, frame.id);
  return [header, ...frame.payload];
}

/** Frames in, bytes out. Payloads pass through uncopied. */
export class FrameEncoder extends TransformStream<Frame, Uint8Array<ArrayBuffer>> {
  constructor() {
    super({
      transform(frame, controller) {
        for (const piece of encodeFrame(frame)) {
          if (piece.length > 0) controller.enqueue(piece);
        }
      },
    });
  }
}

/** What a decoder is told about the frames it may accept. */
export interface FrameDecoderOptions {
  /** Most payload bytes for a frame of `type`. A larger one is refused before any is read. */
  limit?: (type: number) => number;
  /** Called once for each frame whose first byte has arrived while the rest has not. */
  onPartial?: () => void;
  /** Called when all that arrived was whole frames. */
  onWhole?: () => void;
  /** Called with bytes of the input that no frame is a view of. */
  onTaken?: (bytes: Uint8Array<ArrayBuffer>) => void;
  /** Makes room for a payload that comes in parts; bytes of exactly this length. */
  allocate?: (length: number) => Uint8Array<ArrayBuffer>;
  /**
   * Called with the room for the rest of such a payload, and how many bytes of the input come before
   * that rest. What is put there by whoever reads the input is not copied.
   */
  onAwaited?: (position: number, room: Uint8Array<ArrayBuffer>) => void;
}

/**
 * Bytes in, frames out, however the bytes were split or joined on the way. The stream errors with
 * `protocol` on a frame past its limit, and with `lost` when the bytes end inside a frame.
 */
export class FrameDecoder extends TransformStream<Uint8Array<ArrayBuffer>, ReadFrame> {
  constructor(options: FrameDecoderOptions = {}) {
    const limit = options.limit ?? (() => FRAME_BYTES);
    const allocate = options.allocate ?? ((length) => new Uint8Array(length));
    const header = new Uint8Array(HEADER_BYTES);
    const view = new DataView(header.buffer);
    let headerFilled = 0;
    let payload: Uint8Array<ArrayBuffer> | undefined;
    let filled = 0;
    /** Bytes of the input that came before those at hand. */
    let position = 0;

    super({
      transform(bytes, controller) {
        let at = 0;
        let begun = false;
        let isLent = false;
        while (at < bytes.length) {
          if (payload === undefined) {
            const take = Math.min(HEADER_BYTES - headerFilled, bytes.length - at);
            if (headerFilled === 0) begun = true;
            header.set(bytes.subarray(at, at + take), headerFilled);
            headerFilled += take;
            at += take;
            if (headerFilled < HEADER_BYTES) break;
            const length = view.getUint32(0);
            const allowed = Math.min(limit(view.getUint8(4)), FRAME_BYTES);
            if (length > allowed) {
              throw new FtError("protocol", `A frame of ${length} bytes is over the limit.`);
            }
            // A frame that has arrived whole is a view of what was read: no copy.
            if (bytes.length - at >= length) {
              const whole = bytes.subarray(at, at + length);
              at += length;
              headerFilled = 0;
              isLent = true;
              controller.enqueue({ type: view.getUint8(4), id: view.getUint32(5), payload: whole });
              continue;
            }
            payload = allocate(length);
            filled = 0;
          }
          const take = Math.min(payload.length - filled, bytes.length - at);
          const piece = bytes.subarray(at, at + take);
          if (!isAt(piece, payload, filled)) payload.set(piece, filled);
          filled += take;
          at += take;
          if (filled < payload.length) {
            options.onAwaited?.(position + at, payload.subarray(filled));
            break;
          }
          controller.enqueue({ type: view.getUint8(4), id: view.getUint32(5), payload });
          payload = undefined;
          headerFilled = 0;
        }
        position += at;
        if (headerFilled === 0) options.onWhole?.();
        else if (begun) options.onPartial?.();
        if (!isLent) options.onTaken?.(bytes);
      },
      flush() {
        if (headerFilled > 0) {
          throw new FtError("lost", "The connection ended in the middle of a frame.");
        }
      },
    });
  }
}

/** Whether `piece` is the bytes of `whole` from `offset` on. */
function isAt(piece: Uint8Array, whole: Uint8Array, offset: number): boolean {
  return piece.buffer === whole.buffer && piece.byteOffset === whole.byteOffset + offset;
}
