import assert from "node:assert/strict";
import { assertBytes, exists, namesIn, until, writeFile } from "./files.ts";
import { type Finished, ftCommand, Place, test } from "./process.ts";
import { Random, seed } from "./random.ts";
import { Relay } from "./relay.ts";

const MiB = 1024 * 1024;
const random = new Random(seed);

/** A failure says what happened and what to do, once, on standard error alone. */
function assertFails({ code, stdout, stderr }: Finished, expected: number, says: RegExp): void {
  assert.equal(code, expected, stderr);
  assert.equal(stdout, "");
  assert.match(stderr, says);
  assert.equal(stderr.match(/^Error: /mg)?.length, 1, stderr);
  assert.match(stderr, /^ {2}\S.*$/m, "it does not say what to do next");
}

test("a command line that is not understood is exit 2", async (_, __, ana) => {
  const wrong: readonly (readonly [string[], RegExp])[] = [
    [["nope"], /^Error: .*'?nope/m],
    [["put"], /^Error: .*FILE/m],
    [["put", "--nope", "x"], /^Error: .*--nope/m],
    [["get", "a", "--on-conflict", "maybe"], /^Error: .*--on-conflict/m],
    [["get", "a", "--retries", "-1"], /^Error: /m],
    [["serve", "--port", "99999"], /^Error: .*--port/m],
    [["list", "private"], /^Error: .*private/m],
    [["list", "--server", "no where"], /^Error: /m],
    [["fetch"], /^Error: Say what to fetch: there is no terminal to ask on\./m],
  ];
  for (const [args, says] of wrong) assertFails(await ana.ft(...args), 2, says);
});

test("a server that is not there is exit 3 at once", async (place, server) => {
  server.running.kill();
  await server.running.finished;
  const ana = place.client("ana", server.address);
  ana.write("a.txt", "a");
  const began = performance.now();
  for (
    const args of [["put", "a.txt"], ["get", "a"], ["fetch", "1"], ["list"], ["share", "a.txt"]]
  ) {
    assertFails(
      await ana.ft(...args),
      3,
      /^Error: Connection refused\.\n {2}No server listens at /m,
    );
  }
  assert.ok(performance.now() - began < 5_000);
  assert.deepEqual(namesIn(ana.path("downloads")), []);
  const menu = await ana.piped("4\nq\n", "client");
  assert.equal(menu.code, 0);
  assert.match(menu.stderr, /^Error: Connection refused\./m);
});

test("a connection that is lost and does not come back is exit 3", async (place, server) => {
  await using relay = new Relay({ port: server.port });
  const ana = place.client("ana", relay.address);
  const bytes = random.bytes(8 * MiB);
  ana.write("big.bin", bytes);
  relay.onBytes = () => relay.passed.up > MiB && relay.cut();
  const lost = await ana.ft("put", "big.bin", "--retries", "0");
  assertFails(lost, 3, /^Error: The connection was lost\./m);
  const again = await ana.ft("put", "big.bin", "--retries", "1");
  assert.match(again.stderr, /connection lost; trying again in [\d.]+ s \(1 of 1\)/);
  // By now it is cut in the middle of the handshake.
  assertFails(again, 3, /^Error: The connection was lost before it was secure\./m);
  relay.reset();
  assert.equal((await ana.ft("put", "big.bin")).code, 0);
  assertBytes(server.path("uploads/big.bin"), bytes);
});

/** A server of something else. `answer` is sent as soon as anything has come. */
async function otherServer(answer: Uint8Array, talk: (address: string) => Promise<void>) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const conns = new Set<Promise<void>>();
  const serve = async (conn: Deno.Conn) => {
    const block = new Uint8Array(64 * 1024);
    try {
      await conn.read(block);
      await conn.write(answer);
      await conn.closeWrite();
      while (await conn.read(block) !== null);
    } catch {
      // The client left.
    }
    conn.close();
  };
  const accepting = (async () => {
    for await (const conn of listener) conns.add(serve(conn));
  })();
  await talk(`127.0.0.1:${listener.addr.port}`);
  listener.close();
  await accepting.catch(() => {});
  await Promise.all(conns);
}

const FT1 = [0x46, 0x54, 0x0d, 0x0a, 0, 1, 0, 0];
const OTHERS: Record<string, Uint8Array> = {
  HTTP: new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"),
  SSH: new TextEncoder().encode("SSH-2.0-OpenSSH_9.6\r\n"),
  "FT of a later version": new Uint8Array([0x46, 0x54, 0x0d, 0x0a, 0, 9, 0, 0]),
  "FT/1, then nonsense": new Uint8Array([...FT1, ...new Uint8Array(64).fill(0xff)]),
};

for (const [name, answer] of Object.entries(OTHERS)) {
  test(`a server that speaks ${name} is exit 4`, async (place, _, ana) => {
    await otherServer(answer, async (address) => {
      const bob = place.client("bob", address);
      bob.write("a.txt", "a");
      bob.write("big.bin", random.bytes(3 * MiB));
      const orders = [["list"], ["put", "a.txt"], ["share", "big.bin"], ["get", "x"], [
        "fetch",
        "x",
      ]];
      for (const args of orders) {
        for (const how of [[], ["--plain"]]) {
          assertFails(await bob.ft(...args, ...how), 4, /^Error: \S/m);
        }
      }
      assert.deepEqual(namesIn(bob.path("downloads")), []);
      // Some files fail by themselves before the conversation does: 4 comes before 5.
      const several = await bob.ft("put", "none", "big.bin", "also none", "--plain");
      assert.equal(several.code, 4, several.stderr);
    });
    assert.equal((await ana.ft("list")).code, 0);
  });
}

test("a server that hangs up at once is exit 3", async (place) => {
  await otherServer(new Uint8Array(), async (address) => {
    const ana = place.client("hung up on", address);
    assertFails(await ana.ft("list", "--retries", "0"), 3, /^Error: /m);
  });
});

test("an ft server that hears HTTP goes on serving", async (_, server, ana) => {
  using conn = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  await conn.write(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
  await conn.closeWrite();
  const block = new Uint8Array(1024);
  while (await conn.read(block) !== null);
  await server.running.waitFor(/127\.0\.0\.1:\d+ {2}protocol: \S/);
  assert.equal((await ana.ft("list")).code, 0);
});

test("what is not found is exit 5, here and there", async (_, __, ana) => {
  for (const command of ["put", "share", "sum"]) {
    const end = await ana.ft(command, "none.txt");
    assertFails(end, 5, /^Error: File 'none\.txt' not found\.\n {2}\S/m);
  }
  for (const command of ["get", "fetch"]) {
    const end = await ana.ft(command, "none.txt");
    assertFails(end, 5, /^Error: File 'none\.txt' not found on the server\.\n {2}\S/m);
  }
  assert.deepEqual(namesIn(ana.path("downloads")), []);
});

test("what is refused is exit 6", async (place, server, ana) => {
  ana.write("back\\slash", "x");
  assertFails(await ana.ft("put", "back\\slash"), 6, /^Error: Cannot use the name .*backslash/m);
  ana.write("new\nline", "x");
  assertFails(
    await ana.ft("put", "new\nline"),
    6,
    /^Error: Cannot use the name 'new\\u\{a\}line'/m,
  );
  ana.write(".ft", "x");
  assertFails(await ana.ft("share", ".ft"), 6, /^Error: Cannot use the name '\.ft'/m);
  const names = ["../secret", "/etc/passwd", "a/../b", "a//b", "a\\b", "", "\u202ex"];
  for (const name of names) {
    assertFails(await ana.ft("get", "--", name), 6, /^Error: Cannot use the name /m);
  }
  writeFile(server.path("shared_files/a.txt"), "there");
  ana.write("downloads/a.txt", "here!");
  const exists = await ana.ft("get", "a.txt", "--on-conflict", "fail");
  assertFails(exists, 6, /^Error: 'a\.txt' exists\.\n {2}\S/m);
  ana.write("mine.txt", "ana");
  assert.equal((await ana.ft("share", "mine.txt")).code, 0);
  const bob = place.client("bob", server.address);
  bob.write("mine.txt", "bob");
  const denied = await bob.ft("share", "mine.txt", "--on-conflict", "overwrite");
  assertFails(denied, 6, /^Error: 'mine\.txt' is somebody else's/m);
  // A link out of a room leads nowhere.
  if (Deno.build.os !== "windows") {
    await place.start(["ln", "-s", "/etc/passwd", server.path("shared_files/link")]).finished;
    await place.start(["ln", "-s", "/etc", server.path("shared_files/etc")]).finished;
    for (const name of ["link", "etc/passwd"]) assert.equal((await ana.ft("get", name)).code, 5);
    assert.doesNotMatch((await ana.ft("list")).stdout, /link|etc/);
  }
});

test(`bytes that were bent on the way are sent again, encrypted or not (seed ${seed})`, async (place) => {
  // What encryption notices first, as every change on the way, is the loss of the connection.
  for (
    const [how, code, says] of [
      [
        ["--plain"],
        7,
        /^Error: Bytes of 'big\.bin' changed on the way, or on the disk they came from\./m,
      ],
      [[], 3, /^Error: The connection was lost\./m],
    ] as const
  ) {
    const server = await place.serve({ root: `server${how}`, args: how });
    await using relay = new Relay({ port: server.port });
    const ana = place.client(`ana${how}`, relay.address);
    const bytes = random.bytes(8 * MiB);
    ana.write("big.bin", bytes);
    writeFile(server.path("shared_files/big.bin"), bytes);
    for (const [command, way] of [["put", "up"], ["get", "down"]] as const) {
      // In the middle of a frame's bytes: what else is bent is a matter of the protocol.
      const bend = (from: string, passed: number, block: Uint8Array) => {
        if (from !== way || passed < 1.4 * MiB || passed > 1.7 * MiB) return false;
        block[block.length >> 1] = ~(block[block.length >> 1] ?? 0);
        return true;
      };
      relay.reset();
      relay.onBytes = bend;
      const bent = await ana.ft(command, "big.bin", "--retries", "0", ...how);
      assertFails(bent, code, says);
      relay.reset();
      relay.onBytes = (...args) => {
        if (bend(...args)) relay.onBytes = undefined;
      };
      const mended = await ana.ft(command, "big.bin", ...how);
      assert.equal(mended.code, 0, mended.stderr);
    }
    assertBytes(server.path("uploads/big.bin"), bytes);
    assertBytes(ana.path("downloads/big.bin"), bytes);
  }
});

/** A folder that is a small file system of its own. */
class SmallDisk implements AsyncDisposable {
  readonly path: string;

  constructor(path: string, options: string) {
    this.path = path;
    Deno.mkdirSync(path, { recursive: true });
    if (!mount("-t", "tmpfs", "-o", options, "tmpfs", path)) throw new Error("cannot mount");
  }

  remount(options: string): void {
    assert.ok(mount("-o", `remount,${options}`, this.path));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Deno.Command("umount", { args: ["-l", this.path] }).output();
  }
}

function mount(...args: string[]): boolean {
  return new Deno.Command("mount", { args, stderr: "null" }).outputSync().success;
}

/** Whether file systems can be mounted here: only for root on Linux, and not in every container. */
function canMount(): boolean {
  if (Deno.build.os !== "linux") return false;
  const path = Deno.makeTempDirSync();
  try {
    if (!mount("-t", "tmpfs", "-o", "size=1m", "tmpfs", path)) return false;
    new Deno.Command("umount", { args: [path] }).outputSync();
    return true;
  } catch {
    return false;
  } finally {
    Deno.removeSync(path);
  }
}

/** Without it the tests of full and read-only disks say that they are ignored. */
const mounts = canMount();

Deno.test({
  name: `a disk that is full there is exit 8, and ft put goes on later (seed ${seed})`,
  ignore: !mounts,
}, async () => {
  await using place = new Place();
  await using disk = new SmallDisk(`${place.path}/server`, "size=24m");
  // With nothing to stay free, the disk itself is what says that it is full.
  const server = await place.serve({ args: ["--min-free=0"] });
  const ana = place.client("ana", server.address);
  const bytes = random.bytes(40 * MiB);
  ana.write("big.bin", bytes);
  ana.write("small.txt", "small");
  assertFails(await ana.ft("put", "big.bin"), 8, /^Error: No space is left\. \(on the server\)/m);
  assert.deepEqual(namesIn(server.path("uploads")), []);
  const several = await ana.ft("put", "small.txt", "none", "big.bin");
  assert.equal(several.code, 8);
  assert.match(several.stderr, /^Error: [23] files failed:\n( {2}\S.*\n)+/m);
  disk.remount("size=100m");
  const again = await ana.ft("put", "big.bin");
  assert.equal(again.code, 0, again.stderr);
  assert.match(again.stderr, /resuming at/);
  assertBytes(server.path("uploads/big.bin"), bytes);
});

Deno.test({
  name: `a disk that is full here is exit 8, and ft get goes on later (seed ${seed})`,
  ignore: !mounts,
}, async () => {
  await using place = new Place();
  const server = await place.serve();
  await using relay = new Relay({ port: server.port });
  const ana = place.client("ana", relay.address);
  const downloads = ana.path("downloads");
  await using disk = new SmallDisk(downloads, "size=24m");
  const bytes = random.bytes(40 * MiB);
  writeFile(server.path("shared_files/big.bin"), bytes);
  writeFile(server.path("shared_files/small.txt"), "small");
  // What can be known beforehand is said before anything has come.
  const tooMuch = /^Error: It needs 41943040 bytes, and \d+ are free in '.*downloads'\.$/m;
  assertFails(await ana.ft("get", "big.bin"), 8, tooMuch);
  assert.ok(relay.passed.down < MiB);
  assert.deepEqual(namesIn(downloads), []);
  const several = await ana.ft("get", "small.txt", "none", "big.bin");
  assert.equal(several.code, 8);
  assert.match(several.stderr, /^Error: 2 files failed:\n( {2}\S.*\n)+/m);
  assert.equal(Deno.readTextFileSync(`${downloads}/small.txt`), "small");
  // Here somebody else takes what is left of the disk meanwhile.
  disk.remount("size=60m");
  relay.reset();
  relay.onBytes = (_, passed) => {
    if (passed < 8 * MiB || exists(`${downloads}/other`)) return;
    using other = Deno.openSync(`${downloads}/other`, { write: true, createNew: true });
    try {
      for (;;) other.writeSync(new Uint8Array(MiB));
    } catch { /* It is full now. */ }
  };
  const full = await ana.ft("get", "big.bin");
  assertFails(full, 8, /^Error: Cannot write .*space.*\n.*ft partials clear/m);
  relay.reset();
  Deno.removeSync(`${downloads}/other`);
  // What is held needs no more space.
  disk.remount("size=41m");
  const again = await ana.ft("get", "big.bin");
  assert.equal(again.code, 0, again.stderr);
  assert.match(again.stderr, /resuming at/);
  assertBytes(`${downloads}/big.bin`, bytes);
});

Deno.test({
  name: "a place that cannot be written is exit 8, here and there",
  ignore: !mounts,
}, async () => {
  await using place = new Place();
  const server = await place.serve();
  const ana = place.client("ana", server.address);
  await using _there = new SmallDisk(server.path(".ft/staging"), "ro");
  await using _here = new SmallDisk(ana.path("locked"), "ro");
  writeFile(server.path("shared_files/a.txt"), "a");
  ana.write("a.txt", "a");
  ana.write("big.bin", new Uint8Array(2 * MiB));
  for (const name of ["a.txt", "big.bin"]) {
    const there = await ana.ft("put", name);
    assertFails(there, 8, /^Error: The place cannot be written\. \(on the server\)/m);
    assert.ok(!there.stderr.includes(server.root), "the server's folders are its own business");
  }
  // What can be read can still be had.
  assert.equal((await ana.ft("get", "a.txt")).code, 0);
  const here = await ana.ft("get", "a.txt", "--output", "locked/");
  assertFails(here, 8, /^Error: Cannot stage 'a\.txt': .*\n {2}Check who owns the folder/m);
  const folder = await ana.ft("get", "a.txt", "--output", "locked/new/");
  assertFails(folder, 8, /^Error: Cannot use the folder 'locked\/new\/'/m);
  const root = ftCommand("serve", "--port", "0", "--root", ana.path("locked/root"));
  assertFails(await place.start(root).finished, 8, /^Error: Cannot use the root /m);
});

test("a path that cannot be is said to be one, in words of ft", async (place, server, ana) => {
  writeFile(server.path("shared_files/a.txt"), "a");
  ana.write("file", "x");
  const folder = "There is a file where a folder has to be";
  const orders: [number, string, string[]][] = [
    [8, folder, ["get", "a.txt", "--output", "file/b"]],
    [8, folder, ["get", "a.txt", "b.txt", "--output", "file"]],
    [8, folder, ["list", "--state", "file"]],
    [5, "The name is empty", ["put", ""]],
    [5, "The name is empty", ["sum", ""]],
  ];
  if (Deno.build.os === "linux") {
    orders.push(
      [6, "Choose another place; for pipes", ["get", "a.txt", "--output", "/dev/null"]],
      [6, "Choose another place; for pipes", ["put", "/dev/stdin"]],
      [6, "Choose another place; for pipes", ["put", "/proc/version"]],
      [6, "Choose another place; for pipes", ["list", "--state", "/proc/x"]],
      [6, "Choose another place; for pipes", ["verify", "--root", "/proc/x"]],
    );
  }
  for (const [exit, hint, args] of orders) {
    const end = await ana.ft(...args);
    assertFails(end, exit, new RegExp(`^Error: .*\\n {2}${hint}`, "m"));
    assert.doesNotMatch(end.stderr, /--allow/);
  }
  for (const root of ["file", ...(Deno.build.os === "linux" ? ["/proc/x"] : [])]) {
    const serve = ftCommand("serve", "--port", "0", "--root", root);
    const { code, stderr } = await place.start(serve, { cwd: ana.folder }).finished;
    assert.equal(code, root === "file" ? 8 : 6);
    assert.match(stderr, /^ {2}(There is a file where|Choose another place)/m);
  }
});

test("what may not be read is exit 8 for who is not root", async (_, __, ana) => {
  ana.write("no", "x");
  Deno.chmodSync(ana.path("no"), 0);
  for (const command of ["put", "sum"]) {
    const says = /^Error: Cannot read 'no': Permission denied \S+ \S+ 13\)\n {2}.*may read it\.$/m;
    assertFails(await ana.ft(command, "no"), 8, says);
  }
}, Deno.build.os === "windows" || isRoot());

test("a place that may not be written is exit 8 for who is not root", async (_, server, ana) => {
  writeFile(server.path("shared_files/a.txt"), "a");
  Deno.mkdirSync(ana.path("locked"), { mode: 0o500 });
  const locked = await ana.ft("get", "a.txt", "--output", "locked/");
  assertFails(locked, 8, /^Error: .*\n {2}Check who owns the folder/m);
}, Deno.build.os === "windows" || isRoot());

function isRoot(): boolean {
  return Deno.build.os !== "windows" &&
    new Deno.Command("id", { args: ["-u"] }).outputSync().stdout[0] === 0x30;
}

test("several files go on after a failure, with a table and the gravest exit code", async (
  place,
  server,
) => {
  await using relay = new Relay({ port: server.port });
  const ana = place.client("ana", relay.address);
  ana.write("tab\there", "x");
  ana.write("a.txt", "a");
  ana.write("z.txt", "z");
  ana.write("big.bin", random.bytes(8 * MiB));
  const mixed = await ana.ft("put", "a.txt", "none", "tab\there", "z.txt", "evil\x1b[2J\u202e.txt");
  assert.equal(mixed.code, 6);
  const table = mixed.stderr.slice(mixed.stderr.indexOf("Error: "));
  assert.match(
    table,
    /^Error: 3 files failed:\n {2}none: File 'none' not found\.\n {2}tab\\u\{9\}here: Cannot use the name 'tab\\u\{9\}here': it contains control characters\.\n {2}evil\\u\{1b\}\[2J\\u\{202e\}\.txt: File 'evil\\u\{1b\}\[2J\\u\{202e\}\.txt' not found\.\n/,
  );
  assert.deepEqual(namesIn(server.path("uploads")), ["a.txt", "z.txt"]);
  const missing = await ana.ft("get", "none", "nothing");
  assert.equal(missing.code, 5);
  assert.match(missing.stderr, /^Error: 2 files failed:\n {2}none: .*\n {2}nothing: .*\n/m);
  // 7 before 6 and 5.
  relay.onBytes = (way, passed) => way === "up" && passed > MiB && relay.stall("up");
  const grown = ana.start("put", "none", "back\\slash", "big.bin");
  await until("stall", () => relay.passed.up > MiB);
  Deno.writeTextFileSync(ana.path("big.bin"), "more", { append: true });
  relay.reset();
  relay.flow();
  assert.equal((await grown.finished).code, 7);
  // 3 before 6 and 5.
  relay.reset();
  relay.onBytes = (way, passed) => way === "up" && passed > MiB && relay.cut();
  ana.write("big2.bin", random.bytes(8 * MiB));
  const lost = await ana.ft("put", "none", "back\\slash", "big2.bin", "--retries", "0");
  assert.equal(lost.code, 3, lost.stderr);
  assert.match(lost.stderr, /^Error: 3 files failed:\n/m);
});

test("hostile names and words are shown, not obeyed", async (_, server, ana) => {
  const evil = "\x1b]0;owned\x07\x1b[2J\u202egpj.exe\n";
  for (const command of ["put", "get", "sum", "fetch"]) {
    const { code, stderr } = await ana.ft(command, "--", evil);
    assert.ok(code === 5 || code === 6, `ft ${command}: ${code}`);
    assert.match(stderr, /\\u\{1b\}\]0;owned\\u\{7\}/);
    assertHarmless(stderr);
  }
  for (
    const args of [[evil], ["put", `--${evil}`], ["list", evil], ["get", "a", "--server", evil]]
  ) {
    const { code, stderr } = await ana.ft(...args);
    assert.equal(code, 2);
    assertHarmless(stderr);
  }
  // What a room's folder holds under such a name is not offered at all.
  writeFile(server.path(`shared_files/${evil}`), "x");
  const joined = "zero\u200bwidth\ufeff.txt";
  writeFile(server.path(`shared_files/${joined}`), "x");
  const { stdout } = await ana.ft("list", "public");
  assert.match(stdout, /^1\. zero\\u\{200b\}width\\u\{feff\}\.txt +1 B {2}\d+ s ago\n$/);
  assertHarmless((await ana.ft("get", joined)).stderr);
  assertHarmless(server.running.stdout + server.running.stderr);
  assert.ok(exists(ana.path(`downloads/${joined}`)));
});

function assertHarmless(text: string): void {
  assert.doesNotMatch(text, /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]/u);
}
