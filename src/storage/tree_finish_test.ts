import { deepEqual, equal, match, ok } from "node:assert/strict";
import fc from "fast-check";
import { temporaryFolder } from "../../tests/fixtures/staged.ts";
import { exists, writeFile } from "../../tests/files.ts";
import { seed } from "../../tests/random.ts";
import { type FinishedEntry, finishTree } from "./tree_finish.ts";

const links = { ignore: Deno.build.os === "windows" };

/** A tree's own folder, beside something that nobody may reach. */
function treeIn(): { readonly path: string; readonly root: string } & Disposable {
  const folder = temporaryFolder();
  writeFile(`${folder.path}/beside/secret`, "secret");
  Deno.mkdirSync(`${folder.path}/tree`);
  return { ...folder, path: folder.path, root: `${folder.path}/tree` };
}

/** Entries from `a -> b` for links and `d/` for folders. */
function entriesOf(...lines: readonly string[]): FinishedEntry[] {
  return lines.map((line) => {
    const at = line.indexOf(" -> ");
    if (at < 0) return { path: line.replace(/\/$/, ""), kind: "folder" };
    return { path: line.slice(0, at), kind: "link", target: line.slice(at + 4) };
  });
}

/** Finishes a tree; what failed, as `path code`. */
async function finish(root: string, ...lines: readonly string[]): Promise<string[]> {
  const { failures } = await finishTree(root, entriesOf(...lines), { mtime: undefined });
  return failures.map(({ path, error }) => `${path} ${error.code}`);
}

/** Where everything below the tree leads, `-` where to nothing. */
function realPaths(root: string, folder = root): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) => {
    const path = `${folder}/${name}`;
    return [realPath(path), ...(isDirectory ? realPaths(root, path) : [])];
  });
}

function realPath(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch {
    return "-";
  }
}

function assertInside(root: string): void {
  for (const path of realPaths(root)) {
    ok(path === "-" || path === root || path.startsWith(`${root}/`), path);
  }
}

Deno.test("finishTree() makes folders, also without their parents, and names what changed", async () => {
  using tree = treeIn();
  writeFile(`${tree.root}/d/file`, "x");
  const entries = entriesOf("d/", "empty/", "a/b/c/", "a/");
  const { failures, folders } = await finishTree(tree.root, entries, { mtime: undefined });
  deepEqual(failures, []);
  for (const name of ["empty", "a/b/c", "d"]) ok(Deno.statSync(`${tree.root}/${name}`).isDirectory);
  deepEqual([...folders].sort(), ["", "/a", "/a/b"].map((name) => tree.root + name));
});

Deno.test("finishTree() sets the times of folders last, the root's too", async () => {
  using tree = treeIn();
  const times = [1_300_000_000_123, 1_400_000_000_456, 1_500_000_000_789] as const;
  const entries: FinishedEntry[] = [
    { path: "a", kind: "folder", mtime: times[0] },
    { path: "a/b", kind: "folder", mtime: times[1] },
    { path: "a/b/c", kind: "folder" },
    { path: "a/file", kind: "file", mtime: 5 },
    ...(links.ignore ? [] : entriesOf("a/b/link -> c")),
  ];
  deepEqual((await finishTree(tree.root, entries, { mtime: times[2] })).failures, []);
  const timeOf = (path: string) => Deno.statSync(path).mtime?.getTime();
  deepEqual(["a", "a/b", ""].map((path) => timeOf(`${tree.root}/${path}`)), [...times]);
  equal(exists(`${tree.root}/a/file`), false);
});

Deno.test("finishTree() reports each failure for itself, and replaces nothing", async () => {
  using tree = treeIn();
  writeFile(`${tree.root}/file`, "kept");
  const failed = await finish(tree.root, "file/", "file/in/", "ok/", "../out/", "a/../b/", "x\\y/");
  deepEqual(failed, [
    "file exists",
    "file/in exists",
    "../out bad_name",
    "a/../b bad_name",
    "x\\y bad_name",
  ]);
  equal(Deno.readTextFileSync(`${tree.root}/file`), "kept");
  deepEqual([...Deno.readDirSync(tree.root)].map(({ name }) => name).sort(), ["file", "ok"]);
  deepEqual([...Deno.readDirSync(tree.path)].map(({ name }) => name).sort(), ["beside", "tree"]);
});

Deno.test("finishTree() keeps the words of only so many failures, and the code of each", async () => {
  using tree = treeIn();
  const lines = Array.from({ length: 8_000 }, (_, at) => `${at} -> /out`);
  const { failures } = await finishTree(tree.root, entriesOf(...lines), { mtime: undefined });
  deepEqual(
    failures.map(({ path, error }) => `${path} ${error.code}`),
    lines.map((line) => {
      return line.replace("-> /out", "denied");
    }),
  );
  match(failures[0]?.error.message ?? "", /^The link '0' is not made: /);
  const kept = new Set(failures.map(({ error }) => error));
  ok(kept.size > 1_000 && kept.size < 5_000, `${kept.size}`);
});

Deno.test("finishTree() names the folder that cannot be made", async () => {
  using tree = treeIn();
  writeFile(`${tree.root}/file`, "kept");
  const { failures } = await finishTree(tree.root, entriesOf("file/"), { mtime: undefined });
  deepEqual(failures.map(({ error }) => error.message), [
    "Cannot make the folder 'file': something else is in its place.",
  ]);
});

Deno.test("finishTree() makes links that stay inside, whatever their order", links, async () => {
  using tree = treeIn();
  writeFile(`${tree.root}/d/file`, "x");
  const lines = ["first -> second", "second -> d/file", "new/up -> ../d", "gone -> d/missing"];
  deepEqual(await finish(tree.root, ...lines, "d/self -> .", "top -> new/up/../d/file"), []);
  equal(Deno.readTextFileSync(`${tree.root}/first`), "x");
  equal(Deno.readTextFileSync(`${tree.root}/new/up/file`), "x");
  equal(Deno.readTextFileSync(`${tree.root}/top`), "x");
  equal(Deno.readLinkSync(`${tree.root}/gone`), "d/missing");
  deepEqual(await finish(tree.root, ...lines), [], "the same again");
});

Deno.test("finishTree() never replaces what has the name of a link", links, async () => {
  using tree = treeIn();
  writeFile(`${tree.root}/file`, "kept");
  Deno.mkdirSync(`${tree.root}/folder`);
  Deno.symlinkSync("file", `${tree.root}/link`);
  deepEqual(await finish(tree.root, "file -> x", "folder -> x", "link -> x", "link -> file"), [
    "file exists",
    "folder exists",
    "link exists",
  ]);
  equal(Deno.readTextFileSync(`${tree.root}/link`), "kept");
  deepEqual(await finish(tree.root, "twice -> file", "twice -> folder"), ["twice exists"]);
  equal(Deno.readLinkSync(`${tree.root}/twice`), "file");
});

const HOSTILE: Record<string, readonly string[]> = {
  "absolute": ["l -> /etc/passwd"],
  "a drive": ["l -> C:/Windows"],
  "above": ["l -> ../beside/secret"],
  "above from below": ["d/l -> ../../beside/secret"],
  "in and out": ["l -> d/../../beside"],
  "nothing": ["l -> "],
  "a zero byte": ["l -> x\0y"],
  "very long": [`l -> ${"a/".repeat(5000)}x`],
  "a way that is not there": ["l -> missing/../../beside/secret"],
  "a backslash": ["l -> ..\\beside"],
  "ft's own": ["l -> .ft/records.db"],
};

for (const [what, lines] of Object.entries(HOSTILE)) {
  Deno.test(`finishTree() makes no link to ${what}`, links, async () => {
    using tree = treeIn();
    Deno.mkdirSync(`${tree.root}/d`);
    const [path] = (lines[0] ?? "").split(" -> ");
    deepEqual(await finish(tree.root, ...lines), [`${path} denied`]);
    equal(exists(`${tree.root}/${path}`), false);
  });
}

Deno.test("a link cannot be made to lead out by one that is made later", links, async () => {
  const chains: Record<string, [string[], string[]]> = {
    "above a folder that turns out to be a link": [["a -> d/../beside/secret", "d -> ."], ["a"]],
    "two steps": [["a -> b/../../beside", "b -> c", "c -> ."], ["a"]],
    "through a link upwards": [["up -> .", "a -> up/../beside/secret"], ["a"]],
    "down and further up": [["x/in -> ..", "a -> x/in/../beside"], ["a"]],
    "a chain whose end leads out": [["a -> b", "b -> c", "c -> ../beside"], ["c"]],
    "a link below a link": [["in -> x", "in/l -> ../../beside/secret"], ["in/l"]],
  };
  for (const [what, [lines, refused]] of Object.entries(chains)) {
    using tree = treeIn();
    Deno.mkdirSync(`${tree.root}/x`);
    const failed = await finish(tree.root, ...lines);
    deepEqual(failed.map((line) => line.split(" ")[0]), refused, what);
    assertInside(tree.root);
  }
});

Deno.test("what is made below a link is not made behind it", links, async () => {
  using tree = treeIn();
  Deno.symlinkSync("../beside", `${tree.root}/out`);
  Deno.symlinkSync("/", `${tree.root}/slash`);
  const failed = await finish(
    tree.root,
    "out/new/",
    "out/l -> x",
    "out/",
    "a -> out/x",
    "b -> slash",
  );
  deepEqual(failed, ["out/new exists", "out exists", "out/l exists", "a denied", "b denied"]);
  deepEqual([...Deno.readDirSync(`${tree.path}/beside`)].map(({ name }) => name), ["secret"]);
});

Deno.test("folders that are links are not given a time", links, async () => {
  using tree = treeIn();
  Deno.utimeSync(`${tree.path}/beside`, 0, 0);
  Deno.symlinkSync("../beside", `${tree.root}/out`);
  const entries: FinishedEntry[] = [{ path: "out", kind: "folder", mtime: 1_500_000_000_000 }];
  const { failures } = await finishTree(tree.root, entries, { mtime: undefined });
  deepEqual(failures.map(({ error }) => error.code), ["exists"]);
  equal(Deno.statSync(`${tree.path}/beside`).mtime?.getTime(), 0);
});

Deno.test("links in circles lead nowhere, and are reported", links, async () => {
  using tree = treeIn();
  const { failures } = await finishTree(tree.root, entriesOf("a -> b", "b -> a", "me -> me"), {
    mtime: undefined,
  });
  ok(failures.length > 0);
  for (const { error } of failures) match(error.message, /in a circle/);
  assertInside(tree.root);
});

Deno.test(
  "links of a case twin are one where the file system takes them for one",
  links,
  async () => {
    using tree = treeIn();
    writeFile(`${tree.root}/x`, "x");
    const isOne = exists(`${tree.root}/X`);
    deepEqual(await finish(tree.root, "Link -> x", "link -> ."), isOne ? ["link exists"] : []);
  },
);

Deno.test("whatever is sent, nothing below the tree leads out of it", links, async () => {
  const part = fc.constantFrom("a", "b", "c", "..", ".", "", "d", "missing");
  const path = fc.array(fc.constantFrom("a", "b", "c", "d"), { minLength: 1, maxLength: 3 });
  const target = fc.array(part, { minLength: 1, maxLength: 6 });
  const entry = fc.record({
    path: path.map((parts) => parts.join("/")),
    kind: fc.constantFrom("folder" as const, "link" as const, "link" as const),
    target: target.map((parts) => parts.join("/")),
  });
  const trees = fc.array(fc.array(entry, { maxLength: 10 }), { minLength: 1, maxLength: 2 });
  await fc.assert(
    fc.asyncProperty(trees, async (rounds) => {
      using tree = treeIn();
      for (const name of ["a", "b", "c", "d"]) writeFile(`${tree.path}/${name}/a/b/c/d`, "x");
      for (const entries of rounds) await finishTree(tree.root, entries, { mtime: 1000 });
      assertInside(tree.root);
    }),
    { seed, numRuns: 300 }, // A failure prints the seed and the shrunk case.
  );
});
