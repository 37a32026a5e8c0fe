import { deepEqual, equal, match, ok, rejects, throws } from "node:assert/strict";
import { temporaryFolder } from "../../tests/fixtures/staged.ts";
import { writeFile } from "../../tests/files.ts";
import { FtError } from "../error.ts";
import { openEntry, readEntry, type TreeEntry, type TreeOptions, walkTree } from "./local_tree.ts";

const isUnix = Deno.build.os !== "windows";

/** Makes files, folders (`d/`) and links (`a -> b`). */
function make(root: string, ...what: readonly string[]): void {
  for (const one of what) {
    const [name = "", target] = one.split(" -> ");
    const path = `${root}/${name}`;
    if (target !== undefined) {
      Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
      Deno.symlinkSync(target, path);
    } else if (name.endsWith("/")) Deno.mkdirSync(path, { recursive: true });
    else writeFile(path, name);
  }
}

/** What a walk gives, a line each: `d/`, `file`, `link -> target`, `path! code`. */
async function linesOf(root: string, options: TreeOptions = {}): Promise<string[]> {
  const lines: string[] = [];
  for await (const found of walkTree(root, options)) {
    if ("error" in found) lines.push(`${found.path}! ${found.error.code}`);
    else if (found.kind === "folder") lines.push(`${found.path}/`);
    else lines.push(found.path + (found.kind === "link" ? ` -> ${found.target}` : ""));
  }
  return lines;
}

async function entriesOf(root: string, options: TreeOptions = {}): Promise<TreeEntry[]> {
  const entries = await Array.fromAsync(walkTree(root, options));
  return entries.filter((entry): entry is TreeEntry => !("error" in entry));
}

async function failuresOf(root: string, options: TreeOptions = {}): Promise<string[]> {
  const all = await Array.fromAsync(walkTree(root, options));
  return all.flatMap((one) => "error" in one ? [one.error.message] : []);
}

/** Whether a folder that is closed is open all the same, as all is to the system's own user. */
function canRead(path: string): boolean {
  try {
    return [...Deno.readDirSync(path)].length > 0;
  } catch {
    return false;
  }
}

Deno.test("walkTree() gives folders before what is in them, names in order, nothing missing", async () => {
  using folder = temporaryFolder();
  make(folder.path, "b/z", "b/a", "b.txt", "a/deep/er/x", ".hidden/.file", "empty/", "B", "-dash");
  deepEqual(await linesOf(folder.path), [
    "-dash",
    ".hidden/",
    ".hidden/.file",
    "B",
    "a/",
    "a/deep/",
    "a/deep/er/",
    "a/deep/er/x",
    "b/",
    "b/a",
    "b/z",
    "b.txt",
    "empty/",
  ]);
});

Deno.test("walkTree() of an empty folder gives nothing, of what is none `not_found`", async () => {
  using folder = temporaryFolder();
  make(folder.path, "empty/", "file");
  deepEqual(await linesOf(`${folder.path}/empty`), []);
  for (const name of ["missing", "file"]) {
    await rejects(linesOf(`${folder.path}/${name}`), { code: "not_found", message: /Folder/ });
  }
});

Deno.test("walkTree() tells size, time and where it lies", async () => {
  using folder = temporaryFolder();
  make(folder.path, "d/x");
  Deno.utimeSync(`${folder.path}/d/x`, 0, new Date(1_500_000_000_123));
  Deno.utimeSync(`${folder.path}/d`, 0, new Date(1_400_000_000_456));
  const [d, x] = await entriesOf(folder.path);
  const plain = { exec: false };
  deepEqual([{ ...d, id: 0 }, { ...x, id: 0 }], [
    {
      ...plain,
      path: "d",
      kind: "folder",
      size: 0,
      mtime: 1_400_000_000_456,
      local: `${folder.path}/d`,
      id: 0,
    },
    {
      ...plain,
      path: "d/x",
      kind: "file",
      size: 3,
      mtime: 1_500_000_000_123,
      local: `${folder.path}/d/x`,
      id: 0,
    },
  ]);
});

Deno.test({
  name: "walkTree() tells who may be run: by the owner's bit, files only",
  ignore: !isUnix,
  async fn() {
    using folder = temporaryFolder();
    make(folder.path, "owner", "group", "plain", "d/");
    Deno.chmodSync(`${folder.path}/owner`, 0o744);
    Deno.chmodSync(`${folder.path}/group`, 0o674);
    const entries = await entriesOf(folder.path);
    deepEqual(entries.filter(({ exec }) => exec).map(({ path }) => path), ["owner"]);
  },
});

Deno.test("walkTree() goes by its exclude patterns and by ignore files at any depth", async () => {
  using folder = temporaryFolder();
  make(folder.path, "a.log", "keep.log", "d/a.log", "d/b.txt", "d/e/b.txt", "build/x", "d/build");
  writeFile(`${folder.path}/.ftignore`, "*.log\nbuild/\n");
  writeFile(`${folder.path}/d/.ftignore`, "!a.log\n/b.txt\n");
  const left: string[] = [];
  const onLeftOut = (path: string, why: string) => left.push(`${path} ${why}`);
  deepEqual(await linesOf(folder.path, { exclude: ["!keep.log", ".ftignore"], onLeftOut }), [
    "d/",
    "d/a.log",
    "d/build",
    "d/e/",
    "d/e/b.txt",
    "keep.log",
  ]);
  deepEqual(left, [
    ".ftignore excluded",
    "a.log excluded",
    "build excluded",
    "d/.ftignore excluded",
    "d/b.txt excluded",
  ]);
});

Deno.test("a folder whose ignore file cannot be used is not sent, the others are", async () => {
  using folder = temporaryFolder();
  make(folder.path, "a/secret", "b/secret", "c/secret", "ok/x", "a/.ftignore/");
  writeFile(`${folder.path}/b/.ftignore`, "#".repeat(1024 * 1024 + 1));
  writeFile(`${folder.path}/c/.ftignore`, "**/**/**/**/x");
  deepEqual(await linesOf(folder.path), ["a! io", "b! io", "c! limit", "ok/", "ok/x"]);
  await rejects(linesOf(`${folder.path}/a`), { code: "io", message: /'.ftignore'/ });
});

Deno.test({
  name: "walkTree() reports names that cannot be used, and goes on",
  ignore: !isUnix,
  async fn() {
    using folder = temporaryFolder();
    make(folder.path, "back\\slash", "line\nend", "ok", "sub/.FT/x", "sub/ok");
    deepEqual(await linesOf(folder.path), [
      "back\\slash! bad_name",
      "line\nend! bad_name",
      "ok",
      "sub/",
      "sub/.FT! bad_name",
      "sub/ok",
    ]);
    deepEqual(await linesOf(folder.path, { exclude: ["line*", "back*", ".FT"] }), [
      "ok",
      "sub/",
      "sub/ok",
    ]);
  },
});

Deno.test({
  name: "walkTree() reports names that are not valid UTF-8, also of folders",
  ignore: Deno.build.os !== "linux",
  async fn() {
    using folder = temporaryFolder();
    make(folder.path, "good");
    const script = `cd "$1" && touch "$(printf 'f\\377')" "$(printf 'f\\376')" && ` +
      `mkdir "$(printf 'd\\377')" && touch "$(printf 'd\\377/x')"`;
    const { success } = await new Deno.Command("sh", { args: ["-c", script, "sh", folder.path] })
      .output();
    ok(success);
    deepEqual(await linesOf(folder.path), [
      "d\ufffd! bad_name",
      "f\ufffd! bad_name",
      "f\ufffd! bad_name",
      "good",
    ]);
  },
});

Deno.test({
  name: "of two names that are one in normal form C only the canonical one is sent",
  ignore: Deno.build.os !== "linux",
  async fn() {
    using folder = temporaryFolder();
    make(folder.path, "cafe\u0301", "caf\u00e9", "u\u0308/x");
    deepEqual(await linesOf(folder.path), [
      "caf\u00e9",
      "caf\u00e9! bad_name",
      "\u00fc/",
      "\u00fc/x",
    ]);
    const [, last] = (await entriesOf(folder.path)).slice(-2);
    equal(last?.local, `${folder.path}/u\u0308/x`);
  },
});

Deno.test("walkTree() counts the name that its paths follow among their limits", async () => {
  using folder = temporaryFolder();
  make(folder.path, `${"d/".repeat(126)}x`);
  const under = (name: string) => linesOf(folder.path, { under: name });
  equal((await under("a")).at(-1), `${"d/".repeat(126)}x`);
  equal((await under("a/b")).at(-1), `${"d/".repeat(126)}x! bad_name`);
});

Deno.test({
  name: "walkTree() reports pipes and folders that may not be read",
  ignore: !isUnix || Deno.build.os === "darwin",
  async fn() {
    using folder = temporaryFolder();
    make(folder.path, "closed/x", "open/x");
    const { success } = await new Deno.Command("mkfifo", { args: [`${folder.path}/pipe`] })
      .output();
    ok(success);
    Deno.chmodSync(`${folder.path}/closed`, 0);
    try {
      const closed = canRead(`${folder.path}/closed`) ? ["closed/", "closed/x"] : ["closed! io"];
      deepEqual(await linesOf(folder.path), [...closed, "open/", "open/x", "pipe! bad_name"]);
    } finally {
      Deno.chmodSync(`${folder.path}/closed`, 0o700);
    }
  },
});

Deno.test({
  name: "links are kept when they stay inside, and reported when they do not",
  ignore: !isUnix,
  async fn() {
    using folder = temporaryFolder();
    using outside = temporaryFolder();
    make(outside.path, "secret");
    make(`${folder.path}/t`, "d/x", "a -> d/x", "d/up -> ../a", "d/self -> .", "gone -> d/missing");
    make(`${folder.path}/t`, "here -> ./d//x", `abs -> ${outside.path}`, "out -> ../elsewhere");
    make(`${folder.path}/t`, "d/out -> ../../t/d/x", "by -> abs/secret", "loop -> loop");
    make(`${folder.path}/t`, "past -> missing/../../x", `own -> ${folder.path}/t/d`, "ft -> .ft/x");
    make(`${folder.path}/t`, "d/top -> .. ", "odd -> back\\slash", "through -> d/self/self/x");
    deepEqual(await linesOf(`${folder.path}/t`), [
      "a -> d/x",
      "abs! denied",
      "by! denied",
      "d/",
      "d/out! denied",
      "d/self -> .",
      "d/top -> .. ",
      "d/up -> ../a",
      "d/x",
      "ft! denied",
      "gone -> d/missing",
      "here -> ./d//x",
      "loop! denied",
      "odd! denied",
      "out! denied",
      "own! denied",
      "past! denied",
      "through -> d/self/self/x",
    ]);
    const [abs] = await failuresOf(`${folder.path}/t`);
    equal(abs, "The link 'abs' is not sent: it leads to an absolute path.");
  },
});

Deno.test({
  name: "links are left out with `skip`, and followed anywhere but in circles with `follow`",
  ignore: !isUnix,
  async fn() {
    using folder = temporaryFolder();
    using outside = temporaryFolder();
    make(outside.path, "there/y", "there/back -> .", "file");
    make(folder.path, "d/x", `far -> ${outside.path}/there`, "d/up -> ..", "near -> d/x");
    make(folder.path, `file -> ${outside.path}/file`, "gone -> missing", "loop -> loop");
    const left: string[] = [];
    const onLeftOut = (path: string, why: string) => left.push(`${path} ${why}`);
    deepEqual(await linesOf(folder.path, { links: "skip", onLeftOut }), ["d/", "d/x"]);
    deepEqual(left, ["d/up", "far", "file", "gone", "loop", "near"].map((path) => `${path} link`));
    deepEqual(await linesOf(folder.path, { links: "follow" }), [
      "d/",
      "d/up! denied",
      "d/x",
      "far/",
      "far/back! denied",
      "far/y",
      "file",
      "gone! denied",
      "loop! io",
      "near",
    ]);
    const followed = await entriesOf(folder.path, { links: "follow" });
    const near = followed.find(({ path }) => path === "near");
    deepEqual([near?.kind, near?.size, near?.local], ["file", 3, `${folder.path}/d/x`]);
  },
});

Deno.test({
  name: "the folder itself may be named by a link",
  ignore: !isUnix,
  async fn() {
    using folder = temporaryFolder();
    make(folder.path, "t/x", "t/in -> x", "by -> t");
    deepEqual(await linesOf(`${folder.path}/by`), ["in -> x", "x"]);
  },
});

Deno.test({
  name: "what changes while it is walked is left out or reported, never followed",
  ignore: !isUnix,
  async fn() {
    using folder = temporaryFolder();
    using outside = temporaryFolder();
    make(outside.path, "secret");
    make(folder.path, "a", "b/x", "c", "d/x", "e");
    const lines: string[] = [];
    for await (const found of walkTree(folder.path)) {
      lines.push(found.path + ("error" in found ? `! ${found.error.code}` : ""));
      if (found.path !== "a") continue;
      Deno.removeSync(`${folder.path}/c`);
      Deno.removeSync(`${folder.path}/b`, { recursive: true });
      Deno.renameSync(`${folder.path}/d`, `${folder.path}/e2`);
      Deno.symlinkSync(outside.path, `${folder.path}/d`);
    }
    deepEqual(lines, ["a", "d! denied", "e"]);
  },
});

Deno.test({
  name: "a folder that becomes a link while it is walked gives nothing from elsewhere",
  ignore: !isUnix,
  async fn() {
    using folder = temporaryFolder();
    using outside = temporaryFolder();
    make(outside.path, "a", "b", "in/b");
    make(folder.path, "d/a", "d/b", "d/in/b");
    const entries: TreeEntry[] = [];
    const failures: string[] = [];
    for await (const found of walkTree(folder.path)) {
      if ("error" in found) failures.push(`${found.path} ${found.error.code}`);
      else entries.push(found);
      if (found.path !== "d/a") continue;
      Deno.renameSync(`${folder.path}/d`, `${folder.path}/moved`);
      Deno.symlinkSync(outside.path, `${folder.path}/d`);
    }
    deepEqual(failures, ["d/in changed"]);
    for (const entry of entries.filter(({ kind }) => kind === "file")) {
      throws(() => openEntry(entry), { code: "changed" }, entry.path);
    }
  },
});

Deno.test({
  name: "openEntry() opens the file that was seen, and no other",
  ignore: !isUnix,
  async fn() {
    using folder = temporaryFolder();
    make(folder.path, "a", "b", "c", "d", "l -> a");
    const [a, b, c, d] = await entriesOf(folder.path);
    ok(a && b && c && d);
    const source = openEntry(a);
    const into = new Uint8Array(1);
    equal(source.read(0, into), 1);
    source.close();
    equal(String.fromCharCode(...into), "a");
    Deno.renameSync(`${folder.path}/a`, `${folder.path}/b`);
    throws(() => openEntry(b), { code: "changed", message: "'b' is another file by now." });
    Deno.removeSync(`${folder.path}/c`);
    throws(() => openEntry(c), { code: "not_found" });
    Deno.symlinkSync("d2", `${folder.path}/c`);
    throws(() => openEntry(c), { code: "changed" });
    // The system may give what comes next the number of what was removed.
    const id = Deno.lstatSync(c.local);
    const link = { ...c, id, size: id.size, mtime: Number(id.mtime) };
    throws(() => openEntry(link), { code: "changed" });
    throws(() => readEntry(link, new Uint8Array(id.size)), { code: "changed" });
    Deno.renameSync(`${folder.path}/d`, `${folder.path}/d2`);
    Deno.symlinkSync("d2", `${folder.path}/d`);
    throws(() => openEntry(d), { code: "changed" });
    Deno.removeSync(`${folder.path}/d`);
    ok((await new Deno.Command("mkfifo", { args: [`${folder.path}/d`] }).output()).success);
    throws(() => openEntry(d), { code: "changed" });
  },
});

Deno.test("walkTree() stops when it is interrupted, also while nothing is given", async () => {
  using folder = temporaryFolder();
  for (let index = 0; index < 1200; index++) make(folder.path, `left out ${index}`);
  const controller = new AbortController();
  const walk = linesOf(folder.path, { exclude: ["*"], signal: controller.signal });
  setImmediate(() => controller.abort(new FtError("interrupted", "Enough.")));
  await rejects(walk, { code: "interrupted", message: "Enough." });
  await rejects(linesOf(folder.path, { signal: AbortSignal.abort() }), { code: "interrupted" });
});

Deno.test("walkTree() gives other work its turn", async () => {
  using folder = temporaryFolder();
  for (let index = 0; index < 2000; index++) make(folder.path, String(index));
  let turns = 0;
  const ticking = new AbortController();
  const tick = () => {
    turns++;
    if (!ticking.signal.aborted) setImmediate(tick);
  };
  setImmediate(tick);
  equal((await linesOf(folder.path)).length, 2000);
  ticking.abort();
  ok(turns >= 3, `${turns} turns`);
  match(String(turns), /^\d{1,2}$/, "no turn for each entry");
});
