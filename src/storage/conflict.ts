import { FtError } from "../error.ts";

const HINT = "Choose another name, or --on-conflict rename.";

/** The failure of a request whose name is taken, and that does not want another. */
export function taken(name: string): FtError {
  return new FtError("exists", `'${name}' exists.`, { hint: HINT });
}

/** The failure of a request to replace what is another owner's. */
export function notOwn(name: string): FtError {
  return new FtError("denied", `'${name}' is somebody else's: only its owner replaces it.`, {
    hint: HINT,
  });
}

/** The failure of what of a tree must not be replaced; `wasOwn` says that it was sent by whoever asks. */
export function notOwnEntry(path: string, wasOwn: boolean): FtError {
  return wasOwn
    ? new FtError("denied", `'${path}' was changed on the server since it was sent.`, {
      hint: "It is the server's now: have it removed there, then send it again.",
    })
    : new FtError("denied", `'${path}' is somebody else's there.`, {
      hint: "Choose another name for it.",
    });
}
