import type { Sink } from "../storage/stream_store.ts";
import { misfit, unseal } from "./age.ts";
import { PayloadCipher, SEALED_BYTES } from "./age_payload.ts";

/** Decrypts what it is handed, and hands on each piece once it is known to be what was encrypted. */
export class SecretSink implements Sink {
  readonly #inner: Sink;
  readonly #code: string;
  readonly #isHead: (head: Uint8Array<ArrayBuffer>) => boolean | Promise<boolean>;
  #cipher: PayloadCipher | undefined;
  #waiting = new Uint8Array();
  #index = 0;

  /** `isHead` says whether an envelope is the one that belongs to what was asked for. */
  constructor(
    inner: Sink,
    code: string,
    isHead: (head: Uint8Array<ArrayBuffer>) => boolean | Promise<boolean>,
  ) {
    this.#inner = inner;
    this.#code = code;
    this.#isHead = isHead;
  }

  async write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const waiting = new Uint8Array(this.#waiting.length + bytes.length);
    waiting.set(this.#waiting);
    waiting.set(bytes, this.#waiting.length);
    let at = await this.#begin(waiting);
    if (this.#cipher !== undefined) {
      // The last piece is known as such when nothing follows it.
      for (; waiting.length - at > SEALED_BYTES; at += SEALED_BYTES) {
        await this.#open(this.#cipher, waiting.subarray(at, at + SEALED_BYTES), false);
      }
    }
    this.#waiting = waiting.slice(at);
  }

  async close(): Promise<void> {
    if (this.#cipher === undefined) throw misfit("It ends within its header.");
    await this.#open(this.#cipher, this.#waiting, true);
    await this.#inner.close();
  }

  /** Opens the envelope once it is there; returns how many of the bytes it took. */
  async #begin(bytes: Uint8Array<ArrayBuffer>): Promise<number> {
    if (this.#cipher !== undefined) return 0;
    const envelope = await unseal(bytes, this.#code);
    if (envelope === undefined) return 0;
    if (!await this.#isHead(envelope.head)) throw misfit("Another file with the same code.");
    this.#cipher = await PayloadCipher.of(envelope.key);
    return envelope.head.length;
  }

  async #open(cipher: PayloadCipher, sealed: Uint8Array, isLast: boolean): Promise<void> {
    const piece = cipher.open(sealed, this.#index++, isLast);
    if (piece.length > 0) await this.#inner.write(piece);
  }
}
