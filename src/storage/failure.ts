import { FtError, toFailure } from "../error.ts";

/** What to do next, for each failure of this machine's storage. */
const HINTS: Readonly<Record<string, string>> = {
  disk_full: "Free some space and run the same again: it goes on where it stopped.",
  read_only: "Check who owns the folder and whether it may be written.",
  io: "Check the disk; what arrived is kept.",
};

/**
 * What the file system said as an FtError. `action` says what was being done: "write 'a.bin'".
 * Errors that are FtErrors already pass as they are.
 */
export function storageFailure(thrown: unknown, action: string): FtError {
  if (thrown instanceof FtError) return thrown;
  const failure = toFailure(thrown);
  const code = failure.code === "unexpected" || failure.code === "exists" ? "io" : failure.code;
  const hint = HINTS[code];
  return new FtError(code, `Cannot ${action}: ${failure.message}`, {
    cause: thrown,
    ...(hint === undefined ? {} : { hint }),
  });
}
