import assert from "node:assert/strict";
import { assertBytes, exists, journaled, namesIn, until, writeFile } from "./files.ts";
import { done, ftCommand, test } from "./process.ts";
import { Random, seed } from "./random.ts";
import { Relay } from "./relay.ts";

const MiB = 1024 * 1024;
const random = new Random(seed);

const SIZES: readonly (readonly [string, number])[] = [
  ["empty", 0],
  ["one", 1],
  ["chunk-1", MiB - 1],
  ["chunk", MiB],
  ["chunk+1", MiB + 1],
  ["64 MiB+1", 64 * MiB + 1],
];

test(
  `ft put, share, fetch and get keep every size exact (seed ${seed})`,
  async (_, server, ana) => {
    const bytes = new Map(SIZES.map(([name, size]) => [name, random.bytes(size)]));
    const names = [...bytes.keys()];
    for (const [name, content] of bytes) {
      ana.write(name, content);
      writeFile(server.path(`shared_files/${name}`), content);
    }
    await done(ana, "put", ...names);
    await done(ana, "share", ...names);
    await done(ana, "get", ...names, "--output", "got");
    await done(ana, "fetch", ...names, "--output", "fetched");
    for (const [name, content] of bytes) {
      for (const room of ["uploads", "shared_uploads"]) {
        assertBytes(server.path(`${room}/${name}`), content);
      }
      for (const folder of ["got", "fetched"]) assertBytes(ana.path(`${folder}/${name}`), content);
    }
    for (const folder of ["got", "fetched"]) assert.ok(!namesIn(ana.path(folder)).includes(".ft"));
    assert.deepEqual(namesIn(server.path(".ft/staging")), []);
    const sums = (folder: string) => done(ana, "sum", ...names.map((name) => `${folder}${name}`));
    const [one, other] = [await sums(""), await sums("got/")];
    assert.equal(other.stdout.replaceAll("  got/", "  "), one.stdout);
    for (const [name, size] of SIZES) {
      assert.match(
        one.stdout,
        new RegExp(`^ft1:${size}:[0-9a-f]{64}  ${name.replace("+", "\\+")}$`, "m"),
      );
    }
  },
);

const ODD = [
  "with spaces  and more .txt",
  " lead and trail ",
  "\u{1f680}\u{1f468}\u{200d}\u{1f469}.txt",
  "-dash.txt",
  "--server",
  `quotes ' " \` $x.txt`,
  "gr\u00fc\u00dfe \u4f60\u597d.txt",
  "a".repeat(255),
  "\u00e4".repeat(127),
  "semi;colon&amp*?[x]{y}~!#%.txt",
  "1",
  "...",
  ".hidden",
  "CON",
  "a:b",
];

test("ft moves files with odd names both ways", async (_, server, ana) => {
  for (const name of ODD) {
    ana.write(name, `of ${name}`);
    writeFile(server.path(`shared_files/${name}`), `of ${name}`);
  }
  const orders = [["put"], ["share"], ["get", "-o", "got/"], ["fetch", "-o", "fetched/"]];
  for (const order of orders) await done(ana, ...order, "--", ...ODD);
  for (const name of ODD) {
    for (const folder of [server.path("uploads"), server.path("shared_uploads")]) {
      assert.equal(Deno.readTextFileSync(`${folder}/${name}`), `of ${name}`);
    }
    for (const folder of ["got", "fetched"]) {
      assert.equal(Deno.readTextFileSync(ana.path(`${folder}/${name}`)), `of ${name}`);
    }
  }
  // Twice the same long name: the number goes in place of its end.
  ana.write("a".repeat(255), "another");
  await done(ana, "share", "a".repeat(255));
  const second = `${"a".repeat(251)} (2)`;
  assert.equal(Deno.readTextFileSync(server.path(`shared_uploads/${second}`)), "another");
});

test("ft put names a file in NFC whose local name is in NFD", async (_, server, ana) => {
  ana.write("u\u0308ber.txt", "over");
  await done(ana, "share", "u\u0308ber.txt");
  assert.deepEqual(namesIn(server.path("shared_uploads")), ["\u00fcber.txt"]);
  writeFile(server.path("shared_files/o\u0308l.txt"), "oil");
  await done(ana, "get", "\u00f6l.txt");
  assert.deepEqual(namesIn(ana.path("downloads")), ["\u00f6l.txt"]);
});

test(`ft moves large files of one name beside each other both ways (seed ${seed})`, async (
  _,
  server,
  ana,
) => {
  const files = ["a/x", "b/x", "c/x"].map((name) => [name, random.bytes(3_000_000)] as const);
  for (const [name, bytes] of files) {
    writeFile(ana.path(name), bytes);
    writeFile(server.path(`shared_files/${name}`), bytes);
  }
  const names = files.map(([name]) => name);
  await done(ana, "put", ...names);
  await done(ana, "get", ...names);
  for (const folder of [server.path("uploads"), ana.path("downloads")]) {
    for (const [at, name] of ["x", "x (2)", "x (3)"].entries()) {
      assertBytes(`${folder}/${name}`, files[at]?.[1] ?? new Uint8Array());
    }
  }
});

test("ft get --output is a folder that is one, ends in / or takes several, else a file", async (
  _,
  server,
  ana,
) => {
  for (const name of ["a.txt", "b.txt"]) writeFile(server.path(`shared_files/${name}`), name);
  Deno.mkdirSync(ana.path("there"));
  await done(ana, "get", "a.txt", "--output", "there");
  await done(ana, "get", "a.txt", "--output", "made/new/");
  await done(ana, "get", "a.txt", "-o", "deep/file.bin");
  await done(ana, "get", "a.txt", "-o", "plain.bin");
  await done(ana, "get", "a.txt", "b.txt", "--output", "several");
  await done(ana, "get", "a.txt", `--output=${ana.path("absolute.bin")}`);
  await done(ana, "get", "a.txt");
  const found = ["there/a.txt", "made/new/a.txt", "deep/file.bin", "plain.bin", "several/a.txt"];
  for (const path of [...found, "absolute.bin", "downloads/a.txt"]) {
    assert.equal(Deno.readTextFileSync(ana.path(path)), "a.txt", path);
  }
  assert.equal(Deno.readTextFileSync(ana.path("several/b.txt")), "b.txt");
  for (const folder of ["", "there", "made/new", "deep", "several", "downloads"]) {
    assert.ok(!namesIn(ana.path(folder)).includes(".ft"), folder);
  }
});

test("ft get --on-conflict renames, overwrites, skips, fails or already has it", async (
  _,
  server,
  ana,
) => {
  writeFile(server.path("shared_files/a.txt"), "theirs");
  ana.write("downloads/a.txt", "mine");
  const skipped = await done(ana, "get", "a.txt", "--on-conflict", "skip");
  assert.match(skipped.stderr, /a\.txt {2}\(skipped\)/);
  const failed = await ana.ft("get", "a.txt", "--on-conflict", "fail");
  assert.equal(failed.code, 6);
  assert.match(failed.stderr, /^Error: 'a\.txt' exists\.\n {2}\S/m);
  assert.equal(Deno.readTextFileSync(ana.path("downloads/a.txt")), "mine");
  const renamed = await done(ana, "get", "a.txt");
  assert.match(renamed.stderr, /saved as a \(2\)\.txt/);
  assert.equal(Deno.readTextFileSync(ana.path("downloads/a (2).txt")), "theirs");
  assert.equal(Deno.readTextFileSync(ana.path("downloads/a.txt")), "mine");
  await done(ana, "get", "a.txt", "--on-conflict", "overwrite");
  assert.equal(Deno.readTextFileSync(ana.path("downloads/a.txt")), "theirs");
  for (const conflict of ["rename", "overwrite", "skip", "fail"]) {
    const same = await ana.ft("get", "a.txt", "--on-conflict", conflict);
    if (conflict === "rename") assert.match(same.stderr, /a\.txt .*already there/);
    assert.equal(same.code, 0, `${conflict}: ${same.stderr}`);
  }
  assert.deepEqual(namesIn(ana.path("downloads")), ["a (2).txt", "a.txt"]);
});

test(`a download whose name is taken is stored under a number once (seed ${seed})`, async (
  place,
  server,
  ana,
) => {
  await using relay = new Relay({ port: server.port });
  const bob = place.client("bob", relay.address);
  const large = random.bytes(3 * MiB);
  const other = random.bytes(3 * MiB);
  writeFile(server.path("shared_files/small"), "theirs");
  for (const name of ["large", "folder/large"]) {
    writeFile(server.path(`shared_files/${name}`), large);
  }
  ana.write("counted", large);
  await done(ana, "share", "counted", "--downloads", "9");
  for (const name of ["small", "large", "folder/large", "counted"]) {
    bob.write(`downloads/${name}`, "mine");
    // Of the right size, and something else.
    bob.write(`downloads/${name} (2)`, name === "small" ? "others" : other);
  }
  for (const again of [false, true, true]) {
    for (const name of ["small", "large", "folder", "counted"]) {
      relay.reset();
      const command = name === "counted" ? "fetch" : "get";
      const { stderr } = await done(bob, command, name);
      if (!again) continue;
      // What counts is not known before it has come.
      if (name !== "counted") assert.ok(relay.passed.down < MiB, `${name} travelled again`);
      const there = name === "folder"
        ? "1 already there"
        : `\\(already there as ${name} \\(3\\)\\)`;
      assert.match(stderr, new RegExp(there), name);
    }
  }
  const numbers = (name: string) => [name, `${name} (2)`, `${name} (3)`];
  assert.deepEqual(namesIn(bob.path("downloads")).sort(), [
    ...numbers("counted"),
    "folder",
    ...numbers("large"),
    ...numbers("small"),
  ]);
  assert.deepEqual(namesIn(bob.path("downloads/folder")).sort(), numbers("large"));
  assertBytes(bob.path("downloads/large (2)"), other);
  assertBytes(bob.path("downloads/large (3)"), large);
  // It is there under its own name, too, once that is its own.
  Deno.renameSync(bob.path("downloads/large (3)"), bob.path("downloads/large"));
  relay.reset();
  assert.match((await done(bob, "get", "large")).stderr, /large .*\(already there\)$/m);
  assert.ok(relay.passed.down < MiB);
});

test("ft share --on-conflict is about everybody's files, and replaces only one's own", async (
  place,
  server,
  ana,
) => {
  const bob = place.client("bob", server.address);
  ana.write("a.txt", "ana 1");
  bob.write("a.txt", "bob 1");
  await done(ana, "share", "a.txt");
  assert.match((await done(bob, "share", "a.txt")).stderr, /saved as a \(2\)\.txt/);
  const shared = (name: string) => Deno.readTextFileSync(server.path(`shared_uploads/${name}`));
  assert.deepEqual([shared("a.txt"), shared("a (2).txt")], ["ana 1", "bob 1"]);
  ana.write("a.txt", "ana 2");
  await done(ana, "share", "a.txt", "--on-conflict", "overwrite");
  assert.deepEqual([shared("a.txt"), shared("a (2).txt")], ["ana 2", "bob 1"]);
  bob.write("a.txt", "bob 2");
  await done(bob, "share", "a.txt", "--on-conflict", "skip");
  const failed = await bob.ft("share", "a.txt", "--on-conflict", "fail");
  assert.equal(failed.code, 6);
  assert.match(failed.stderr, /^Error: 'a\.txt' exists\./m);
  assert.deepEqual([shared("a.txt"), shared("a (2).txt")], ["ana 2", "bob 1"]);
  await done(bob, "share", "a.txt");
  assert.deepEqual(namesIn(server.path("shared_uploads")), ["a (2).txt", "a (3).txt", "a.txt"]);
  const eve = place.client("eve", server.address);
  eve.write("a.txt", "eve");
  const denied = await eve.ft("share", "a.txt", "--on-conflict", "overwrite");
  assert.equal(denied.code, 6);
  assert.match(denied.stderr, /^Error: 'a\.txt' is somebody else's/m);
  assert.equal(shared("a.txt"), "ana 2");
});

test("ft put tells nothing of what others have put, whatever --on-conflict says", async (
  place,
  server,
  ana,
) => {
  const timeless = (text: string) => text.replaceAll(/\d+\.\d s|[\d.]+ .?i?B\/s/g, "?");
  const told = new Map<string, string>();
  // The same once into an empty room and once where another has a file of the name.
  for (const round of ["free", "taken"]) {
    for (const conflict of ["rename", "overwrite", "skip", "fail"]) {
      const name = `${conflict}.txt`;
      if (round === "taken") {
        ana.write(name, "of ana");
        await done(ana, "put", name);
      }
      const bob = place.client(`bob ${round}`, server.address);
      bob.write(name, "of bob");
      const { code, stdout, stderr } = await bob.ft("put", name, "--on-conflict", conflict);
      const text = timeless(`${code} ${stdout} ${stderr}`);
      assert.equal(text, told.get(conflict) ?? text);
      told.set(conflict, text);
      assert.match(text, /^0 /);
      if (round === "free") Deno.removeSync(server.path(`uploads/${name}`));
    }
  }
  for (const conflict of ["rename", "overwrite", "skip", "fail"]) {
    const read = (name: string) => Deno.readTextFileSync(server.path(`uploads/${name}`));
    assert.equal(read(`${conflict}.txt`), "of ana");
    assert.equal(read(`${conflict} (2).txt`), "of bob");
  }
});

test("ft put and share of identical bytes keep one copy and give the same receipt", async (
  place,
  server,
  ana,
) => {
  const big = random.bytes(3 * MiB + 7);
  for (const [name, content] of [["a.txt", "small"], ["big.bin", big]] as const) {
    ana.write(name, content);
    for (const command of ["put", "share"]) {
      await done(ana, command, name);
      assert.match((await done(ana, command, name)).stderr, /already there/);
      // Another file with the same bytes is the same upload too.
      Deno.removeSync(ana.path(name));
      ana.write(name, content);
      assert.match((await done(ana, command, name)).stderr, /already there/);
    }
  }
  for (const [name, content] of [["a.txt", "small"], ["big.bin", big]] as const) {
    // A file of the name that is there is not looked into, unless it would be a failure.
    for (const [conflict, told] of [["skip", /skipped/], ["fail", /already there/]] as const) {
      Deno.removeSync(ana.path(name));
      ana.write(name, content);
      const again = await done(ana, "share", name, "--on-conflict", conflict);
      assert.match(again.stderr, told, conflict);
    }
    ana.write(name, "other");
    assert.equal((await ana.ft("share", name, "--on-conflict", "fail")).code, 6);
  }
  assert.deepEqual(namesIn(server.path("uploads")), ["a.txt", "big.bin"]);
  assert.deepEqual(namesIn(server.path("shared_uploads")), ["a.txt", "big.bin"]);
  const bob = place.client("bob", server.address);
  bob.write("a.txt", "small");
  assert.equal((await bob.ft("share", "a.txt", "--on-conflict", "fail")).code, 6);
  await done(bob, "share", "a.txt");
  assert.deepEqual(namesIn(server.path("shared_uploads")), ["a (2).txt", "a.txt", "big.bin"]);
});

test("ft list shows number, name, size and age, oldest first, of both rooms or one", async (
  _,
  server,
  ana,
) => {
  const empty = await done(ana, "list");
  assert.equal(empty.stdout, "Public files:\n(none)\nShared files:\n(none)\n");
  const hour = 3_600_000;
  for (const [name, age] of [["new", 1], ["old", 50], ["middle", 3]] as const) {
    writeFile(server.path(`shared_files/${name}`), "x".repeat(2048));
    const time = new Date(Date.now() - age * hour - 1000);
    Deno.utimeSync(server.path(`shared_files/${name}`), time, time);
  }
  const { stdout } = await done(ana, "list", "public");
  assert.equal(
    stdout,
    "1. old        2.0 KiB  2 days ago\n" +
      "2. middle     2.0 KiB  3 h ago\n" +
      "3. new        2.0 KiB  1 h ago\n",
  );
  ana.write("idea.txt", "12345");
  await done(ana, "share", "idea.txt");
  assert.match((await done(ana, "list", "shared")).stdout, /^1\. idea\.txt +5 B +\d+ s ago\n$/);
  const both = await done(ana, "list");
  assert.equal(both.stdout.split("\n").filter((line) => /^\d\. /.test(line)).length, 4);
  // What lies in a folder is had by its path; what was put by hand is gone by hand at once.
  writeFile(server.path("shared_files/deep/er/x.txt"), "deep");
  assert.match((await done(ana, "list", "public")).stdout, /deep\/er\/x\.txt/);
  await done(ana, "get", "deep/er/x.txt");
  assert.equal(Deno.readTextFileSync(ana.path("downloads/x.txt")), "deep");
  Deno.removeSync(server.path("shared_files/deep"), { recursive: true });
  assert.doesNotMatch((await done(ana, "list", "public")).stdout, /deep/);
  assert.equal((await ana.ft("get", "deep/er/x.txt")).code, 5);
});

test("ft fetch by number takes what was listed, and refuses when that has changed", async (
  place,
  server,
  ana,
) => {
  const bob = place.client("bob", server.address);
  for (const name of ["one.txt", "two.txt", "three.txt"]) {
    bob.write(name, name);
    await done(bob, "share", name);
  }
  const unlisted = await ana.ft("fetch", "2");
  assert.equal(unlisted.code, 5);
  assert.match(unlisted.stderr, /^Error: There is no number 2 in the last list\.\n {2}\S/m);
  const { stdout } = await done(ana, "list", "shared");
  const [, number = ""] = /^(\d)\. two\.txt/m.exec(stdout) ?? [];
  await done(ana, "fetch", number);
  assert.deepEqual(namesIn(ana.path("downloads")), ["two.txt"]);
  const beyond = await ana.ft("fetch", "4");
  assert.equal(beyond.code, 5);
  // The list has moved on, the numbers have not: they mean what was shown.
  Deno.removeSync(server.path("shared_uploads/one.txt"));
  await done(ana, "fetch", number, "-o", "again/");
  assert.deepEqual(namesIn(ana.path("again")), ["two.txt"]);
  bob.write("two.txt", "TWO.txt");
  await done(bob, "share", "two.txt", "--on-conflict", "overwrite");
  const stale = await ana.ft("fetch", number, "-o", "stale/");
  assert.equal(stale.code, 6);
  assert.match(stale.stderr, /^Error: 'two\.txt' is not the file that was listed\.\n {2}\S/m);
  assert.deepEqual(namesIn(ana.path("stale")), []);
  bob.write(number, "a file whose name is the number");
  await done(bob, "share", number);
  await done(ana, "fetch", number, "-o", "exact.txt");
  assert.match(Deno.readTextFileSync(ana.path("exact.txt")), /a file whose name/);
});

test("ft keeps the time of last modification both ways", async (_, server, ana) => {
  const time = new Date("2001-02-03T04:05:06.789Z");
  ana.write("old.txt", "old");
  Deno.utimeSync(ana.path("old.txt"), time, time);
  await done(ana, "put", "old.txt");
  await done(ana, "share", "old.txt");
  await done(ana, "fetch", "old.txt");
  const paths = [server.path("uploads"), server.path("shared_uploads"), ana.path("downloads")];
  for (const path of paths) {
    assert.equal(Deno.statSync(`${path}/old.txt`).mtime?.getTime(), time.getTime(), path);
  }
});

test("ft --quiet says nothing of what goes well", async (_, server, ana) => {
  writeFile(server.path("shared_files/p.txt"), "p");
  ana.write("a.txt", "a");
  const orders = [["put", "a.txt"], ["share", "a.txt"], ["get", "p.txt"], ["fetch", "a.txt"]];
  for (const order of orders) {
    const { stdout, stderr } = await done(ana, ...order, "--quiet");
    assert.equal(stdout + stderr, "", order.join(" "));
  }
  const failed = await ana.ft("get", "none", "-q");
  assert.equal(failed.stdout, "");
  assert.match(failed.stderr, /^Error: File 'none' not found on the server\./);
});

test("ft list ends quietly when nobody reads on", async (place, server, ana) => {
  const names = Array.from({ length: 3000 }, (_, at) => `file ${String(at).padStart(80, "0")}`);
  for (const name of names) writeFile(server.path(`shared_files/${name}`), "");
  const script = '{ "$@"; echo "code $?" >&2; } | head -1';
  const command = ["sh", "-c", script, "sh", ...ftCommand("list", "public")];
  const end = await place.start(command, { env: ana.env }).finished;
  assert.match(end.stdout, /^ *1\. file 0+ .*\n$/);
  assert.equal(end.stderr, "code 0\n");
}, Deno.build.os === "windows");

test("ft tells a server by --server before FT_SERVER, a state by --state before FT_STATE", async (
  place,
  server,
  ana,
) => {
  ana.write("a.txt", "a");
  const env = { ...ana.env, FT_SERVER: "127.0.0.1:1", FT_STATE: place.path + "/unused" };
  const args = ["share", "a.txt", "--server", server.address, "--state", "state"];
  const { code } = await place.start(ftCommand(...args), { cwd: ana.folder, env }).finished;
  assert.equal(code, 0);
  assert.ok(exists(ana.path("state/owners")));
  assert.ok(!exists(`${place.path}/unused`));
  const secret = `${ana.folder}/state/owners/${namesIn(ana.path("state/owners"))[0]}`;
  if (Deno.build.os !== "windows") assert.equal((Deno.statSync(secret).mode ?? 0) & 0o777, 0o600);
});

test("ft --version, ft help and ft CMD --help print to standard output", async (_, __, ana) => {
  const config = JSON.parse(Deno.readTextFileSync(new URL("../deno.json", import.meta.url)));
  assert.equal((await done(ana, "--version")).stdout, `ft ${config.version}\n`);
  const help = await done(ana, "help");
  assert.equal((await done(ana, "--help")).stdout, help.stdout);
  assert.equal((await done(ana)).stdout, help.stdout);
  const commands = ["serve", "client", "put", "get", "share", "fetch", "list", "sum", "partials"];
  for (const command of commands) {
    assert.match(help.stdout, new RegExp(`^  ${command} +\\S`, "m"));
    const { stdout, stderr } = await done(ana, command, "--help");
    assert.match(stdout, new RegExp(`^Usage: ft ${command}\\b`));
    assert.equal(stderr, "");
    assert.equal((await done(ana, "help", command)).stdout, stdout);
  }
});

test(`ft partials lists and clears what an interrupted upload left (seed ${seed})`, async (
  place,
  server,
  ana,
) => {
  ana.write("big.bin", random.bytes(64 * MiB));
  const running = ana.start("put", "big.bin");
  const staging = server.path(".ft/staging");
  await until("journal", () => journaled(staging).size > 0);
  running.kill("SIGKILL");
  await running.finished;
  await server.logged(/put .* failed: /);
  const partials = (...args: string[]) => place.start(ftCommand("partials", ...args)).finished;
  const list = await partials("list", "server");
  assert.match(list.stdout, /^private\/big\.bin {2}[\d.]+ MiB of 64\.0 MiB {2}\d+ s ago\n$/);
  const spared = /^private\/big\.bin .* ago, not cleared\n$/;
  assert.match((await partials("clear", "server", "--older", "1h")).stdout, spared);
  {
    const [name = ""] = namesIn(staging).filter((name) => name.endsWith(".part"));
    using file = Deno.openSync(`${staging}/${name}`, { read: true, write: true });
    file.lockSync(true);
    const { stdout } = await partials("clear", "server", "--json");
    assert.match(stdout, /"what":"partial","name":"big\.bin",.*"busy":true,"removed":false/);
    assert.match((await partials("clear", "server")).stdout, /^private\/big\.bin .* in use\n$/);
  }
  assert.match((await partials("clear", "server")).stdout, /^private\/big\.bin .* removed\n$/);
  assert.match((await partials("list", "server")).stdout, /^Nothing is left over\.\n$/);
  assert.deepEqual(namesIn(server.path(".ft/staging")), []);
});

for (const command of ["put", "get"]) {
  test(`ft ${command} on Ctrl-C prints the command that goes on (seed ${seed})`, async (
    place,
    server,
    ana,
  ) => {
    const name = "it's big.bin";
    const bytes = random.bytes(200 * MiB);
    ana.write(name, bytes);
    if (command === "get") Deno.renameSync(ana.path(name), server.path(`shared_files/${name}`));
    const args = command === "put" ? [name] : [name, "--output", "my folder/"];
    const running = ana.start(command, ...args);
    const staging = command === "put" ? server.path(".ft/staging") : ana.path("my folder/.ft");
    await until("journal", () => journaled(staging).size > 0);
    running.kill("SIGINT");
    const { code, stderr } = await running.finished;
    assert.equal(code, 130, stderr);
    const [, goOn = ""] = /Interrupted\. What has arrived is kept\. Go on with:\n {2}ft (.+)\n/
      .exec(stderr) ?? [];
    assert.match(goOn, new RegExp(`^${command} `));
    const target = command === "put" ? server.path("uploads") : ana.path("my folder");
    assert.deepEqual(namesIn(target).filter((found) => found !== ".ft"), []);
    if (command === "put") await server.logged(/put .* failed: /);
    const words = ftCommand().map((word) => `'${word}'`).join(" ");
    const shell = ["sh", "-c", `${words} ${goOn}`];
    const env = { FT_STATE: ana.env["FT_STATE"] ?? "" };
    const again = await place.start(shell, { cwd: ana.folder, env }).finished;
    assert.equal(again.code, 0, again.stderr);
    assert.match(again.stderr, /resuming at \d+ %/);
    assertBytes(`${target}/${name}`, bytes);
    assert.ok(!namesIn(target).includes(".ft"));
  }, Deno.build.os === "windows");
}

test(
  "ft get and fetch take patterns, where a name that is there beats one",
  async (_, server, ana) => {
    for (const name of ["a.txt", "b.txt", "c.bin", "d*.bin", "dx.bin"]) {
      writeFile(server.path(`shared_files/${name}`), name);
    }
    await done(ana, "get", "*.txt", "d*.bin", "-o", "in/");
    assert.deepEqual(namesIn(ana.path("in")), ["a.txt", "b.txt", "d*.bin"]);
    const none = await ana.ft("get", "*.none", "c.bin");
    assert.equal(none.code, 5);
    assert.match(none.stderr, /\*\.none/);
    assert.deepEqual(namesIn(ana.path("downloads")), ["c.bin"]);
    ana.write("one.tar", "1");
    ana.write("two.tar", "2");
    await done(ana, "share", "*.tar");
    await done(ana, "fetch", "???.tar");
    assert.deepEqual(namesIn(ana.path("downloads")), ["c.bin", "one.tar", "two.tar"]);
  },
  Deno.build.os === "windows",
);
