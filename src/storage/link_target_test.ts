import { equal, match } from "node:assert/strict";
import { temporaryFolder } from "../../tests/fixtures/staged.ts";
import { writeFile } from "../../tests/files.ts";
import { leadsOut, targetFault } from "./link_target.ts";

const links = { ignore: Deno.build.os === "windows" };

Deno.test("targetFault() accepts relative paths of canonical names only", () => {
  for (
    const target of ["a", "./a//b/", "../a", "..", ".", "a b", " ", "\u00fcber", "a".repeat(255)]
  ) {
    equal(targetFault(target), undefined, target);
  }
  const bad = [
    "",
    "/",
    "/etc/passwd",
    "C:/x",
    "c:x",
    "a\\b",
    "..\\..\\x",
    "a\0b",
    "a\nb",
    "\ufffd",
    "\ud800",
    "u\u0308",
    ".ft/staging",
    "x/.FT",
    "a".repeat(256),
    "a/".repeat(2000),
  ];
  for (const target of bad) match(String(targetFault(target)), /^(it|its|of its) /, target);
});

Deno.test("leadsOut() counts folders, wherever the link lies", links, () => {
  using folder = temporaryFolder();
  writeFile(`${folder.path}/a/b/x`, "x");
  const out = (at: string[], target: string) => leadsOut(folder.path, at, target) !== undefined;
  for (const target of ["x", "../b/x", "../../a/b/x", "..", "../..", "../../a/..", "gone/x"]) {
    equal(out(["a", "b"], target), false, target);
  }
  for (const target of ["../../..", "../../../a", "../../a/../..", "gone/..", "x/.."]) {
    equal(out(["a", "b"], target), true, target);
  }
  equal(out([], ".."), true);
  equal(out([], "."), false);
});

Deno.test("leadsOut() follows links as the system does, not as they are written", links, () => {
  using folder = temporaryFolder();
  const root = `${folder.path}/root`;
  writeFile(`${root}/a/b/c/x`, "x");
  const link = (path: string, target: string) => Deno.symlinkSync(target, `${root}/${path}`);
  link("deep", "a/b/c");
  link("a/here", ".");
  link("a/b/top", "../..");
  link("absolute", "/tmp");
  link("out", "../beside");
  link("dangling", "missing/too");
  const out = (target: string) => leadsOut(root, [], target);
  for (const inside of ["deep/x", "deep/../../..", "a/here/here/b", "a/b/top/a", "dangling/x"]) {
    equal(out(inside), undefined, inside);
  }
  for (const outside of ["deep/../../../..", "a/here/../..", "a/b/top/..", "absolute/x"]) {
    equal(typeof out(outside), "string", outside);
  }
  for (const outside of ["out", "out/x", "dangling/.."]) {
    equal(typeof out(outside), "string", outside);
  }
});

Deno.test("leadsOut() ends with circles, and with ways that take too long", links, () => {
  using folder = temporaryFolder();
  const root = folder.path;
  Deno.symlinkSync("b", `${root}/a`);
  Deno.symlinkSync("a", `${root}/b`);
  equal(leadsOut(root, [], "a"), "it leads in a circle");
  Deno.mkdirSync(`${root}/d`);
  Deno.symlinkSync(`${"d/../".repeat(400)}d`, `${root}/long`);
  equal(leadsOut(root, [], "long/../long"), "its way is too long");
  equal(leadsOut(root, [], "long"), undefined);
});
