/** Shares that the server cannot read. */
import assert from "node:assert/strict";
import { Decrypter } from "age-encryption";
import { assertBytes, exists, journaled, namesIn, until } from "./files.ts";
import { wholeLines } from "./json_lines.ts";
import { type Client, done, ftCommand, test } from "./process.ts";
import { Pty } from "./pty.ts";
import { Random, seed } from "./random.ts";
import { Relay } from "./relay.ts";

const MiB = 1024 * 1024;
const random = new Random(seed);
const CODE = /^AGE-SECRET-KEY-1[0-9A-Z]{58}\n$/;

/** Shares something, and gives the code. */
async function share(client: Client, ...args: readonly string[]): Promise<string> {
  const { stdout } = await done(client, "share", "--secret", ...args);
  assert.match(stdout, CODE);
  return stdout;
}

/** Fetches with a code of one's own. */
async function fetch(client: Client, code: string, ...args: readonly string[]) {
  client.write("code", code);
  Deno.chmodSync(client.path("code"), 0o600);
  return await client.ft("fetch", "--code-file", "code", ...args);
}

/** Everything a server has on its disk, as text in which one byte is one character. */
function onDisk(root: string): string {
  let text = "";
  for (const { name, isDirectory } of Deno.readDirSync(root)) {
    const path = `${root}/${name}`;
    text += `${name}\n`;
    text += isDirectory
      ? onDisk(path)
      : Array.from(Deno.readFileSync(path), (byte) => String.fromCharCode(byte)).join("");
  }
  return text;
}

test(
  `a secret share comes out as it went in, and the server has nothing of it (seed ${seed})`,
  async (
    place,
    server,
    ana,
  ) => {
    const bytes = random.bytes(3 * MiB + 7);
    const marked = "The penguins buy ice on Tuesday. ".repeat(200);
    ana.write("big.bin", bytes);
    ana.write("plan of penguins.txt", marked);
    ana.write("empty", "");
    const code = await share(ana, "big.bin", "empty", "--note", "for the penguin lovers");
    const hidden = await share(ana, "plan of penguins.txt", "--hide-name", "--note", "read it");
    const [name = ""] = namesIn(server.path("shared_uploads")).filter((name) => name.length === 36);
    server.running.kill("SIGTERM");
    await server.running.finished;
    const known = onDisk(server.root);
    assert.ok(known.includes("big.bin"));
    for (const secret of ["penguin", "Tuesday", "read it", code.trim(), "AGE-SECRET-KEY"]) {
      assert.ok(!known.includes(secret), secret);
    }
    await place.serve({ port: server.port });

    const ben = place.client("ben", server.address);
    const listed = await done(ben, "list");
    assert.match(listed.stdout, /big\.bin .*secret \(age\)$/m);
    assert.doesNotMatch((await done(ben, "info", name)).stdout, /^Note:/m);
    const some = await fetch(ben, code, "big.bin", "empty", "--output", "in/");
    assert.equal(some.code, 0, some.stderr);
    assert.match(some.stderr, /^Note of 'big\.bin': for the penguin lovers$/m);
    assertBytes(ben.path("in/big.bin"), bytes);
    assertBytes(ben.path("in/empty"), new Uint8Array());
    const one = await fetch(ben, hidden, name, "--output", "in/");
    assert.equal(one.code, 0, one.stderr);
    assert.equal(Deno.readTextFileSync(ben.path("in/plan of penguins.txt")), marked);
    assert.deepEqual(namesIn(ben.path("in")), ["big.bin", "empty", "plan of penguins.txt"]);
    // The package that anybody may use can read it as well.
    const decrypter = new Decrypter();
    decrypter.addIdentity(code.trim());
    const stored = Deno.readFileSync(server.path("shared_uploads/big.bin"));
    assert.deepEqual(await decrypter.decrypt(stored), bytes);
  },
);

test("without the right code nothing is fetched, and nothing is left", async (_, __, ana) => {
  ana.write("a.txt", "secret");
  ana.write("b.txt", "secret");
  await share(ana, "a.txt");
  const other = await share(ana, "b.txt");
  const none = await ana.ft("fetch", "a.txt");
  assert.equal(none.code, 2);
  assert.match(none.stderr, /'a\.txt' is secret: its code is needed/);
  const wrong = await fetch(ana, other, "a.txt");
  assert.equal(wrong.code, 6);
  assert.match(wrong.stderr, /The code does not fit/);
  const typo = await fetch(ana, `${other.slice(0, -3)}\n`, "a.txt");
  assert.equal(typo.code, 2);
  assert.doesNotMatch(typo.stderr, /AGE-SECRET-KEY-1[0-9A-Z]/);
  assert.deepEqual(namesIn(ana.path("downloads")), []);
  ana.write("plain.txt", "plain");
  await done(ana, "share", "plain.txt");
  const plain = await fetch(ana, other, "plain.txt");
  assert.equal(plain.code, 6);
  assert.match(plain.stderr, /is not secret, though there is a code/);
  const gone = await fetch(ana, other, "gone.txt");
  assert.equal(gone.code, 5);
  assert.match(gone.stderr, /'gone\.txt' not found/);
  const hidden = await ana.ft("share", "a.txt", "--hide-name");
  assert.equal(hidden.code, 2);
});

test("a secret share goes through pipes, counts its downloads and takes FT_CODE", async (
  place,
  server,
  ana,
) => {
  const bytes = random.bytes(2 * MiB + 1);
  ana.write("x", bytes);
  const script = 'cat x | "$@" share - --name x.bin --secret --downloads 1 -q > code && ' +
    'FT_CODE=$(cat code) "$@" fetch x.bin -q --output - > back; ' +
    'FT_CODE=$(cat code) "$@" fetch x.bin -q --output - > again; echo $?';
  const command = ["sh", "-c", script, "sh", ...ftCommand()];
  const { stdout, stderr } = await place.start(command, { cwd: ana.folder, env: ana.env }).finished;
  assert.equal(stdout, "5\n", stderr);
  assertBytes(ana.path("back"), bytes);
  assertBytes(ana.path("again"), new Uint8Array());
  await until("it is gone", () => namesIn(server.path("shared_uploads")).length === 0);
}, Deno.build.os === "windows");

test("a share whose downloads count goes into a pipe in order, and counts", async (
  _,
  server,
  ana,
) => {
  const text = "line\n".repeat(MiB / 2);
  ana.write("x.txt", text);
  await done(ana, "share", "x.txt", "--downloads", "1");
  const { stdout } = await done(ana, "fetch", "x.txt", "--output", "-");
  assert.equal(stdout, text);
  assert.equal((await ana.ft("fetch", "x.txt", "--output", "-")).code, 5);
  await until("it is gone", () => namesIn(server.path("shared_uploads")).length === 0);
});

test("a secret share goes on over a new connection, both ways", async (place, server) => {
  const bytes = random.bytes(24 * MiB + 3);
  await using relay = new Relay({ port: server.port });
  const ben = place.client("ben", relay.address);
  ben.write("big.bin", bytes);
  // Of a file that was written just now the times do not tell that it is still the same.
  await until("times that tell", () => {
    const changed = Deno.statSync(ben.path("big.bin")).ctime?.getTime() ?? 0;
    return Date.now() - changed > 2_100;
  });
  const cutOnce = (way: "up" | "down") => {
    relay.reset();
    relay.onBytes = (from, passed) => {
      if (from !== way || passed < 12 * MiB) return;
      relay.onBytes = undefined;
      relay.cut();
    };
  };
  cutOnce("up");
  const sent = await ben.ft("share", "big.bin", "--secret");
  assert.equal(sent.code, 0, sent.stderr);
  assert.match(sent.stderr, /trying again/);
  assert.match(sent.stderr, /resuming at \d+ %/);
  assert.ok(relay.passed.up < 36 * MiB, `${relay.passed.up} bytes`);
  cutOnce("down");
  const got = await fetch(ben, sent.stdout, "big.bin");
  assert.equal(got.code, 0, got.stderr);
  assert.match(got.stderr, /trying again/);
  assert.ok(relay.passed.down < 36 * MiB, `${relay.passed.down} bytes`);
  assertBytes(ben.path("downloads/big.bin"), bytes);
  assert.deepEqual(namesIn(server.path(".ft/staging")), []);
});

test("a secret share that was killed starts afresh, and leaves nothing to see", async (
  place,
  server,
) => {
  const bytes = random.bytes(24 * MiB + 3);
  await using relay = new Relay({ port: server.port });
  const ben = place.client("ben", relay.address);
  ben.write("big.bin", bytes);
  const stall = (way: "up" | "down") => {
    relay.reset();
    relay.onBytes = (from, passed) => from === way && passed > 12 * MiB && relay.stall(way);
  };
  stall("up");
  const sending = ben.start("share", "big.bin", "--secret");
  await until("some of it", () => relay.passed.up > 12 * MiB);
  sending.kill();
  await sending.finished;
  relay.reset();
  relay.flow();
  relay.cut();
  await server.logged(/ failed: /);
  assert.deepEqual(namesIn(server.path("shared_uploads")), []);
  assert.ok(journaled(server.path(".ft/staging")).size > 0);
  const sent = await ben.ft("share", "big.bin", "--secret");
  assert.doesNotMatch(sent.stderr, /resuming/);
  stall("down");
  ben.write("code", sent.stdout);
  const taking = ben.start("fetch", "big.bin", "--code-file", "code");
  await until("some of it", () => relay.passed.down > 12 * MiB);
  taking.kill();
  await taking.finished;
  relay.reset();
  relay.flow();
  relay.cut();
  assert.deepEqual(namesIn(ben.path("downloads")), [".ft"]);
  stall("down");
  const leaving = ben.start("fetch", "big.bin", "--code-file", "code");
  await until("some of it", () => relay.passed.down > 12 * MiB);
  leaving.kill("SIGINT");
  const left = await leaving.finished;
  assert.equal(left.code, 130);
  assert.match(left.stderr, /Of what is secret nothing is kept\. Start again with:/);
  relay.reset();
  relay.flow();
  const got = await fetch(ben, sent.stdout, "big.bin");
  assert.equal(got.code, 0, got.stderr);
  assertBytes(ben.path("downloads/big.bin"), bytes);
  assert.ok(!exists(ben.path("downloads/.ft")));
});

test("a terminal asks for the code and does not show it", async (_, __, ana) => {
  ana.write("a.txt", "secret");
  ana.write("b.txt", "another secret");
  const code = (await share(ana, "a.txt")).trim();
  const other = (await share(ana, "b.txt")).trim();
  const options = { cwd: ana.folder, env: { ...ana.env, NO_COLOR: "1" } };
  {
    await using pty = new Pty(ftCommand("fetch", "a.txt"), options);
    await pty.waitFor("Code of 'a.txt': ");
    pty.send("AGE-SECRET-KEY-WRONG\r");
    await pty.waitFor("That is no code of a secret share.");
    await pty.waitFor("Code of 'a.txt': ");
    pty.send(`${other}\r`);
    await pty.waitFor("The code does not fit, or");
    await pty.waitFor("Code of 'a.txt': ");
    pty.send(`${code}x\x7f\r`);
    await pty.waitFor("100 %");
    assert.equal(await pty.exit, 0);
    assert.ok(!pty.text.includes(code) && !pty.text.includes("WRONG"));
  }
  assert.equal(Deno.readTextFileSync(ana.path("downloads/a.txt")), "secret");
  {
    await using pty = new Pty(ftCommand("fetch", "a.txt"), options);
    for (let left = 3; left > 0; left--) {
      await pty.waitFor("Code of 'a.txt': ");
      pty.send(`${other}\r`);
      await pty.waitFor("The code does not fit, or");
    }
    assert.equal(await pty.exit, 6);
    assert.equal(pty.text.split("Code of").length, 4);
  }
  await using pty = new Pty(ftCommand("fetch", "a.txt"), options);
  await pty.waitFor("Code of 'a.txt': ");
  pty.send("\x03");
  assert.equal(await pty.exit, 130);
}, Deno.build.os !== "linux");

test("a question for a code has the terminal to itself, and Ctrl-C at it ends the command", async (
  place,
  server,
  ana,
) => {
  ana.write("a.txt", "secret");
  ana.write("big.bin", "");
  Deno.truncateSync(ana.path("big.bin"), 64 * MiB);
  await share(ana, "a.txt");
  await done(ana, "share", "big.bin");
  const ben = place.client("ben", server.address);
  const command = ftCommand("fetch", "a.txt", "big.bin", "--compress", "off", "--limit", "4MB/s");
  await using pty = new Pty(command, { cwd: ben.folder, env: ben.env });
  await pty.waitFor("Code of 'a.txt': ");
  const held = () => journaled(ben.path("downloads/.ft")).size;
  const before = held();
  await until("more of the other file", () => held() > before);
  assert.match(pty.text, /Code of 'a\.txt': $/);
  pty.send("\x03");
  await pty.waitFor("Interrupted. What has arrived is kept.");
  assert.equal(await pty.exit, 130);
  assert.deepEqual(namesIn(ben.path("downloads")), [".ft"]);
}, Deno.build.os !== "linux");

test("ft fetch --yes asks for no code and about no key, also on a terminal", async (
  _,
  __,
  ana,
) => {
  ana.write("a.txt", "secret");
  ana.write("b.txt", "plain");
  await share(ana, "a.txt");
  await done(ana, "share", "b.txt");
  await using pty = new Pty(ftCommand("fetch", "--yes"), { cwd: ana.folder, env: ana.env });
  await pty.waitFor("'a.txt' is secret: its code is needed");
  assert.equal(await pty.exit, 2);
  assert.ok(!pty.text.includes("Code of"), pty.text);
  assert.deepEqual(namesIn(ana.path("downloads")), ["b.txt"]);
  const env = { ...ana.env, FT_STATE: ana.path("other"), FT_TOKEN: "t0ken".repeat(5) };
  await using stranger = new Pty(ftCommand("fetch", "--yes"), { cwd: ana.folder, env });
  await stranger.waitFor("is not known yet; its key is SHA256:");
  assert.equal(await stranger.exit, 4);
}, Deno.build.os !== "linux");

test("the menu asks for a code unseen, loses no key by it, and shows the note", async (
  _,
  __,
  ana,
) => {
  ana.write("a.txt", "secret");
  const code = (await share(ana, "a.txt", "--note", "for you")).trim();
  await using pty = new Pty(ftCommand("client"), { cwd: ana.folder, env: ana.env });
  const choose = async () => {
    await pty.waitFor("Enter your choice:");
    pty.send("4\r");
    await pty.waitFor("Tab completes");
    pty.send("1\r");
    await pty.waitFor("Code of 'a.txt': ");
  };
  await choose();
  pty.send("\x03");
  await pty.waitFor("Interrupted.");
  await choose();
  pty.send(`${code}\rq`);
  await pty.waitFor("Downloaded 'a.txt'");
  await pty.waitFor("Note of 'a.txt': for you");
  await pty.waitFor("Enter your choice: q");
  pty.send("\r");
  assert.equal(await pty.exit, 0);
  assert.ok(!pty.text.includes(code));
  assert.equal(Deno.readTextFileSync(ana.path("downloads/a.txt")), "secret");
}, Deno.build.os !== "linux");

test("the menu in a pipe takes a code from where ft fetch does", async (place, _, ana) => {
  ana.write("a.txt", "secret");
  const code = await share(ana, "a.txt");
  const none = await ana.piped("4\n1\nq\n", "client");
  assert.equal(none.code, 0);
  assert.match(none.stderr, /'a\.txt' is secret: its code is needed/);
  ana.write("code", code);
  Deno.chmodSync(ana.path("code"), 0o600);
  const fromFile = await ana.piped("4\n1\nq\n", "client", "--code-file", "code", "-o", "file/");
  assert.equal(Deno.readTextFileSync(ana.path("file/a.txt")), "secret", fromFile.stderr);
  const env = { ...ana.env, FT_CODE: code.trim() };
  const command = ftCommand("client", "-o", "env/");
  await place.start(command, { cwd: ana.folder, env, input: "4\n1\nq\n" }).finished;
  assert.equal(Deno.readTextFileSync(ana.path("env/a.txt")), "secret");
});

test("of shares whose names are hidden it is said which is which", async (_, server, ana) => {
  ana.write("in/a.txt", "of a");
  ana.write("in/b.txt", "of b, longer");
  const args = ["share", "in/a.txt", "in/b.txt", "--secret", "--hide-name"];
  const sizeOf = (name: string) => Deno.statSync(server.path(`shared_uploads/${name}`)).size;
  const { stderr } = await done(ana, ...args);
  const [a = "", b = ""] = ["a", "b"].map((name) => {
    const line = new RegExp(`^${name}\\.txt  100 % .* \\(saved as ([0-9a-f-]{36})\\)$`, "m");
    return line.exec(stderr)?.[1];
  });
  assert.deepEqual([a, b].sort(), namesIn(server.path("shared_uploads")), stderr);
  assert.equal(sizeOf(b) - sizeOf(a), "of b, longer".length - "of a".length);
  const lines = wholeLines((await done(ana, ...args, "--json", "-q")).stdout, 0);
  const files = lines.filter(({ kind }) => kind === "file");
  const [code] = lines.filter(({ what }) => what === "code");
  assert.deepEqual(files.map(({ name }) => name).sort(), ["a.txt", "b.txt"]);
  assert.deepEqual(files.map(({ saved }) => saved).sort(), code?.["files"].toSorted());
  const plan = await done(ana, ...args, "--dry-run");
  assert.deepEqual(plan.stdout.split("\n").sort(), ["", "a.txt  204 B", "b.txt  212 B"]);
});
