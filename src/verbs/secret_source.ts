import type { Source } from "../storage/store.ts";
import type { Envelope } from "./age.ts";
import { PayloadCipher, PIECE_BYTES, SEALED_BYTES, sealedSize } from "./age_payload.ts";

/** A piece that was read ahead of its turn, or was sealed and is not given whole yet. */
interface Piece {
  readonly index: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/**
 * Another source, encrypted. The same envelope gives the same bytes again; so it may seal one
 * version of the inner source only.
 */
export class SecretSource implements Source {
  readonly size: number | undefined;
  readonly mtime: number | undefined;
  readonly version: string | undefined;
  readonly digest: undefined;
  readonly #inner: Source;
  readonly #envelope: Envelope;
  #cipher: PayloadCipher | undefined;
  #ahead: Piece | undefined;
  #sealed: Piece | undefined;

  /** `version` names the inner source's version and the envelope together. */
  constructor(inner: Source, envelope: Envelope, version: string | undefined) {
    this.#inner = inner;
    this.#envelope = envelope;
    this.size = inner.size === undefined
      ? undefined
      : envelope.head.length + sealedSize(inner.size);
    this.mtime = inner.mtime;
    this.version = version;
  }

  async read(offset: number, into: Uint8Array): Promise<number> {
    const { head } = this.#envelope;
    let filled = 0;
    while (filled < into.length) {
      const at = offset + filled - head.length;
      const bytes = at < 0 ? head.subarray(at) : await this.#sealedFrom(at);
      if (bytes.length === 0) break;
      const part = bytes.subarray(0, into.length - filled);
      into.set(part, filled);
      filled += part.length;
    }
    return filled;
  }

  isUnchanged(): boolean {
    return this.#inner.isUnchanged();
  }

  stop(): void {
    this.#inner.stop?.();
  }

  close(): void {
    this.#inner.close();
  }

  /** What is left of the piece in which byte `at` of the payload lies; nothing past the end. */
  async #sealedFrom(at: number): Promise<Uint8Array<ArrayBuffer>> {
    const index = Math.floor(at / SEALED_BYTES);
    if (this.#sealed?.index !== index) {
      const bytes = await this.#seal(index);
      if (bytes === undefined) return new Uint8Array();
      this.#sealed = { index, bytes };
    }
    return this.#sealed.bytes.subarray(at - index * SEALED_BYTES);
  }

  async #seal(index: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const piece = await this.#piece(index);
    if (piece.length === 0 && index > 0) return undefined;
    const isLast = await this.#isLast(index, piece);
    this.#cipher ??= await PayloadCipher.of(this.#envelope.key);
    return this.#cipher.seal(piece, index, isLast);
  }

  /** Whether nothing follows a piece: where the size is not known, that takes a look. */
  async #isLast(index: number, { length }: Uint8Array): Promise<boolean> {
    const end = index * PIECE_BYTES + length;
    if (this.#inner.size !== undefined) return end >= this.#inner.size;
    const next = await this.#piece(index + 1);
    this.#ahead = { index: index + 1, bytes: next };
    return next.length === 0;
  }

  async #piece(index: number): Promise<Uint8Array<ArrayBuffer>> {
    if (this.#ahead?.index === index) return this.#ahead.bytes;
    const bytes = new Uint8Array(PIECE_BYTES);
    const count = await this.#inner.read(index * PIECE_BYTES, bytes);
    return bytes.subarray(0, count);
  }
}
