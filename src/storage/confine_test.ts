import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { linesOf, temporaryFolder } from "../../tests/fixtures/staged.ts";
import { FtError } from "../error.ts";
import { findInside, isInside, makeFolders, openInside } from "./confine.ts";

const NFD = "e\u0301te\u0301";
const NFC = NFD.normalize("NFC");

/** What opening each name below a root gives: a content, or the code of a failure. */
const EXPECTED: Readonly<Record<string, string>> = {
  "file": "inside",
  "folder/file": "in folder",
  [NFC]: "form D",
  [`d ${NFC}/${NFC}`]: "form D below form D",
  "missing": "not_found",
  "folder": "not_found",
  "folder/missing": "not_found",
  "missing/file": "not_found",
  "file/below": "not_found",
  "link to file": "not_found",
  "link to outside": "not_found",
  "link to folder/file": "not_found",
  "link to outside folder/secret": "not_found",
  "folder/up/secret": "not_found",
  "dangling": "not_found",
  "loop": "not_found",
  "loop/file": "not_found",
  "pipe": "not_found",
  "pipe/file": "not_found",
  [`${"x".repeat(250)}/file`]: "not_found",
  ["x".repeat(300)]: "not_found",
};

/** A root with all that may be in one, beside a secret that nothing below it may lead to. */
async function makeTree(path: string): Promise<string> {
  const root = `${path}/root`;
  for (const folder of ["root", "outside", "root/folder", `root/d ${NFD}`]) {
    Deno.mkdirSync(`${path}/${folder}`);
  }
  Deno.writeTextFileSync(`${path}/outside/secret`, "secret");
  Deno.writeTextFileSync(`${root}/file`, "inside");
  Deno.writeTextFileSync(`${root}/folder/file`, "in folder");
  Deno.writeTextFileSync(`${root}/${NFD}`, "form D");
  Deno.writeTextFileSync(`${root}/d ${NFD}/${NFD}`, "form D below form D");
  Deno.symlinkSync("file", `${root}/link to file`);
  Deno.symlinkSync(`${path}/outside/secret`, `${root}/link to outside`);
  Deno.symlinkSync("folder", `${root}/link to folder`);
  Deno.symlinkSync("../outside", `${root}/link to outside folder`);
  Deno.symlinkSync("../../outside", `${root}/folder/up`);
  Deno.symlinkSync("nowhere", `${root}/dangling`);
  Deno.symlinkSync("loop", `${root}/loop`);
  const { success } = await new Deno.Command("mkfifo", { args: [`${root}/pipe`] }).output();
  ok(success, "no pipe could be made");
  return root;
}

Deno.test("openInside() opens regular files below the root and nothing else", async () => {
  using folder = temporaryFolder();
  const root = await makeTree(folder.path);
  for (const [name, expected] of Object.entries(EXPECTED)) {
    if (expected !== "not_found") {
      using file = openInside(root, name).file;
      const bytes = new Uint8Array(100);
      equal(new TextDecoder().decode(bytes.subarray(0, file.readSync(bytes) ?? 0)), expected);
      continue;
    }
    throws(() => openInside(root, name), (thrown: unknown) => {
      ok(thrown instanceof FtError);
      deepEqual([thrown.code, thrown.message], ["not_found", `File '${name}' not found.`]);
      return true;
    }, name);
  }
});

Deno.test("openInside() does the same under the permissions that ft ships with", async () => {
  using folder = temporaryFolder();
  const root = await makeTree(folder.path);
  const lines = await linesOf(["open", root, ...Object.keys(EXPECTED)], "-P");
  deepEqual(lines, Object.values(EXPECTED));
});

Deno.test("openInside() finds nothing once a folder on the way has become a link", () => {
  using folder = temporaryFolder();
  const { path } = folder;
  Deno.mkdirSync(`${path}/root/a/b`, { recursive: true });
  Deno.writeTextFileSync(`${path}/root/a/b/file`, "x");
  openInside(`${path}/root`, "a/b/file").file.close();
  Deno.renameSync(`${path}/root/a`, `${path}/away`);
  Deno.symlinkSync(`${path}/away`, `${path}/root/a`);
  throws(() => openInside(`${path}/root`, "a/b/file"), { code: "not_found" });
  ok(!isInside(`${path}/root`, `${path}/root/a/b`));
  throws(() => makeFolders(`${path}/root`, "a/b/file"), { code: "exists" });
});

Deno.test("findInside() sees links and folders by name, but not through links", async () => {
  using folder = temporaryFolder();
  const root = await makeTree(folder.path);
  ok(findInside(root, "link to outside")?.info.isSymlink);
  ok(findInside(root, "folder")?.info.isDirectory);
  equal(findInside(root, NFC)?.path, `${root}/${NFD}`);
  for (const name of ["link to outside folder/secret", "folder/up/secret", "file/x", "missing"]) {
    equal(findInside(root, name), undefined, name);
  }
});

Deno.test("makeFolders() makes what is missing and says where", () => {
  using folder = temporaryFolder();
  const { path } = folder;
  deepEqual(makeFolders(path, "file"), { folder: path, changed: [] });
  deepEqual(makeFolders(path, "a/b/file"), { folder: `${path}/a/b`, changed: [path, `${path}/a`] });
  deepEqual(makeFolders(path, "a/c/file"), { folder: `${path}/a/c`, changed: [`${path}/a`] });
  deepEqual(makeFolders(path, "a/c/file"), { folder: `${path}/a/c`, changed: [] });
});

Deno.test("makeFolders() goes on in a folder whose name is in another normal form", () => {
  using folder = temporaryFolder();
  Deno.mkdirSync(`${folder.path}/${NFD}`);
  const made = makeFolders(folder.path, `${NFC}/file`);
  deepEqual(made, { folder: `${folder.path}/${NFD}`, changed: [] });
});

Deno.test("makeFolders() refuses to go through links and files", async () => {
  using folder = temporaryFolder();
  const root = await makeTree(folder.path);
  for (const name of ["link to outside folder", "link to folder", "dangling", "file", "pipe"]) {
    throws(() => makeFolders(root, `${name}/new/x`), { code: "exists" }, name);
  }
  deepEqual([...Deno.readDirSync(`${folder.path}/outside`)].map(({ name }) => name), ["secret"]);
});
