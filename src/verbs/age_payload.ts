/**
 * The payload of age: pieces of 64 KiB, each encrypted and authenticated by itself, with its number
 * and whether it is the last. The cipher is the runtime's: six times as fast as the package's, and
 * any piece can be encrypted again, so that a transfer goes on where it stopped.
 *
 * @module
 */
import { FtError } from "../error.ts";

/** Bytes of a piece. */
export const PIECE_BYTES: number = 64 * 1024;
/** Bytes that the tag adds to each. */
export const TAG_BYTES = 16;
/** Bytes of a piece with its tag. */
export const SEALED_BYTES: number = PIECE_BYTES + TAG_BYTES;

const CIPHER = "chacha20-poly1305";
const OPTIONS = { authTagLength: TAG_BYTES };

/** Bytes of the payload of `size` bytes. Of nothing there is one piece, too. */
export function sealedSize(size: number): number {
  return size + TAG_BYTES * Math.max(1, Math.ceil(size / PIECE_BYTES));
}

/** The nonce of a piece: eleven bytes of its number, and whether it is the last. */
function nonceOf(index: number, isLast: boolean): Uint8Array {
  const nonce = new Uint8Array(12);
  new DataView(nonce.buffer).setBigUint64(3, BigInt(index));
  nonce[11] = isLast ? 1 : 0;
  return nonce;
}

/** Seals and opens the pieces of one payload. */
export class PayloadCipher {
  readonly #crypto: typeof import("node:crypto");
  readonly #key: Uint8Array;

  private constructor(crypto: typeof import("node:crypto"), key: Uint8Array) {
    this.#crypto = crypto;
    this.#key = key;
  }

  static async of(key: Uint8Array): Promise<PayloadCipher> {
    return new PayloadCipher(await import("node:crypto"), key);
  }

  /** A piece with its tag. One number may have one content only, with this key. */
  seal(piece: Uint8Array, index: number, isLast: boolean): Uint8Array<ArrayBuffer> {
    const nonce = nonceOf(index, isLast);
    const cipher = this.#crypto.createCipheriv(CIPHER, this.#key, nonce, OPTIONS);
    const sealed = new Uint8Array(piece.length + TAG_BYTES);
    sealed.set(cipher.update(piece));
    cipher.final();
    sealed.set(cipher.getAuthTag(), piece.length);
    return sealed;
  }

  /** The piece again; throws FtError `digest` when it is not what was sealed. */
  open(sealed: Uint8Array, index: number, isLast: boolean): Uint8Array<ArrayBuffer> {
    const size = sealed.length - TAG_BYTES;
    try {
      if (size < 0 || size === 0 && index > 0) throw new Error("an empty piece");
      const nonce = nonceOf(index, isLast);
      const cipher = this.#crypto.createDecipheriv(CIPHER, this.#key, nonce, OPTIONS);
      cipher.setAuthTag(sealed.subarray(size));
      const piece = new Uint8Array(cipher.update(sealed.subarray(0, size)));
      cipher.final();
      return piece;
    } catch (cause) {
      throw new FtError("digest", "What was shared has been changed since it was encrypted.", {
        hint: "Ask its sender to share it again.",
        cause,
      });
    }
  }
}
