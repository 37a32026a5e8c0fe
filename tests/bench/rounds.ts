/** One thing that is timed: it prepares, moves, and says whether what arrived is right. */
export interface Contestant {
  readonly name: string;
  /** Whether it is left out where it fails at once: what is to be shown is how ft does. */
  readonly isPeer?: boolean;
  /** Removes what an earlier round left and starts what has to wait for the move. Not timed. */
  prepare(): void | Promise<void>;
  move(): Promise<void>;
  /** Throws unless the result is the source, byte for byte. Not timed. */
  check(): void;
}

/** Seconds of each round that counts, by the name of the contestant. */
export type Times = ReadonlyMap<string, readonly number[]>;

/** Rounds that may be void before a workload is given up. */
const MOST_VOID = 3;

/**
 * Times contestants in turn, A B B A, so that all meet the same weather and nobody always comes
 * after the same other one; the first round is not counted, and a peer that fails in it takes no part
 * in the others. After it a failure makes its round void for all, and the round is run again.
 *
 * @throws The failure of who is no peer in the first round; the last one after the third round that
 * is void.
 */
export async function timeRounds(
  contestants: readonly Contestant[],
  rounds: number,
  say: (text: string) => void,
): Promise<Times> {
  const fit: Contestant[] = [];
  for (const contestant of contestants) {
    try {
      await time(contestant);
      fit.push(contestant);
    } catch (thrown) {
      if (!contestant.isPeer) throw thrown;
      say(`left out: ${reason(thrown)}`);
    }
  }
  const times = new Map(fit.map(({ name }) => [name, [] as number[]]));
  for (let round = 0, voided = 0; round < rounds;) {
    try {
      const seconds = new Map<string, number>();
      const turns = (round + voided) % 2 === 0 ? fit.toReversed() : fit;
      for (const contestant of turns) seconds.set(contestant.name, await time(contestant));
      for (const { name } of fit) times.get(name)?.push(seconds.get(name) ?? NaN);
      round++;
    } catch (thrown) {
      if (++voided === MOST_VOID) throw thrown;
      say(`round ${round + 1} is void: ${reason(thrown)}`);
    }
  }
  return times;
}

async function time({ name, prepare, move, check }: Contestant): Promise<number> {
  try {
    await prepare();
    const began = performance.now();
    await move();
    const seconds = (performance.now() - began) / 1000;
    check();
    return seconds;
  } catch (thrown) {
    throw new Error(`${name}: ${reason(thrown)}`);
  }
}

function reason(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
