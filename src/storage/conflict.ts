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
