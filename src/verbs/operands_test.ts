import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { temporaryFolder } from "../../tests/fixtures/staged.ts";
import { writeFile } from "../../tests/files.ts";
import { type OperandOptions, readOperands } from "./operands.ts";

const isUnix = Deno.build.os !== "windows";

/** A folder with these files and folders (`d/`) in it. */
function folderOf(...names: readonly string[]): { readonly path: string } & Disposable {
  const folder = temporaryFolder();
  for (const name of names) {
    if (name.endsWith("/")) Deno.mkdirSync(`${folder.path}/${name}`, { recursive: true });
    else writeFile(`${folder.path}/${name}`, name);
  }
  return folder;
}

/** What operands below a folder name: `file path as name`, with the folder left out of paths. */
async function read(
  folder: string,
  operands: readonly string[],
  options?: OperandOptions,
): Promise<string[]> {
  const found = await readOperands(operands.map((operand) => `${folder}/${operand}`), options);
  return found.map((one) => {
    const path = one.path.slice(folder.length + 1);
    return "error" in one ? `${path}! ${one.error.code}` : `${one.kind} ${path} as ${one.name}`;
  });
}

Deno.test("readOperands() gives files and folders in order, each failure for itself", async () => {
  using folder = folderOf("b.txt", "d/x", "empty/");
  deepEqual(await read(folder.path, ["b.txt", "missing", "d", "empty/", "d/x", "b.txt"]), [
    "file b.txt as b.txt",
    "missing! not_found",
    "folder d as d",
    "folder empty as empty",
    "file d/x as x",
    "file b.txt as b.txt",
  ]);
  const [missing] = await readOperands([`${folder.path}/missing`, ""]);
  equal(
    missing && "error" in missing && missing.error.hint,
    "Check the spelling and the folder you are in.",
  );
});

Deno.test("readOperands() gives folders their real names", async () => {
  using folder = folderOf("d/e/x", "d/y");
  deepEqual(await read(folder.path, ["d/.", "d/e/..", "d/e/../.", "d///", "d/e/./"]), [
    "folder d/. as d",
    "folder d/e/.. as d",
    "folder d/e/../. as d",
    "folder d as d",
    "folder d/e/. as e",
  ]);
  const [here, above] = await readOperands([".", ".."]);
  const last = (path: string) => path.split(/[\\/]/).at(-1);
  equal(here && "name" in here && here.name, last(Deno.cwd()));
  equal(above && "name" in above && above.name, last(Deno.realPathSync("..")));
});

Deno.test({
  name: "readOperands() reports what has no name, or none that can be used",
  ignore: !isUnix,
  async fn() {
    using folder = folderOf("a\\b", "tab\there");
    deepEqual(await read(folder.path, ["a\\b", "*b", "tab\there", "\ufffd"]), [
      "a\\b! bad_name",
      "a\\b! bad_name",
      "tab\there! bad_name",
      "\ufffd! bad_name",
    ]);
    for (const path of ["/", "//", "/.", "/.."]) {
      const [root] = await readOperands([path]);
      match(String(root && "error" in root && root.error.message), /has no name of its own/);
    }
    const [device] = await readOperands(["/dev/null"]);
    equal(device && "error" in device && device.error.code, "bad_name");
  },
});

Deno.test({
  name: "readOperands() sends what a link that is named leads to, under the link's name",
  ignore: !isUnix,
  async fn() {
    using folder = folderOf("d/x", "file");
    Deno.symlinkSync("d", `${folder.path}/to folder`);
    Deno.symlinkSync("file", `${folder.path}/to file`);
    Deno.symlinkSync("gone", `${folder.path}/to nothing`);
    deepEqual(await read(folder.path, ["to folder", "to folder/", "to file", "to*"]), [
      "folder to folder as to folder",
      "folder to folder as to folder",
      "file to file as to file",
      "file to file as to file",
      "folder to folder as to folder",
      "to nothing! not_found",
    ]);
  },
});

Deno.test("readOperands() resolves patterns, in order of their paths", async () => {
  using folder = folderOf(
    "b.txt",
    "a.txt",
    ".hidden.txt",
    "c.md",
    "d/x.txt",
    "e.txt/y",
    "d/.h/z.txt",
  );
  const found = (pattern: string) => read(folder.path, [pattern]);
  deepEqual(await found("*.txt"), [
    "file a.txt as a.txt",
    "file b.txt as b.txt",
    "folder e.txt as e.txt",
  ]);
  deepEqual(await found(".*.txt"), ["file .hidden.txt as .hidden.txt"]);
  deepEqual(await found("*/x.txt"), ["file d/x.txt as x.txt"]);
  deepEqual(await found("[ab].*"), ["file a.txt as a.txt", "file b.txt as b.txt"]);
  deepEqual(await found("d/*"), ["file d/x.txt as x.txt"]);
  deepEqual(await found("d/.h/*"), ["file d/.h/z.txt as z.txt"]);
  deepEqual(await found("?/"), ["folder d as d"]);
  deepEqual(await found("*.gz"), ["*.gz! not_found"]);
  deepEqual(await found("gone/*"), ["gone/*! not_found"]);
});

Deno.test("readOperands() goes down any number of folders for `**`", async () => {
  using folder = folderOf("x", "a/x", "a/b/x", "a/b/y", "a/.h/x", ".g/x");
  const found = (pattern: string) => read(folder.path, [pattern]);
  const all = ["file x as x", "file a/x as x", "file a/b/x as x"];
  deepEqual(await found("**/x"), all);
  deepEqual(await found("**/**/x"), all);
  deepEqual(await found("a/**/x"), all.slice(1));
  deepEqual(await found("**/b/*"), ["file a/b/x as x", "file a/b/y as y"]);
  deepEqual(await found("a/**"), ["file a/b/x as x", "file a/b/y as y", "file a/x as x"]);
});

Deno.test({
  name: "readOperands() follows no link for `**`, and only links to folders for `*/`",
  ignore: !isUnix,
  async fn() {
    using folder = folderOf("a/x", "b/");
    Deno.symlinkSync("..", `${folder.path}/a/up`);
    Deno.symlinkSync("../a", `${folder.path}/b/a`);
    deepEqual(await read(folder.path, ["**/x"]), ["file a/x as x"]);
    deepEqual(await read(folder.path, ["b/*/x"]), ["file b/a/x as x"]);
  },
});

Deno.test({
  name: "readOperands() takes a name that is there before the pattern that it could be",
  ignore: !isUnix,
  async fn() {
    using folder = folderOf("a", "b", "[ab]", "*/x", "q*");
    deepEqual(await read(folder.path, ["[ab]", "*", "\\[ab]", "q\\*"]), [
      "file [ab] as [ab]",
      "folder * as *",
      "file [ab] as [ab]",
      "file q* as q*",
    ]);
    deepEqual(await read(folder.path, ["\\[a?]", "\\*/?"]), ["file [ab] as [ab]", "file */x as x"]);
  },
});

Deno.test("readOperands() leaves out what --exclude says", async () => {
  using folder = folderOf("a.txt", "a.tmp", "cache/x", "keep.tmp");
  const exclude = ["*.tmp", "!keep.tmp", "cache/"];
  deepEqual(await read(folder.path, ["*", "a.tmp", "cache/x"], { exclude }), [
    "file a.txt as a.txt",
    "file keep.tmp as keep.tmp",
    "file cache/x as x",
  ]);
  const costly = { exclude: ["**/**/**/**/x"] };
  await rejects(readOperands(["a"], costly), { code: "limit" });
});

Deno.test("readOperands() can be interrupted while it searches", async () => {
  using folder = folderOf("a/x");
  const options = { signal: AbortSignal.abort() };
  await rejects(read(folder.path, ["**/y"], options), { code: "interrupted" });
});
