/** Standard input and output as places that files come from and go to. */
import assert from "node:assert/strict";
import { assertBytes, namesIn, until, writeFile } from "./files.ts";
import { type Client, done, ftCommand, type Place, type Running, test } from "./process.ts";
import { Pty } from "./pty.ts";
import { Random, seed } from "./random.ts";
import { Relay } from "./relay.ts";

const MiB = 1024 * 1024;
const random = new Random(seed);
/** These tests are pipelines of a shell. */
const ignore = Deno.build.os === "windows";

/** Starts a line of a shell, in which `"$@"` is ft. */
function shell(place: Place, { folder, env }: Client, script: string): Running {
  return place.start(["sh", "-c", script, "sh", ...ftCommand()], { cwd: folder, env });
}

const SIZES: readonly (readonly [string, number])[] = [
  ["empty", 0],
  ["one", 1],
  ["chunk-1", MiB - 1],
  ["chunk", MiB],
  ["chunk+1", MiB + 1],
  ["large", 65 * MiB + 1],
];

test(`ft sends and takes every size through a pipe (seed ${seed})`, async (place, server, ana) => {
  for (const [name, size] of SIZES) {
    const bytes = random.bytes(size);
    ana.write(name, bytes);
    writeFile(server.path(`shared_files/${name}`), bytes);
    const script = `cat ${name} | "$@" put - --name ${name} && ` +
      `cat ${name} | "$@" share - --name ${name} --size ${size}B && ` +
      `"$@" get ${name} --output - | cat > got && "$@" fetch ${name} -o - > fetched`;
    const { code, stdout, stderr } = await shell(place, ana, script).finished;
    assert.equal(code, 0, stderr);
    assert.equal(stdout, "");
    for (const room of ["uploads", "shared_uploads"]) {
      assertBytes(server.path(`${room}/${name}`), bytes);
    }
    for (const file of ["got", "fetched"]) assertBytes(ana.path(file), bytes);
  }
  assert.deepEqual(namesIn(server.path(".ft/staging")), []);
  assert.ok(!namesIn(ana.folder).includes("downloads"));
}, ignore);

test("tar goes through ft and comes back as it was", async (place, server, ana) => {
  for (let at = 0; at < 30; at++) {
    ana.write(`tree/${at % 3}/file ${at}`, random.bytes(random.between(0, 50_000)));
  }
  const script = 'tar c -C tree . | "$@" share - --name x.tar && mkdir back && ' +
    '"$@" fetch x.tar --output - | tar x -C back && diff -r tree back';
  const { code, stdout, stderr } = await shell(place, ana, script).finished;
  assert.equal(code, 0, stdout + stderr);
  assert.deepEqual(namesIn(server.path("shared_uploads")), ["x.tar"]);
}, ignore);

test("a producer that is slow is waited for", async (place, server, ana) => {
  const script = 'for n in 1 2 3; do echo $n; sleep 0.2; done | "$@" put - --name slow.txt -q';
  const { code, stderr } = await shell(place, ana, script).finished;
  assert.equal(code, 0, stderr);
  assert.equal(Deno.readTextFileSync(server.path("uploads/slow.txt")), "1\n2\n3\n");
}, ignore);

/** `tar` on its way through ft and a relay that holds it up once some of it has passed. */
class Held implements AsyncDisposable {
  readonly relay: Relay;
  readonly tar: Running;
  readonly ft: Running;

  constructor(place: Place, port: number, more = "") {
    this.relay = new Relay({ port });
    this.relay.onBytes = (way, passed) => {
      if (way === "up" && passed > 4 * MiB) this.relay.stall("up");
    };
    const ben = place.client("ben", this.relay.address);
    for (let at = 0; at < 4; at++) ben.write(`tree/${at}`, random.bytes(8 * MiB));
    const run = (script: string) => shell(place, ben, script);
    const fifo = ben.path("fifo");
    const made = new Deno.Command("mkfifo", { args: [fifo] }).outputSync();
    assert.ok(made.success);
    this.tar = run("exec tar cf fifo tree");
    this.ft = run(`exec "$@" put - --name x.tar ${more} < fifo`);
  }

  async reached(): Promise<void> {
    await until("part of it on the server", () => this.relay.passed.up > 4 * MiB);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.relay[Symbol.asyncDispose]();
  }
}

for (const signal of ["SIGKILL", "SIGTERM"] as const) {
  test(`nothing is published when ${signal} ends the producer`, async (place, server) => {
    await using held = new Held(place, server.port);
    await held.reached();
    held.tar.kill(signal);
    await held.tar.finished;
    held.relay.onBytes = undefined;
    held.relay.flow();
    const { code, stderr } = await held.ft.finished;
    assert.equal(code, 7, stderr);
    assert.match(stderr, /^Error: 'x\.tar' ended before its tar data was complete, so it was not/m);
    await server.logged(/ failed: /);
    assert.deepEqual(namesIn(server.path("uploads")), []);
    assert.deepEqual(namesIn(server.path(".ft/staging")), []);
  }, ignore);

  test(
    `nothing is published when ${signal} ends ft, and nothing is left`,
    async (place, server) => {
      await using held = new Held(place, server.port);
      await held.reached();
      held.ft.kill(signal);
      const { code, stderr } = await held.ft.finished;
      await held.tar.finished;
      held.relay.cut();
      if (signal === "SIGTERM") {
        assert.equal(code, 130);
        assert.match(stderr, /^Interrupted\. What came through the pipe is not kept\.$/m);
      }
      await server.logged(/ failed: /);
      assert.deepEqual(namesIn(server.path("uploads")), []);
      assert.deepEqual(namesIn(server.path(".ft/staging")), []);
    },
    ignore,
  );
}

test("a pipe whose connection is lost fails at once, and says that it cannot be repeated", async (
  place,
  server,
) => {
  await using held = new Held(place, server.port);
  await held.reached();
  held.relay.onBytes = undefined;
  held.relay.cut();
  const { code, stderr } = await held.ft.finished;
  assert.equal(code, 3, stderr);
  assert.match(
    stderr,
    /^ {2}What comes from a pipe comes once, and nothing of it was published: /m,
  );
  assert.doesNotMatch(stderr, /trying again/);
  await server.logged(/ failed: /);
  assert.deepEqual(namesIn(server.path("uploads")), []);
}, ignore);

test("what a killed server has of a pipe is gone when it starts again", async (place, server) => {
  await using held = new Held(place, server.port, "--retries 0");
  await held.reached();
  server.running.kill();
  await server.running.finished;
  assert.equal((await held.ft.finished).code, 3);
  assert.equal(namesIn(server.path(".ft/staging")).length, 1);
  await place.serve();
  assert.deepEqual(namesIn(server.path(".ft/staging")), []);
  assert.deepEqual(namesIn(server.path("uploads")), []);
}, ignore);

test("ft get --output - goes on over a new connection where it stopped", async (place, server) => {
  const bytes = random.bytes(24 * MiB + 3);
  writeFile(server.path("shared_files/big.bin"), bytes);
  await using relay = new Relay({ port: server.port });
  let cuts = 0;
  relay.onBytes = (way, passed) => {
    if (way !== "down" || passed < (cuts + 1) * 6 * MiB || cuts === 3) return;
    cuts++;
    relay.cut();
  };
  const ana = place.client("ana", relay.address);
  const { code, stderr } = await shell(place, ana, '"$@" get big.bin -o - | cat > got').finished;
  assert.equal(code, 0, stderr);
  assert.equal(cuts, 3);
  assertBytes(ana.path("got"), bytes);
}, ignore);

test("ft get --output - ends quietly when nobody reads on", async (place, server, ana) => {
  writeFile(server.path("shared_files/big.bin"), random.bytes(8 * MiB));
  const script = '{ "$@" get big.bin -q -o -; echo "code $?" >&2; } | head -c 10 | wc -c';
  const { stdout, stderr } = await shell(place, ana, script).finished;
  assert.equal(stdout.trim(), "10");
  assert.equal(stderr, "code 0\n");
}, ignore);

test("what cannot be written to standard output is said with its cause", async (
  place,
  server,
  ana,
) => {
  writeFile(server.path("shared_files/big.bin"), random.bytes(2 * MiB));
  writeFile(server.path("shared_files/small.txt"), "small");
  for (const what of ["get big.bin -q -o -", "get small.txt -q -o -", "list"]) {
    const { code, stderr } = await shell(place, ana, `"$@" ${what} > /dev/full`).finished;
    assert.equal(code, 8, what);
    assert.match(
      stderr,
      /^Error: Cannot write to standard output: No space left on device.*\n {2}See to where it goes/,
    );
  }
}, Deno.build.os !== "linux");

test("a plan ends quietly when nobody reads on", async (place, _, ana) => {
  for (let at = 0; at < 300; at++) ana.write(`many/${at}`, "x");
  for (const what of ["many", "many/*"]) {
    const script = `{ "$@" share ${what} --dry-run; echo "code $?" >&2; } | true`;
    const { stderr } = await shell(place, ana, script).finished;
    assert.equal(stderr, "code 0\n", what);
  }
}, ignore);

test("a pipe that has had its time is not said to go on", async (place, _, ana) => {
  const script = 'mkfifo f && exec 3<>f && "$@" put - --name st --timeout 1s <&3';
  const { code, stderr } = await shell(place, ana, script).finished;
  assert.equal(code, 3, stderr);
  assert.match(stderr, /^ {2}What came through the pipe is not kept\./m);
  assert.doesNotMatch(stderr, /goes on where it stopped/);
}, ignore);

test("a download that fails leaves no folder that it made", async (_, __, ana) => {
  const { code } = await ana.ft("fetch", "nope", "-o", "p/q/");
  assert.equal(code, 5);
  assert.ok(!namesIn(ana.folder).includes("p"));
});

test("what pipes cannot do is usage", async (_, __, ana) => {
  const orders: Record<string, RegExp> = {
    "put -": /needs a name\.$\n {2}Write: ft put - --name NAME$/m,
    "share - a --name x": /is sent alone/,
    "put a b --name x": /One name is not enough/,
    "put a --size 3B": /'--size' is for standard input/,
    "get a b --output -": /One file at a time/,
    "client --output -": /The menu does not write/,
  };
  for (const [order, message] of Object.entries(orders)) {
    const { code, stdout, stderr } = await ana.ft(...order.split(" "));
    assert.equal(code, 2, order);
    assert.equal(stdout, "");
    assert.match(stderr, message);
  }
});

test("--name names a file on the server, and is refused where it is no name", async (
  _,
  server,
  ana,
) => {
  ana.write("draft 7.txt", "Sell ice.");
  await done(ana, "share", "draft 7.txt", "--name", "idea.txt");
  assert.deepEqual(namesIn(server.path("shared_uploads")), ["idea.txt"]);
  for (const file of ["draft 7.txt", "-"]) {
    const { code } = await ana.piped("x", "share", file, "--name", "../x");
    assert.equal(code, 6);
  }
  ana.write("-", "A dash.");
  await done(ana, "put", "./-");
  assert.deepEqual(namesIn(server.path("uploads")), ["-"]);
});

test("a terminal is shown text, and not what it would obey", async (_, server, ana) => {
  writeFile(server.path("shared_files/notes.txt"), "Gr\u00fc\u00dfe\tund\r\nmehr\n");
  writeFile(server.path("shared_files/evil.txt"), "Hello \x1b]0;gotcha\x07\n");
  const show = async (name: string) => {
    const options = { cwd: ana.folder, env: { ...ana.env, NO_COLOR: "1" } };
    await using pty = new Pty(ftCommand("get", name, "-q", "-o", "-"), options);
    await pty.waitFor(name === "notes.txt" ? "mehr" : "not plain text");
    return await pty.exit;
  };
  assert.equal(await show("notes.txt"), 0);
  assert.equal(await show("evil.txt"), 6);
  const { code, stdout } = await ana.ft("get", "evil.txt", "-o", "-");
  assert.equal(code, 0);
  assert.ok(stdout.includes("gotcha"));
}, Deno.build.os !== "linux");

test("a folder does not go through a pipe, and what is not there is not called one", async (
  _,
  __,
  ana,
) => {
  ana.write("folder/a.txt", "a");
  await done(ana, "share", "folder");
  const folder = await ana.ft("fetch", "folder", "--output", "-");
  assert.equal(folder.code, 2);
  assert.match(folder.stderr, /^Error: 'folder' is a folder, and a stream takes a file\./m);
  const none = await ana.ft("fetch", "none", "--output", "-");
  assert.equal(none.code, 5);
  assert.equal(folder.stdout + none.stdout, "");
});

test("no bar is drawn into what else a pipe has on the terminal", async (_, server, ana) => {
  const text = "a line\n".repeat(1000);
  writeFile(server.path("shared_files/lines.txt"), text);
  const options = { cwd: ana.folder, env: ana.env };
  const run = (script: string) => new Pty(["sh", "-c", script, "sh", ...ftCommand()], options);
  {
    await using pty = run('"$@" get lines.txt -o -');
    assert.equal(await pty.exit, 0);
    assert.equal(pty.raw, text.replaceAll("\n", "\r\n"));
  }
  {
    await using pty = run('"$@" get lines.txt -o - | head -3');
    assert.equal(await pty.exit, 0);
    assert.match(pty.raw, /^(a line\r\n|lines\.txt [ -~]*\r\n)+$/);
  }
  await using pty = run('"$@" put - --name typed');
  pty.send("what is typed\n\x04");
  await pty.waitFor("typed  100 %  14 B");
  assert.equal(await pty.exit, 0);
  assert.ok(!pty.raw.includes("\x1b"), JSON.stringify(pty.raw));
  assert.equal(Deno.readTextFileSync(server.path("uploads/typed")), "what is typed\n");
}, Deno.build.os !== "linux");
