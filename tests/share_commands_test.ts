/**
 * The commands of shares, as users run them.
 *
 * @module
 */
import assert from "node:assert/strict";
import { until } from "./files.ts";
import { done, exists, ftCommand, namesIn, test } from "./process.ts";
import { Random, seed } from "./random.ts";

const random = new Random(seed);

test(
  "ft share --expires: gone from the lists and the disk in time, also over a restart",
  async (place, server, ana) => {
    ana.write("soon", "x");
    ana.write("later", "y");
    await done(ana, "share", "soon", "--expires", "1s");
    await until("the sweep", () => !exists(server.path("shared_uploads/soon")));
    await done(ana, "share", "soon", "--expires", "2s", "--on-conflict", "overwrite");
    await done(ana, "share", "later", "--expires", "1h");
    server.running.kill();
    await server.running.finished;
    const again = await place.serve({ port: server.port });
    await until("the sweep", () => !exists(again.path("shared_uploads/soon")));
    assert.deepEqual(namesIn(again.path("shared_uploads")), ["later"]);
    const { stdout } = await done(ana, "list", "shared");
    assert.match(stdout, /^1\. later .*, until \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\n$/);
  },
);

test(
  "ft share --downloads: what is left is told, the last one removes it, then it is not found",
  async (place, server, ana) => {
    const bob = place.client("bob", server.address);
    const bytes = random.bytes(2 * 1024 * 1024 + 9);
    ana.write("a.bin", bytes);
    await done(ana, "share", "a.bin", "--downloads", "2", "--note", "for \x1b[31mBob");
    for (const left of ["2 downloads left", "1 download left"]) {
      const { stdout } = await done(bob, "list", "shared");
      assert.ok(stdout.includes(`${left}, for \\u{1b}[31mBob\n`), stdout);
      const { stdout: info } = await done(bob, "info", "a.bin");
      assert.match(info, /^Digest: +\(told when it has been fetched\)$/m);
      await done(bob, "fetch", "a.bin", "--output", `${left}/`);
      assert.deepEqual(Deno.readFileSync(bob.path(`${left}/a.bin`)), bytes);
    }
    const { code, stderr } = await bob.ft("fetch", "a.bin");
    assert.deepEqual([code, /not found on the server/.test(stderr)], [5, true]);
    await until("the sweep", () => !exists(server.path("shared_uploads/a.bin")));
    assert.match(server.log.join("\n"), /fetch .*a\.bin' /);
  },
);

test("ft share refuses terms that cannot be, before anything is sent", async (_, __, ana) => {
  ana.write("a", "a");
  const wrong = [
    ["--expires", "0s"],
    ["--expires", "36526d"],
    ["--downloads", "0"],
    ["--downloads", "1000001"],
    ["--note", "x".repeat(1025)],
  ];
  for (const words of wrong) {
    const { code, stderr } = await ana.ft("share", "a", ...words);
    assert.equal(code, 2, `${words}: ${stderr}`);
    if (words[0] !== "--expires") continue;
    assert.match(
      stderr,
      /^ {2}It takes .*: 45s, 30m, 2h or 7d, at least 1s, at most 36525d\. See/m,
    );
  }
});

test(
  "ft mine and ft unshare: one's own is listed and taken back, nobody else's",
  async (place, server, ana) => {
    const bob = place.client("bob", server.address);
    ana.write("a", "aa");
    ana.write("p", "private");
    await done(ana, "share", "a", "--downloads", "1");
    await done(ana, "put", "p");
    const mine = /^Private uploads:\n1\. p .*\nShared files:\n1\. a .*, 1 download left\n$/;
    assert.match((await done(ana, "mine")).stdout, mine);
    assert.equal(
      (await done(bob, "mine")).stdout,
      "Private uploads:\n(none)\nShared files:\n(none)\n",
    );
    const { code, stderr } = await bob.ft("unshare", "a");
    assert.deepEqual([code, /share nothing that is called 'a'/.test(stderr)], [5, true]);
    const some = await ana.ft("unshare", "a", "b");
    assert.equal(some.code, 5);
    assert.match(some.stderr, /^Removed 'a' \(2 B\)\.\nError: 1 file failed:\n {2}b: /);
    assert.deepEqual(namesIn(server.path("shared_uploads")), []);
    assert.match(server.log.join("\n"), /unshare .*'shared_uploads\/a' {2}taken back$/m);
  },
);

test(
  "ft unshare --root: works beside the server, on what anybody shared or put there",
  async (place, server, ana) => {
    ana.write("a", "aa");
    await done(ana, "share", "a", "--downloads", "5");
    Deno.writeTextFileSync(server.path("shared_uploads/by hand"), "x");
    const owner = place.client("owner", server.address);
    await done(owner, "unshare", "a", "by hand", "--root", server.root);
    assert.deepEqual(namesIn(server.path("shared_uploads")), []);
    assert.equal((await ana.ft("fetch", "a")).code, 5);
    const none = await owner.ft("unshare", "a", "--root", server.root);
    assert.equal(none.code, 5);
    const nowhere = await owner.ft("unshare", "a", "--root", owner.folder);
    assert.match(nowhere.stderr, /is not the root of a server/);
  },
);

test("ft info: in both rooms, or in one", async (_, server, ana) => {
  ana.write("a", "aa");
  await done(ana, "share", "a");
  Deno.writeTextFileSync(server.path("shared_files/a"), "public");
  const { stdout } = await done(ana, "info", "a");
  assert.match(stdout, /^Room: +shared\n[^]*^Mine: +yes\n\nName: +a\nRoom: +public\n/m);
  const sum = (await done(ana, "sum", "a")).stdout.split(" ")[0] ?? "";
  assert.match(stdout, new RegExp(`^Digest: +${sum}$`, "m"));
  assert.doesNotMatch((await done(ana, "info", "a", "public")).stdout, /shared/);
  assert.equal((await ana.ft("info", "b")).code, 5);
  // As a list shows it.
  ana.write("album/x", "x");
  await done(ana, "share", "album");
  assert.match((await done(ana, "info", "album/")).stdout, /album/);
  await done(ana, "unshare", "album/");
  assert.equal((await ana.ft("info", "album/")).code, 5);
});

test(
  "ft list: --match and --sort choose and order, and its numbers are those that fetch takes",
  async (_, __, ana) => {
    for (const [name, size] of [["a.txt", 1], ["b.txt", 3], ["c.txt", 2], ["d.pdf", 9]] as const) {
      ana.write(name, "x".repeat(size));
      await done(ana, "share", name);
    }
    const { stdout } = await done(ana, "list", "shared", "--match", "*.txt", "--sort", "size");
    assert.deepEqual(stdout.match(/^\d\. \S+/gm), ["1. b.txt", "2. c.txt", "3. a.txt"]);
    await done(ana, "fetch", "2");
    assert.deepEqual(namesIn(ana.path("downloads")), ["c.txt"]);
  },
);

test(
  "ft verify: finds what was damaged and what was changed, and learns what it does not know",
  async (_, server, ana) => {
    for (const name of ["damaged", "changed", "whole"]) ana.write(name, random.bytes(50_000));
    await done(ana, "share", "damaged", "changed", "whole");
    await done(ana, "put", "whole");
    // Shown in another form than it has on the disk.
    const manual = server.path("shared_files/manual \u212b");
    Deno.writeTextFileSync(manual, "by hand");
    // Long ago, so that a later change can be told from this one.
    Deno.utimeSync(manual, new Date(1e12), new Date(1e12));
    const spoil = (name: string, isTold: boolean) => {
      const path = server.path(name);
      const { mtime } = Deno.statSync(path);
      const bytes = Deno.readFileSync(path);
      bytes[7] = (bytes[7] ?? 0) ^ 1;
      Deno.writeFileSync(path, bytes);
      if (!isTold && mtime !== null) Deno.utimeSync(path, mtime, mtime);
    };
    spoil("shared_uploads/damaged", false);
    spoil("shared_uploads/changed", true);
    const { code, stdout, stderr } = await ana.ft("verify", "--root", server.root);
    assert.equal(code, 7, stderr);
    assert.match(stdout, /^DAMAGED {2}shared\/damaged {2}was ft1:50000:\S+, is ft1:50000:\S+$/m);
    assert.match(stdout, /^CHANGED {2}shared\/changed {2}was ft1:/m);
    assert.match(stdout, /^(recorded|unknown) {2}public\/manual \u00c5 {2}ft1:7:/m);
    assert.doesNotMatch(stdout, /whole/);
    assert.match(stderr, /^Read 5 files \([^)]*\): .*2 ok/);
    assert.equal((await ana.ft("verify", "private", "--root", server.root)).code, 0);
  },
);

test("ft list: whoever reads only its beginning ends it quietly", async (place, server, ana) => {
  // More than fits into a pipe.
  for (let at = 0; at < 1500; at++) {
    Deno.writeTextFileSync(server.path(`shared_uploads/${"x".repeat(100)} ${at}`), "");
  }
  await done(ana, "list", "public", "--trust-first");
  const list = ftCommand("list", "shared").map((word) => `'${word}'`).join(" ");
  const line = `${list} | head -1; echo "\${PIPESTATUS[0]}"`;
  const { stdout, stderr } = await place.start(["bash", "-c", line], { env: ana.env }).finished;
  assert.match(stdout, /^ *1\. x+ \d+ .*\n0\n$/);
  assert.equal(stderr, "");
}, Deno.build.os === "windows");
