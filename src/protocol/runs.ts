/**
 * Sets of indexes as runs of neighbours: the first of each and how many, one after the other.
 *
 * @module
 */

/** The runs of indexes that only grow, cut into lists of at most `max` runs. */
export function encodeRuns(indexes: Iterable<number>, max: number): number[][] {
  const lists: number[][] = [];
  let runs: number[] = [];
  let end = -1;
  for (const index of indexes) {
    if (index === end) {
      runs[runs.length - 1] = (runs.at(-1) ?? 0) + 1;
    } else {
      if (runs.length >= 2 * max) {
        lists.push(runs);
        runs = [];
      }
      runs.push(index, 1);
    }
    end = index + 1;
  }
  if (runs.length > 0) lists.push(runs);
  return lists;
}

/** The indexes of runs; undefined when they do not grow or reach `end`. */
export function decodeRuns(runs: readonly number[], end: number): number[] | undefined {
  const indexes: number[] = [];
  let next = 0;
  for (let at = 0; at < runs.length; at += 2) {
    const first = runs[at] ?? 0;
    const count = runs[at + 1] ?? 0;
    if (first < next || count === 0 || first + count > end) return undefined;
    next = first + count;
    for (let index = first; index < next; index++) indexes.push(index);
  }
  return indexes;
}
