/**
 * Whether what carries bytes of files travels compressed: always where it shrinks, never, or by
 * itself where the link is slower than the compressor and the file shrinks.
 *
 * @module
 */
import { type Clock, SYSTEM_CLOCK } from "../clock.ts";
import { type Carrying, loadZstd, type ZstdCodec } from "../protocol/zstd.ts";
import type { Zstd } from "../protocol/message.ts";
import { LinkRate } from "./link_rate.ts";

/** The feature of a side that takes compressed frames. */
export const ZSTD_FEATURE = "zstd";

/** What carries bytes of files, as it is or compressed. */
export type Packed = Carrying | Zstd;

/** When to compress. */
export type Compress = "auto" | "on" | "off";

/** What shrinks to no less of itself is sent as it is. */
const MOST_RATIO = 0.9;

/** Bodies that this process sends just now: they have one thread among them to compress with. */
let bodies = 0;

/** How a connection compresses what it sends. */
export class Compression {
  readonly #clock: Clock;
  readonly #load: () => Promise<ZstdCodec>;
  readonly #link = new LinkRate();
  #when: Compress;
  #isAgreed = false;
  readonly #agreed = Promise.withResolvers<void>();
  #codec: ZstdCodec | undefined;
  /** Milliseconds that were spent on compressing. */
  #spent = 0;

  /** `load` is for tests, as the clock is. */
  constructor(when: Compress = "auto", { clock = SYSTEM_CLOCK, load = loadZstd } = {}) {
    this.#when = when;
    this.#clock = clock;
    this.#load = load;
  }

  /**
   * What the peer understands, and whether it wants all compressed that shrinks; also for the end of
   * a conversation in which it has not said so.
   */
  agree(features: readonly string[], always = false): void {
    this.#isAgreed = features.includes(ZSTD_FEATURE);
    if (always) this.#when = "on";
    this.#agreed.resolve();
  }

  /** Sends the body of a file or folder by `work`, which asks here what travels of it. */
  async body(isSecret: boolean, work: (body: Body) => Promise<void>): Promise<void> {
    // The first files of a client come before the peer has said anything: that is worth a wait only
    // where compression is more than a guess.
    if (this.#when === "on" && !isSecret) await this.#agreed.promise;
    bodies++;
    try {
      await work(new Body(this, isSecret ? "off" : undefined));
    } finally {
      bodies--;
    }
  }

  /** @internal Whether there is anything to be tried now. */
  get when(): Compress {
    if (!this.#isAgreed || this.#when === "off") return "off";
    return this.#when === "on" || this.#link.isSlow ? this.#when : "off";
  }

  /** @internal Compresses, and tells whether it is worth it. */
  async squeeze(message: Carrying): Promise<Zstd | undefined> {
    const codec = this.#codec ??= await this.#load();
    const began = this.#clock.now();
    const zstd = codec.compress(message);
    const milliseconds = this.#clock.now() - began;
    this.#spent += milliseconds;
    const cost = milliseconds * bodies;
    const saved = zstd.length - zstd.bytes.length;
    const isWorth = this.#when === "on"
      ? saved > 0
      : zstd.bytes.length < zstd.length * MOST_RATIO && saved / this.#link.rate > cost;
    return isWorth ? zstd : undefined;
  }

  /** @internal Waits for `send`, which has the link take a message. */
  async timed(message: Packed, send: () => Promise<void>): Promise<void> {
    const began = this.#clock.now() - this.#spent;
    await send();
    const waited = Math.max(0, this.#clock.now() - this.#spent - began);
    const { bytes: { length }, kind } = message;
    this.#link.took(length, waited, { isCompressed: kind === "zstd", bodies });
  }
}

/** What travels of one file, or of the small files of one folder. */
export class Body {
  readonly #compression: Compression;
  readonly #when: "off" | undefined;
  /** Pieces that are left alone yet: twice as many after each that was not worth it. */
  #left = 0;
  #next = 1;

  constructor(compression: Compression, when: "off" | undefined) {
    this.#compression = compression;
    this.#when = when;
  }

  /** What travels in the place of a message: itself, or what stands for it. */
  async packed(message: Carrying): Promise<Packed> {
    const when = this.#when ?? this.#compression.when;
    if (when === "off") return message;
    if (when === "auto" && this.#left-- > 0) return message;
    const zstd = await this.#compression.squeeze(message);
    if (zstd === undefined) {
      this.#left = this.#next;
      this.#next *= 2;
      return message;
    }
    this.#next = 1;
    this.#left = 0;
    return zstd;
  }

  /** Sends a message by `send`; how long that takes tells how fast the link is. */
  async sent(message: Packed, send: () => Promise<void>): Promise<void> {
    await this.#compression.timed(message, send);
  }
}
