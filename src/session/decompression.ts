import { pause } from "../clock.ts";
import { FtError } from "../error.ts";
import type { Zstd } from "../protocol/message.ts";
import { type Carrying, loadZstd } from "../protocol/zstd.ts";

/**
 * What is made of compressed bytes until others have their turns: a socket gives so many of those at
 * once that none would have one for seconds.
 */
const TURN_BYTES = 8 * 1024 * 1024;

/** What a connection makes of what comes compressed. */
export class Decompression {
  readonly #isAgreed: boolean;
  #bytes = 0;

  /** @param isAgreed whether the peer was told that it may compress. */
  constructor(isAgreed: boolean) {
    this.#isAgreed = isAgreed;
  }

  /**
   * The message that another one stands for.
   *
   * @param isGreeted whether it is of somebody we know: nothing is made for strangers.
   * @throws FtError `protocol` when it is not to be, or is not what it says.
   */
  async plain(message: Zstd, isGreeted: boolean): Promise<Carrying> {
    if (!this.#isAgreed || !isGreeted) {
      throw new FtError("protocol", "Something came compressed that was not to be.");
    }
    const plain = (await loadZstd()).decompress(message);
    this.#bytes += message.length;
    if (this.#bytes >= TURN_BYTES) {
      this.#bytes = 0;
      await pause(0);
    }
    return plain;
  }
}
