/** Time, as what waits for it sees it: tests move a clock of their own. */
export interface Clock {
  /** Milliseconds, of any beginning. */
  now(): number;
  /** Runs `work` after so many milliseconds, unless what it returns is called before. */
  after(milliseconds: number, work: () => void): () => void;
}

/** The clock of this machine. */
export const SYSTEM_CLOCK: Clock = {
  now: () => performance.now(),
  after(milliseconds, work) {
    const timer = setTimeout(work, milliseconds);
    return () => clearTimeout(timer);
  },
};

/** Waits so many milliseconds, or until it is called off. */
export async function pause(milliseconds: number, off?: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  const stop = () => resolve();
  off?.addEventListener("abort", stop, { once: true });
  if (off?.aborted) resolve();
  await promise;
  clearTimeout(timer);
  off?.removeEventListener("abort", stop);
}
