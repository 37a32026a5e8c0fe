import { read } from "./service.ts";

/** Ticks in a second of what Linux says of processor time. */
const TICKS = 100;

/** What a process that runs has used so far. */
export interface Usage {
  /** The most memory that was resident at once, in MiB. */
  readonly peak: number;
  /** Seconds of processor time. */
  readonly cpu: number;
}

/** Reads it of a process. */
export function usageOf(pid: number): Usage {
  const peak = /^VmHWM:\s+(\d+) kB$/m.exec(read("cat", `/proc/${pid}/status`))?.[1];
  // Fields 14 and 15 of all; the second one, in parentheses, may hold spaces.
  const fields = read("cat", `/proc/${pid}/stat`).replace(/^.*\) /s, "").split(" ");
  const ticks = Number(fields[11]) + Number(fields[12]);
  return { peak: Number(peak) / 1024, cpu: ticks / TICKS };
}
