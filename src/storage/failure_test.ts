import { deepEqual, equal } from "node:assert/strict";
import { FtError } from "../error.ts";
import { readFailure, storageFailure } from "./failure.ts";

const { errors } = Deno;
const DENIED = "Permission denied (os error 13)";

/** The code of a failure, what it says and what it says to do. */
function said({ code, message, hint }: FtError): [string, string, string | undefined] {
  return [code, message, hint];
}

Deno.test("readFailure() does not say that a place may not be written", () => {
  const thrown = new errors.PermissionDenied(DENIED);
  deepEqual(said(readFailure(thrown, "read 'a'")), [
    "io",
    `Cannot read 'a': ${DENIED}`,
    "Check who owns it and whether you may read it.",
  ]);
  deepEqual(said(storageFailure(thrown, "stage 'a'")), [
    "read_only",
    `Cannot stage 'a': ${DENIED}`,
    "Check who owns the folder and whether it may be written.",
  ]);
  for (const failure of [readFailure, storageFailure]) {
    const own = new FtError("changed");
    equal(failure(own, "read 'a'"), own);
    const full = Object.assign(new Error("No space left on device"), { code: "ENOSPC" });
    equal(failure(full, "read 'a'").code, "disk_full");
    equal(failure(new Error("?"), "read 'a'").code, "io");
  }
});

Deno.test("a failure names what it is about once, and what else there is", () => {
  const names: [string, string, string][] = [
    ["read 'mm/no'", "open 'mm/no'", ""],
    ["read 'mm/no'", "readdir '/home/ana/mm/no'", ""],
    ["stage 'a'", "open '/out/.ft/1.part'", ": open '/out/.ft/1.part'"],
    ["write what arrives", "open '/out/.ft/1.part'", ": open '/out/.ft/1.part'"],
  ];
  for (const [action, call, rest] of names) {
    const thrown = new errors.PermissionDenied(`${DENIED}: ${call}`);
    equal(storageFailure(thrown, action).message, `Cannot ${action}: ${DENIED}${rest}`);
  }
});

Deno.test("what the runtime keeps from everybody is said without its options", () => {
  const thrown = new errors.NotCapable(
    'Requires all access to "/dev/stdin", run again with the --allow-all flag',
  );
  for (const failure of [readFailure, storageFailure]) {
    deepEqual(said(failure(thrown, "read '/dev/stdin'")), [
      "denied",
      "Cannot read '/dev/stdin': ft has no permission to read or write there.",
      "Choose another place; for pipes there are '--output -' and: ft put - --name NAME",
    ]);
  }
});

Deno.test("a path through a file is not the disk's fault", () => {
  const hint = "There is a file where a folder has to be: check the path.";
  const through = new errors.NotADirectory("Not a directory (os error 20): stat 'a/b'");
  deepEqual(said(storageFailure(through, "use 'a/b'")), [
    "io",
    "Cannot use 'a/b': Not a directory (os error 20)",
    hint,
  ]);
  const over = new errors.AlreadyExists("File exists (os error 17): mkdir 'a'");
  equal(storageFailure(over, "use the folder 'a'").hint, hint);
});
