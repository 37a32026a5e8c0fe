import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { writeFile } from "../../tests/files.ts";
import { temporaryFolder } from "../../tests/fixtures/staged.ts";
import type { TreeEntry } from "./tree.ts";
import { WalkedTree } from "./walked_tree.ts";

const isUnix = Deno.build.os !== "windows";

/** A folder with some files, walked; `during` is called after each entry. */
async function walked(
  path: string,
  names: readonly string[],
  during: (path: string) => void = () => {},
): Promise<{ tree: WalkedTree; entries: TreeEntry[] }> {
  for (const name of names) writeFile(`${path}/${name}`, `in ${name}`);
  const tree = new WalkedTree(path, { mtime: undefined, walk: {} });
  const entries: TreeEntry[] = [];
  for await (const found of tree.entries()) {
    ok(!("error" in found), found.path);
    entries.push(found);
    during(found.path);
  }
  return { tree, entries };
}

/** What a small file of a tree holds. */
function textOf(tree: WalkedTree, path: string, size = `in ${path}`.length): string {
  const into = new Uint8Array(size);
  tree.read(path, into);
  return new TextDecoder().decode(into);
}

Deno.test("WalkedTree tells of an entry what travels, and not where it lies", async () => {
  using folder = temporaryFolder();
  const { entries } = await walked(folder.path, ["d/a", "b"]);
  deepEqual(entries.map(({ path, ...rest }) => [path, ...Object.keys(rest).sort()]), [
    ["b", "kind", "mtime", "size"],
    ["d", "kind", "mtime"],
    ["d/a", "kind", "mtime", "size"],
  ]);
});

Deno.test("WalkedTree.read() gives a file whole, and none that is another one by now", async () => {
  using folder = temporaryFolder();
  const names = ["d/a", "d/b", "d/c", "d/longer", "d/later", "empty", "e/f"];
  const { tree } = await walked(folder.path, names);
  for (const name of names) equal(textOf(tree, name), `in ${name}`);
  throws(() => textOf(tree, "d/a", 3), { code: "changed" });
  throws(() => textOf(tree, "nothing"), { code: "not_found" });
  Deno.renameSync(`${folder.path}/d/a`, `${folder.path}/d/b`);
  throws(() => textOf(tree, "d/a"), { code: "not_found", message: "'d/a' is gone." });
  throws(() => textOf(tree, "d/b"), { code: "changed" });
  writeFile(`${folder.path}/d/longer`, "much longer than it was");
  throws(() => textOf(tree, "d/longer"), { code: "changed" });
  Deno.utimeSync(`${folder.path}/d/later`, new Date(), new Date(1_000));
  throws(() => textOf(tree, "d/later"), { code: "changed" });
  equal(textOf(tree, "d/c"), "in d/c");
});

Deno.test({
  name: "WalkedTree.read() follows no link, and waits for no pipe",
  ignore: !isUnix,
  async fn() {
    using folder = temporaryFolder();
    const { tree } = await walked(folder.path, ["a", "b", "c"]);
    for (const name of ["a", "b"]) {
      Deno.renameSync(`${folder.path}/${name}`, `${folder.path}/${name}2`);
    }
    Deno.symlinkSync("a2", `${folder.path}/a`);
    throws(() => textOf(tree, "a"), { code: "changed" });
    ok((await new Deno.Command("mkfifo", { args: [`${folder.path}/b`] }).output()).success);
    throws(() => textOf(tree, "b"), { code: "changed" });
    equal(textOf(tree, "c"), "in c");
  },
});

Deno.test({
  name: "WalkedTree.read() gives nothing of a folder that became a link while it was walked",
  ignore: !isUnix,
  async fn() {
    using folder = temporaryFolder();
    using outside = temporaryFolder();
    writeFile(`${outside.path}/b`, "in d/b");
    const { tree } = await walked(folder.path, ["a", "d/a", "d/b"], (path) => {
      if (path !== "d/a") return;
      Deno.renameSync(`${folder.path}/d`, `${folder.path}/e`);
      Deno.symlinkSync(outside.path, `${folder.path}/d`);
    });
    equal(textOf(tree, "a"), "in a");
    for (const name of ["d/a", "d/b", "d/b"]) throws(() => textOf(tree, name), { code: "changed" });
  },
});
