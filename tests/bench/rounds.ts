/** One thing that is timed: it prepares, moves, and says whether what arrived is right. */
export interface Contestant {
  readonly name: string;
  /** Removes what an earlier round left. Not timed. */
  prepare(): void;
  move(): Promise<void>;
  /** Throws unless the result is the source, byte for byte. Not timed. */
  check(): void;
}

/** Seconds of each round, by the name of the contestant. */
export type Times = ReadonlyMap<string, readonly number[]>;

/**
 * Times contestants in turn, A B A B, so that all meet the same weather; the first round is not
 * counted. A round whose result is wrong throws.
 */
export async function timeRounds(
  contestants: readonly Contestant[],
  rounds: number,
): Promise<Times> {
  const times = new Map(contestants.map(({ name }) => [name, [] as number[]]));
  for (let round = 0; round <= rounds; round++) {
    for (const { name, prepare, move, check } of contestants) {
      prepare();
      const began = performance.now();
      await move();
      const seconds = (performance.now() - began) / 1000;
      check();
      if (round > 0) times.get(name)?.push(seconds);
    }
  }
  return times;
}

/** The middle of some numbers. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}
