import { equal } from "node:assert/strict";
import { Glob, isPattern, unquoted } from "./glob.ts";

const isWindows = Deno.build.os === "windows";

/** Fails unless a pattern matches exactly the names without a `-` before them. */
function matches(pattern: string, ...names: readonly string[]): void {
  const glob = new Glob(pattern);
  for (const written of names) {
    const name = written.replace(/^-/, "");
    equal(glob.matches(name), name === written, `${pattern} ${name}`);
  }
}

Deno.test("Glob has runs and single characters", () => {
  matches("*", "a", "a.b", "-.a");
  matches("*.txt", "a.txt", "a.b.txt", "-a.txt.gz", "-txt", "-.txt");
  matches("a*b*c", "abc", "axxbxxc", "abcbc", "-abcb", "-ab");
  matches("**x", "x", "ax", "-xa");
  matches("a?c", "abc", "a\u{1f600}c", "-ac", "-abbc");
  matches("plain", "plain", "-plai", "-plain1");
  matches("", "-a");
});

Deno.test("Glob has sets as shells do", () => {
  matches("[abc]", "a", "c", "-d", "-ab");
  matches("[a-cx]1", "b1", "x1", "-d1");
  matches("[!a-c]", "d", "\u{1f600}", "-a");
  matches("[^a]", "b", "-a");
  matches("[]a]", "]", "a", "-b");
  matches("[!]]", "a", "-]");
  matches("[a-]", "a", "-b");
  equal(new Glob("[a-]").matches("-"), true);
  equal(new Glob("[a-c]").matches("-"), false);
  matches("[z-a]", "-a", "-m", "-z");
  matches("a[b", "a[b", "-ab");
  matches("x[*]", "x*", "-xa");
});

Deno.test("Glob matches what begins with a dot only when that is meant", () => {
  matches(".*", ".a", "..b", "-a");
  matches("[.]a", "-.a");
  matches("?a", "-.a");
});

Deno.test("Glob compares names in normal form C", () => {
  matches("u\u0308*", "\u00fcber", "u\u0308ber");
  matches("?ber", "u\u0308ber");
});

Deno.test({
  name: "Glob takes what follows a backslash as it is",
  ignore: isWindows,
  fn() {
    matches("a\\*", "a*", "-ab");
    matches("\\[x]", "[x]", "-x");
    matches("\\.*", ".a", "-a");
    equal(unquoted("a\\*\\\\b\\"), "a*\\b\\");
  },
});

Deno.test("Glob takes no longer than the lengths allow", () => {
  matches(`${"*a".repeat(200)}b`, `-${"a".repeat(255)}`, `${"a".repeat(200)}b`);
});

Deno.test("isPattern() knows patterns from names", () => {
  for (const text of ["*", "a?b", "[x]", "dir/**/x"]) equal(isPattern(text), true, text);
  for (const text of ["a", "a/b c", "]", "a[b", "[]", "\\", "-", ""]) {
    equal(isPattern(text), false, text);
  }
});
