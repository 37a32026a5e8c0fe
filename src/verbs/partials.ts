import { FtError } from "../error.ts";
import { type Leftover, Staging } from "../storage/staging.ts";
import { STAGING_FOLDER } from "./download_output.ts";
import { SERVER_STAGING } from "./root.ts";

/** The staging folder of a server's root or of an output folder. */
function stagingOf(folder: string): Staging {
  const isServer = exists(`${folder}/${SERVER_STAGING}`);
  return new Staging(`${folder}/${isServer ? SERVER_STAGING : STAGING_FOLDER}`, () => {
    throw new FtError("unexpected");
  });
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

/** What interrupted transfers left below a server's root or an output folder, oldest first. */
export function listPartials(folder: string): Leftover[] {
  return stagingOf(folder).leftovers();
}

/** Removes what nobody uses and is older than `age` milliseconds; returns what was removed. */
export function clearPartials(folder: string, age: number): Leftover[] {
  return stagingOf(folder).sweep(age);
}
