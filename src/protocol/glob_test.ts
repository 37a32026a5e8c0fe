import assert from "node:assert/strict";
import { matchesGlob } from "./glob.ts";

const FITS: readonly (readonly [string, string])[] = [
  ["", ""],
  ["*", ""],
  ["*", "a/b.txt"],
  ["**", "a"],
  ["a", "a"],
  ["?", "😀"],
  ["*.pdf", "report (2).pdf"],
  ["*.pdf", ".pdf"],
  ["report*2*", "report (2).pdf"],
  ["a*b*c", "aXbXbXc"],
  ["[a].txt", "[a].txt"],
  ["*a*a*a", "aaa"],
];
const DIFFERS: readonly (readonly [string, string])[] = [
  ["", "a"],
  ["?", ""],
  ["?", "ab"],
  ["*.pdf", "report.PDF"],
  ["*.pdf", "report.pdf.txt"],
  ["a*b", "aXc"],
  ["*a*a*a", "aa"],
  [".", "a"],
  ["a\\*", "ab"],
];

for (const [pattern, name] of FITS) {
  Deno.test(`matchesGlob() finds that ${name} fits ${pattern}`, () => {
    assert.equal(matchesGlob(pattern, name), true);
  });
}
for (const [pattern, name] of DIFFERS) {
  Deno.test(`matchesGlob() finds that ${name} does not fit ${pattern}`, () => {
    assert.equal(matchesGlob(pattern, name), false);
  });
}

Deno.test("matchesGlob() takes no longer for a pattern that is meant to", () => {
  const name = "a".repeat(2048);
  const began = performance.now();
  for (let time = 0; time < 20; time++) {
    assert.equal(matchesGlob(`${"*a".repeat(127)}*b`, name), false);
  }
  // A matcher that tries every way takes longer than the universe lasts.
  assert.ok(performance.now() - began < 5_000);
});
