import { type FailureCode, FtError, toFailure } from "../error.ts";

/** What to do next, for each failure that the file system itself reports. */
const HINTS: { readonly [Code in FailureCode]?: string } = {
  disk_full: "Free some space and run the same again: it goes on where it stopped. " +
    "What is kept for that goes with: ft partials clear FOLDER",
  read_only: "Check who owns the folder and whether it may be written.",
  io: "Check the disk; what arrived is kept.",
  bad_name: "Choose a shorter name.",
};

/**
 * What the file system said as an FtError. `action` says what was being done: "write 'a.bin'".
 * Errors that are FtErrors already pass as they are; what is neither space, permission nor the
 * length of a name is `io`, for a file of our own that is gone is not the file somebody asked for.
 */
export function storageFailure(thrown: unknown, action: string): FtError {
  if (thrown instanceof FtError) return thrown;
  const failure = toFailure(thrown);
  const code = failure.code in HINTS ? failure.code : "io";
  // The words of the system name paths; these are told to the other side.
  const reason = code === "bad_name" ? "the name is too long for this system." : failure.message;
  const hint = HINTS[code];
  return new FtError(code, `Cannot ${action}: ${reason}`, {
    cause: thrown,
    ...(hint === undefined ? {} : { hint }),
  });
}
