/**
 * What the tests of keys, invites and tokens share.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Finished, Server } from "./process.ts";

/** A failure says what happened and what to do, once, and shows no token. */
export function assertFails(
  { code, stdout, stderr }: Finished,
  expected: number,
  says: RegExp,
): void {
  assert.equal(code, expected, stderr);
  assert.match(stderr, says);
  assert.equal(stderr.match(/^Error: /mg)?.length, 1, stderr);
  assert.match(stderr, /^ {2}\S.*$/m, "it does not say what to do next");
  assert.doesNotMatch(stdout + stderr, /sEcReT/);
}

/** The fingerprint that a server shows when it starts. */
export function fingerprintOf({ running }: Server): string {
  const [, fingerprint] = /^Key fingerprint: (SHA256:[\w-]{43})$/m.exec(running.stdout) ?? [];
  assert.ok(fingerprint !== undefined, running.stdout);
  return fingerprint;
}
