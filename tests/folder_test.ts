/** Folders as users send and fetch them: real processes, 20,000 files, kills. */
import assert from "node:assert/strict";
import { assertSameTree, snapshot } from "./conversation/tree.ts";
import { exists, namesIn, until, writeFile } from "./files.ts";
import { type Client, done, test } from "./process.ts";
import { Random, seed } from "./random.ts";

const random = new Random(seed);
const isWindows = Deno.build.os === "windows";
/** Names in which a shell, a terminal or a file system finds work. */
const ODD = [
  "-dash",
  " space ",
  "quote'\"`",
  "$HOME;#&|<>()",
  "ümläut",
  "日本語",
  "🎁",
  ".hidden",
  "dots...",
  "x".repeat(200),
  "[a-z]*?",
  "%41",
];

/** A folder of so many files, in deep trees, with odd names and nothing in some. */
function makeTree(client: Client, files: number): string {
  const path = client.path("tree");
  const names = isWindows ? ["plain"] : ODD;
  for (const name of names) {
    writeFile(`${path}/odd/${name}/${name}`, name);
    Deno.mkdirSync(`${path}/empty/${name}`, { recursive: true });
  }
  const deep = Array.from({ length: 60 }, (_, at) => `d${at}`).join("/");
  writeFile(`${path}/${deep}/end`, "deep");
  writeFile(`${path}/large.bin`, random.bytes(3_000_001));
  const bytes = random.bytes(4000);
  for (let at = names.length + 2; at < files; at++) {
    const folder = `${path}/many/${at % 50}/${at % 7}`;
    if (at < names.length + 400) Deno.mkdirSync(folder, { recursive: true });
    // Some are empty, and no two alike are neighbours.
    Deno.writeFileSync(`${folder}/${at}`, bytes.subarray(0, (at * 37) % 900));
  }
  return path;
}

test(
  `folder: 20,000 files there and back, but for two (seed ${seed})`,
  async (place, server, ana) => {
    const path = makeTree(ana, 20_000);
    const bad = isWindows ? [] : ["bad/pipe", "bad/outward"];
    Deno.mkdirSync(`${path}/bad`);
    if (!isWindows) {
      assert.ok(new Deno.Command("mkfifo", { args: [`${path}/bad/pipe`] }).outputSync().success);
      Deno.symlinkSync("../../../outside", `${path}/bad/outward`);
    }

    const sent = await ana.ft("share", "tree");
    assert.equal(sent.code, bad.length === 0 ? 0 : 6, sent.stderr);
    for (const name of bad) assert.match(sent.stderr, new RegExp(`tree/${name}: .*'${name}'`));
    const listed = await done(ana, "list", "shared");
    if (bad.length > 0) assert.match(listed.stdout, /tree\/ .*, incomplete, 2 missing\n/);
    const ben = place.client("ben", server.address);
    await done(ben, "fetch", "tree");
    const there = snapshot(ben.path("downloads/tree"));
    const here = snapshot(path, "", new Set(bad));
    assert.equal(here.size > 20_000, true);
    assert.deepEqual([...there.keys()].sort(), [...here.keys()].sort());
    for (const [name, what] of here) {
      // To mend the two changes their folder's time.
      if (name !== "bad") assert.ok(there.get(name) === what, `'${name}' differs`);
    }

    if (bad.length === 0) return;
    for (const name of bad) {
      Deno.removeSync(`${path}/${name}`);
      writeFile(`${path}/${name}`, "mended");
    }
    const again = await done(ana, "retry");
    assert.match(again.stderr, /tree\/ {2}2 files/);
    assert.doesNotMatch((await done(ana, "list", "shared")).stdout, /missing/);
    await done(ben, "fetch", "tree");
    assertSameTree(server.path("shared_uploads/tree"), path);
    for (const name of bad) {
      assert.equal(Deno.readTextFileSync(ben.path(`downloads/tree/${name}`)), "mended");
    }
    assert.match((await done(ana, "retry")).stdout, /nothing to do/);
    assert.deepEqual(namesIn(server.path(".ft/staging")), []);
  },
);

test("folder: a killed sender goes on where it stopped", async (_, server, ana) => {
  const path = makeTree(ana, 3000);
  const first = ana.start("put", "tree", "-q");
  await until("a file in its place", () =>
    exists(server.path("uploads/tree/large.bin")) ||
    exists(server.path("uploads/tree/many/0")));
  first.kill();
  await first.finished;
  // Else the next run could find a large file still in use, and leave that part behind.
  await server.logged(/ failed: /);
  const again = await done(ana, "put", "tree");
  assert.match(again.stderr, /already there/);
  assertSameTree(server.path("uploads/tree"), path);
  await until("an empty staging folder", () => namesIn(server.path(".ft/staging")).length === 0);
});

test(
  "folder: a killed server goes on where it stopped, and the sender with it",
  async (place, server, ana) => {
    const path = makeTree(ana, 3000);
    const sending = ana.start("share", "tree");
    await until("a file in its place", () => exists(server.path("shared_uploads/tree/many/0")));
    server.running.kill();
    await server.running.finished;
    const next = await place.serve({ port: server.port });
    const { code, stderr } = await sending.finished;
    assert.equal(code, 0, stderr);
    assertSameTree(next.path("shared_uploads/tree"), path);
    const list = await done(ana, "list", "shared");
    assert.match(list.stdout, /tree\/ .*3000 files\n/);
  },
);

test(
  "folder: what is left out, what would travel, and what is in it by digest",
  async (_, server, ana) => {
    ana.write("tree/a.txt", "a");
    ana.write("tree/b.log", "b");
    ana.write("tree/.ftignore", "*.log\n");
    ana.write("tree/sub/c.tmp", "c");
    const dry = await done(ana, "put", "tree", "--exclude", "*.tmp", "--dry-run");
    assert.equal(dry.stdout, "tree/.ftignore  6 B\ntree/a.txt  1 B\n");
    assert.ok(!exists(server.path("uploads/tree")));
    await done(ana, "put", "tree", "--exclude", "*.tmp");
    assert.deepEqual([...snapshot(server.path("uploads/tree")).keys()].sort(), [
      ".ftignore",
      "a.txt",
      "sub",
    ]);
    const touched = await done(ana, "put", "tree", "--checksum");
    assert.match(touched.stderr, /2 already there/);
    const star = await ana.ft("put", "tree/*.txt", "nothing*");
    assert.equal(star.code, 5);
    assert.ok(exists(server.path("uploads/a.txt")));
  },
);

test("folder: two of one name go beside each other, and come so", async (place, server, ana) => {
  ana.write("A/src/a", "of A");
  ana.write("B/src/a", "of B, longer");
  await done(ana, "share", "A/src", "B/src");
  assert.deepEqual(namesIn(server.path("shared_uploads")), ["src", "src (2)"]);
  // Again each is brought up to date.
  ana.write("B/src/a", "of B, changed");
  await done(ana, "share", "A/src", "B/src");
  assert.equal(Deno.readTextFileSync(server.path("shared_uploads/src/a")), "of A");
  assert.equal(Deno.readTextFileSync(server.path("shared_uploads/src (2)/a")), "of B, changed");
  for (const name of ["p", "q"]) writeFile(server.path(`shared_files/${name}/src/${name}`), name);
  const ben = place.client("ben", server.address);
  await done(ben, "get", "p/src", "q/src");
  assert.deepEqual(namesIn(ben.path("downloads/src")), ["p"]);
  assert.deepEqual(namesIn(ben.path("downloads/src (2)")), ["q"]);
});

test(
  "folder: one in the place of a secret is refused where a code was given",
  async (_, server, ana) => {
    ana.write("plan", "secret plan");
    const { stdout } = await done(ana, "share", "plan", "--secret", "-q");
    ana.write("code.txt", stdout);
    Deno.removeSync(server.path("shared_uploads/plan"));
    writeFile(server.path("shared_uploads/plan/planted"), "planted");
    const { code, stderr } = await ana.ft("fetch", "plan", "--code-file", "code.txt");
    assert.equal(code, 6);
    assert.match(stderr, /'plan' is not secret/);
    assert.deepEqual(namesIn(ana.path("downloads")), []);
  },
);
