import { type FailureCode, FtError, toFailure } from "../error.ts";

/** What to do next, for each failure that the file system itself reports. */
const HINTS: { readonly [Code in FailureCode]?: string } = {
  disk_full: "Free some space and run the same again: it goes on where it stopped. " +
    "What is kept for that goes with: ft partials clear FOLDER",
  read_only: "Check who owns the folder and whether it may be written.",
  io: "Check the disk; what arrived is kept.",
  bad_name: "Choose a shorter name.",
};
const READ_HINT = "Check who owns it and whether you may read it.";
const PLACE_HINT = "There is a file where a folder has to be: check the path.";
const CLOSED_HINT = "Choose another place; for pipes there are '--output -' and: " +
  "ft put - --name NAME";
/** What the runtime adds about the call that failed, and with which path. */
const CALL = /: \w+ '(.*)'$/s;
/** What is being read or written, in the words that say so. */
const NAMED = /'(.*)'/s;

/** What was said, in words of ours where there are some. */
interface Told {
  readonly code: FailureCode;
  readonly reason: string;
  readonly hint: string | undefined;
}

/**
 * What the file system said as an FtError. `action` says what was being done: "write 'a.bin'".
 * Errors that are FtErrors already pass as they are; what is neither space, permission nor the
 * length of a name is `io`, for a file of our own that is gone is not the file somebody asked for.
 */
export function storageFailure(thrown: unknown, action: string): FtError {
  return thrown instanceof FtError ? thrown : failed(action, told(thrown), thrown);
}

/** The same of what was only to be read: the place may be written or not. */
export function readFailure(thrown: unknown, action: string): FtError {
  if (thrown instanceof FtError) return thrown;
  const said = told(thrown);
  const isClosed = said.code === "read_only";
  return failed(action, isClosed ? { ...said, code: "io", hint: READ_HINT } : said, thrown);
}

function told(thrown: unknown): Told {
  const { code, message } = toFailure(thrown);
  if (thrown instanceof Deno.errors.NotCapable) {
    // Its own words name options of the runtime.
    const reason = "ft has no permission to read or write there.";
    return { code: "denied", reason, hint: CLOSED_HINT };
  }
  if (thrown instanceof Deno.errors.NotADirectory || code === "exists") {
    return { code: "io", reason: message, hint: PLACE_HINT };
  }
  if (code === "bad_name") {
    // The words of the system name paths; these are told to the other side.
    return { code, reason: "the name is too long for this system.", hint: HINTS[code] };
  }
  const known = code in HINTS ? code : "io";
  return { code: known, reason: message, hint: HINTS[known] };
}

function failed(action: string, { code, reason, hint }: Told, cause: unknown): FtError {
  // What is named already is not named once more.
  const [call = "", path = ""] = CALL.exec(reason) ?? [];
  const [, named = ""] = NAMED.exec(action) ?? [];
  const isNamed = path === named || path.endsWith(`/${named}`);
  const short = isNamed ? reason.slice(0, reason.length - call.length) : reason;
  return new FtError(code, `Cannot ${action}: ${short}`, {
    cause,
    ...(hint === undefined ? {} : { hint }),
  });
}
