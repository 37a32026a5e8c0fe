/**
 * The records of a server's root, for what is done there beside a server that may be running.
 *
 * @module
 */
import { FtError } from "../error.ts";
import { lookAt } from "../storage/confine.ts";
import { readFailure } from "../storage/failure.ts";
import { Records } from "../storage/records.ts";
import { RECORDS } from "./root.ts";

/**
 * Returns where a server's root is.
 *
 * @throws FtError `not_found` where none is.
 */
export function requireRoot(root: string): void {
  try {
    if (lookAt(`${root}/${RECORDS}`)?.isFile) return;
  } catch (thrown) {
    throw readFailure(thrown, `read '${root}'`);
  }
  throw new FtError("not_found", `'${root}' is not the root of a server.`, {
    hint: "Name it with --root DIR, or start a server there first: ft serve --root DIR",
  });
}

/**
 * Opens the records of a root.
 *
 * @throws FtError `not_found` where no server's root is, `io` when they are damaged.
 */
export function openRecords(root: string): Records {
  requireRoot(root);
  let damaged: string | undefined;
  const records = Records.open(`${root}/${RECORDS}`, (aside) => damaged = aside);
  if (damaged === undefined) return records;
  records.close();
  throw new FtError("io", `The records were damaged; they were set aside as '${damaged}'.`, {
    hint: "The named tokens were in them: add them again.",
  });
}
