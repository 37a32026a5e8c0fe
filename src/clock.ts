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
