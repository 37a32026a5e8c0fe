/** Numbers that were measured of one thing, one for each round; less is better. */
export interface Measured {
  readonly name: string;
  /** What a program that copies does beside it. */
  readonly promises?: string;
  /** Seconds, seconds of processor time for each GiB, MiB of memory, or a ratio of times. */
  readonly unit: "s" | "s/GiB" | "MiB" | "x";
  readonly values: readonly number[];
  /** The most that the median should be. */
  readonly goal?: number;
}

/** What a workload came to. */
export interface Outcome {
  readonly workload: string;
  /** Bytes that each contestant moved; 0 where it is not about bytes. */
  readonly bytes: number;
  readonly measured: readonly Measured[];
}
