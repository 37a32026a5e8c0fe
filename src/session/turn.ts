/** Lets one at a time through, in the order they came. */
export class Turn {
  #last: Promise<void> = Promise.resolve();

  /** Waits for its turn, runs `work`, and lets the next one through whatever comes of it. */
  async take<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#last;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last = promise;
    await before;
    try {
      return await work();
    } finally {
      resolve();
    }
  }
}
