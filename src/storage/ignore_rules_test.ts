import { equal, throws } from "node:assert/strict";
import { IgnoreRules } from "./ignore_rules.ts";

/** Fails unless, of paths, exactly those without a `-` before them are left out. */
async function leavesOut(rules: IgnoreRules, paths: readonly string[]): Promise<void> {
  await rules.load();
  for (const written of paths) {
    const path = written.replace(/^-/, "");
    const isFolder = path.endsWith("/");
    equal(rules.ignores(isFolder ? path.slice(0, -1) : path, isFolder), path === written, written);
  }
}

Deno.test("ignores() goes by gitignore's patterns", async () => {
  await leavesOut(IgnoreRules.of(["*.o", "!keep.o", "build/", "/top", "a/b", "**/deep", "x/**"]), [
    "m.o",
    "d/m.o",
    "-keep.o",
    "-d/keep.o",
    "build/",
    "build/x",
    "-build",
    "top",
    "-d/top",
    "a/b",
    "-d/a/b",
    "d/e/deep",
    "x/y",
    "-x/",
    "-plain",
  ]);
});

Deno.test("ignores() takes nothing back in that lies in a folder that is left out", async () => {
  await leavesOut(IgnoreRules.of(["/d/", "!/d/kept"]), ["d/", "d/kept"]);
  await leavesOut(IgnoreRules.of(["/d/*", "!/d/kept"]), ["-d/", "-d/kept", "d/other"]);
});

Deno.test("with() is about the folder of the file alone", async () => {
  const rules = IgnoreRules.of([]).with("d", "*.log\n/top\nsub/name\nbuild/\n");
  await leavesOut(rules, ["d/a.log", "d/e/a.log", "-a.log", "d/top", "-d/e/top", "-top"]);
  await leavesOut(rules, ["d/sub/name", "-d/e/sub/name", "d/e/build/", "-build/", "-dd/a.log"]);
});

Deno.test("with() lets an inner file beat an outer one, and the command line beat both", async () => {
  const rules = IgnoreRules.of(["*.key", "!spare.log"]).with("", "*.log\nbuild/\n")
    .with("d", "!*.log\n!build/\n!*.key\nspare.log\n");
  await leavesOut(rules, ["a.log", "-d/a.log", "build/", "-d/build/", "-d/build/x", "d/my.key"]);
  await leavesOut(rules, ["-d/spare.log", "-spare.log"]);
});

Deno.test("with() reads what editors write, and what has to be quoted", async () => {
  const rules = IgnoreRules.of([])
    .with("", "\ufeff# a comment\r\n\r\nfirst\r\n\\#one\n\\!two\nspaces\\ \nline  \n/\n!\n");
  await leavesOut(rules, ["first", "#one", "!two", "spaces ", "line", "-# a comment", "-other"]);
});

Deno.test("with() takes the folder's own name literally", async () => {
  const folder = "a*b?[c] !#";
  const rules = IgnoreRules.of([]).with(folder, "x\n\\!bang\n\\#hash\n!y\n/z\n");
  await leavesOut(rules, [`${folder}/x`, `${folder}/!bang`, `${folder}/d/#hash`, `${folder}/z`]);
  await leavesOut(rules, [`-${folder}/y`, "-aXb1c !#/x", "-azb?c !#/z"]);
});

Deno.test("rules and paths are compared in Unicode's normal form C", async () => {
  const rules = IgnoreRules.of(["u\u0308ber"]).with("", "cafe\u0301\n");
  await leavesOut(rules, ["\u00fcber", "caf\u00e9"]);
});

Deno.test({
  name: "case counts where the file system counts it",
  ignore: Deno.build.os === "windows" || Deno.build.os === "darwin",
  async fn() {
    await leavesOut(IgnoreRules.of(["*.LOG"]), ["a.LOG", "-a.log"]);
  },
});

Deno.test("rules without a pattern answer without being loaded", () => {
  const none = IgnoreRules.of([]).with("d", "# nothing\n\n");
  equal(none.isWaiting, false);
  equal(none.ignores("d/a", false), false);
});

Deno.test("ignores() answers the same however much it was asked before", async () => {
  const rules = IgnoreRules.of([]).with("d", "*7\n!17\n");
  await rules.load();
  for (let index = 0; index < 25_000; index++) {
    equal(rules.ignores(`d/${index}`, false), index % 10 === 7 && index !== 17, String(index));
  }
});

Deno.test("a pattern made to take for ever is refused, or takes no time", async () => {
  const costly = { code: "limit", message: /too many/ };
  throws(() => IgnoreRules.of(["**/a/".repeat(4) + "b"]), costly);
  const none = IgnoreRules.of([]);
  throws(() => none.with("d", `x\n/${"**/a/".repeat(4)}b\n`), costly);
  const rules = IgnoreRules.of([`${"*a".repeat(100)}b`, `${"*?".repeat(50)}x`]);
  await rules.load();
  equal(rules.ignores(`${"a".repeat(250)}c`, false), false);
});
