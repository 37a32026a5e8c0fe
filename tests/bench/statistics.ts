/** The middle of some numbers. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

/** The least and the most of some numbers. */
export function spread(numbers: readonly number[]): readonly [least: number, most: number] {
  return [Math.min(...numbers), Math.max(...numbers)];
}

/** The quotient of each round's pair: both of a pair met the same weather. */
export function ratios(ours: readonly number[], theirs: readonly number[]): number[] {
  return ours.map((number, at) => number / (theirs[at] ?? NaN));
}
