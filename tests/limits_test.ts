/** What a server limits, asked of the program itself: its exit codes, its words and its log. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { FRAME_TYPES } from "../src/protocol/message.ts";
import { until } from "./files.ts";
import { EMPTY } from "./hostile/pieces.ts";
import { rawFrame, rawPeer } from "./hostile/raw_peer.ts";
import { type Client, done, namesIn, Place, type Server, writeFile } from "./process.ts";
import { Random, seed } from "./random.ts";
import { Relay } from "./relay.ts";

const MiB = 1024 * 1024;
const random = new Random(seed);

/** A test with a server of these options and a client of it. */
function test(
  name: string,
  args: readonly string[],
  body: (server: Server, ana: Client, place: Place) => Promise<void>,
): void {
  Deno.test(`limits: ${name} (seed ${seed})`, async () => {
    await using place = new Place();
    const server = await place.serve({ args });
    await body(server, place.client("ana", server.address), place);
  });
}

/** Runs a command that must fail, and tells what it says. */
async function fails(client: Client, code: number, ...args: readonly string[]): Promise<string> {
  const end = await client.ft(...args);
  assert.equal(end.code, code, `ft ${args.join(" ")}: ${end.stdout}${end.stderr}`);
  return end.stderr;
}

test(
  "a file over --max-file fails, the others of the command move",
  ["--max-file=2MiB"],
  async (server, ana) => {
    ana.write("big.bin", random.bytes(2 * MiB + 1));
    ana.write("just.bin", random.bytes(2 * MiB));
    const said = await fails(ana, 6, "share", "big.bin", "just.bin");
    assert.match(said, /big\.bin: 'big\.bin' is larger than 2 MiB \(--max-file\)\./);
    assert.match(said, /Waiting does not help/);
    assert.deepEqual(namesIn(server.path("shared_uploads")), ["just.bin"]);
    assert.deepEqual(namesIn(server.path(".ft/staging")), []);
  },
);

test(
  "what --quota has room for gets in, of many that race",
  ["--quota=10MiB"],
  async (server, _, place) => {
    const names = ["ana", "ben", "cleo", "dora", "emil"];
    const ends = await Promise.all(names.map((name) => {
      const client = place.client(name, server.address);
      client.write(`${name}.bin`, random.bytes(4 * MiB));
      return client.ft("put", `${name}.bin`);
    }));
    assert.deepEqual(ends.map(({ code }) => code).sort(), [0, 0, 6, 6, 6]);
    for (const { code, stderr } of ends) {
      if (code === 6) assert.match(stderr, /the private room holds at most 10 MiB \(--quota\)/);
    }
    assert.equal(namesIn(server.path("uploads")).length, 2);
    assert.deepEqual(namesIn(server.path(".ft/staging")), []);
    // What is removed by hand gives its room back within seconds, without a restart.
    for (const name of namesIn(server.path("uploads"))) {
      Deno.removeSync(
        server.path(`uploads/${name}`),
      );
    }
    const ana = place.client("ana", server.address);
    ana.write("ten.bin", random.bytes(10 * MiB));
    const deadline = performance.now() + 30_000;
    while ((await ana.ft("put", "ten.bin")).code !== 0) assert.ok(performance.now() < deadline);
  },
);

test(
  "what was interrupted counts for --quota after a restart, and goes on",
  ["--quota=40MiB"],
  async (server, ana, place) => {
    await using relay = new Relay({ port: server.port, rate: 30 * MiB });
    const slow = place.client("slow", relay.address);
    slow.write("big.bin", random.bytes(32 * MiB));
    await until("source left alone", () => {
      return Date.now() - (Deno.statSync(slow.path("big.bin")).ctime?.getTime() ?? 0) > 2_100;
    });
    const put = slow.start("share", "big.bin");
    await until("staged bytes", () => staged(server) > 20 * MiB);
    put.kill();
    await put.finished;
    server.running.kill("SIGKILL");
    await server.running.finished;
    const again = await place.serve({ port: server.port, args: ["--quota=40MiB"] });
    ana.write("other.bin", random.bytes(30 * MiB));
    const said = await fails(ana, 6, "share", "other.bin");
    assert.match(said, /'other\.bin' does not fit: the shared room holds at most 40 MiB/);
    await done(slow, "share", "big.bin");
    assert.deepEqual(namesIn(again.path("shared_uploads")), ["big.bin"]);
    assert.deepEqual(namesIn(again.path(".ft/staging")), []);
  },
);

function staged(server: Server): number {
  const sizes = namesIn(server.path(".ft/staging")).map((name) => {
    try {
      return Deno.statSync(server.path(`.ft/staging/${name}`)).size;
    } catch {
      return 0;
    }
  });
  return Math.max(0, ...sizes);
}

test(
  "--min-free that the disk has not refuses uploads as the server's",
  ["--min-free=8000TiB"],
  async (server, ana) => {
    ana.write("a.txt", "a");
    const said = await fails(ana, 8, "put", "a.txt");
    assert.match(said, /8000 TiB of the disk stay free \(--min-free\)\. \(on the server\)/);
    assert.doesNotMatch(said, new RegExp(server.root));
    assert.deepEqual(namesIn(server.path("uploads")), []);
    // What is there can still be had.
    writeFile(server.path("shared_files/p.txt"), "p");
    await done(ana, "get", "p.txt");
    assert.doesNotMatch(server.running.stderr, /It cannot be told/);
  },
);

Deno.test("limits: where nobody tells what is free, that is said once and uploads go on", async () => {
  await using place = new Place();
  const flags = ["read", "write", "net", "env"].map((name) => `--allow-${name}`);
  const main = fileURLToPath(new URL("../main.ts", import.meta.url));
  const command = [Deno.execPath(), "run", "-q", "--no-prompt", ...flags, main];
  const server = place.start([...command, "serve", "--port", "0", "--root", "server"]);
  const [, address = ""] = await server.waitFor(/Listening as (\S+)$[^]*^Waiting/m);
  const ana = place.client("ana", address);
  ana.write("a.txt", "a");
  await done(ana, "put", "a.txt");
  assert.match(
    server.stderr,
    /^\S+ \S+ {2}space {2}io: It cannot be told how much space is free.*\n$/,
  );
});

test("--limit bounds what moves in all, --limit-client what one moves", [
  "--limit=3MB/s",
  "--limit-client=2MB/s",
], async (server, ana, place) => {
  const ben = place.client("ben", server.address);
  ana.write("up.bin", random.bytes(6 * MiB));
  writeFile(server.path("shared_files/down.bin"), random.bytes(6 * MiB));
  const began = performance.now();
  const alone = done(ana, "share", "up.bin").then(() => performance.now() - began);
  await Promise.all([alone, done(ben, "get", "down.bin")]);
  const seconds = (performance.now() - began) / 1_000;
  // A tenth of a second's worth and two pieces may go ahead of their time.
  const least = (12 * MiB - 2 * MiB - 300_000) / 3_000_000;
  assert.ok(seconds >= least, `${seconds} s, at least ${least}`);
  assert.ok(await alone >= 1_000 * (5 * MiB - 200_000) / 2_000_000, `${await alone} ms`);
});

test(
  "a folder that --limit has no bandwidth for waits for it",
  ["--limit=64KB/s"],
  async (server, ana) => {
    writeFile(server.path("shared_files/album/a"), "a");
    ana.write("photos/b", "b");
    for (const args of [["put", "photos"], ["get", "album/"]]) {
      const others = await Promise.all(["ben", "cleo", "dora"].map(async (owner) => {
        const peer = await rawPeer(server.address);
        await peer.greet({ owner });
        await peer.say({ kind: "entry", id: 1, room: "private", name: owner, size: 2 * MiB });
        await peer.expect("ready");
        return peer;
      }));
      const moving = ana.start(...args);
      await moving.waitFor(/Too many share the server's bandwidth just now; trying again/);
      for (const peer of others) peer.abort();
      const { code, stderr } = await moving.finished;
      assert.equal(code, 0, stderr);
    }
    assert.equal(Deno.readTextFileSync(server.path("uploads/photos/b")), "b");
    assert.equal(Deno.readTextFileSync(ana.path("downloads/album/a")), "a");
  },
);

test(
  "a greeting that trickles is cut after --handshake-timeout",
  ["--handshake-timeout=1s"],
  async (server, ana) => {
    const peer = await rawPeer(server.address);
    await peer.preamble();
    const hello = rawFrame(FRAME_TYPES.hello, 0, JSON.stringify({ agent: "x".repeat(100) }));
    let at = 0;
    const timer = setInterval(() => peer.write(hello.slice(at, ++at)), 50);
    assert.equal(await peer.ending(), "timeout");
    clearInterval(timer);
    assert.ok(at < hello.length, "it had said all of it");
    peer.abort();
    await server.running.waitFor(/ timeout: No greeting came in time\.$/m);
    await done(ana, "list");
  },
);

test("the log of a flood of bad connections is short", [], async (server, ana) => {
  for (let round = 0; round < 20; round++) {
    await Promise.all(Array.from({ length: 20 }, async () => {
      using conn = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
      await conn.write(new TextEncoder().encode("GET /\x1b[31m HTTP/1.1\r\n\r\n"));
      await conn.closeWrite();
      const block = new Uint8Array(1024);
      while (await conn.read(block) !== null);
    }));
  }
  await done(ana, "list");
  // It says at its end how many more there were; a minute of the flood may just have ended.
  server.running.kill("SIGTERM");
  const { code, stderr } = await server.running.finished;
  assert.equal(code, 0);
  const lines = stderr.split("\n").filter((line) => line !== "");
  assert.ok(lines.length >= 21 && lines.length <= 42, `${lines.length} lines`);
  const more = lines.map((line) => Number(/(\d+) more conversations failed/.exec(line)?.[1] ?? 0));
  const told = lines.length - more.filter((count) => count > 0).length;
  assert.equal(more.reduce((sum, count) => sum + count, told), 400);
});

test("the log has every transfer that succeeded, and few that failed", [], async (server) => {
  writeFile(server.path("shared_files/a"), "");
  const peer = await rawPeer(server.address);
  await peer.greet({ owner: "ben" });
  const count = 250;
  for (let id = 1; id <= count; id++) {
    await peer.say({ kind: "request", id, room: "public", name: "a" });
    while ((await peer.hear())?.kind !== "commit");
    await peer.say({ kind: "done", id, name: "a", digest: EMPTY, outcome: "new" });
  }
  for (let id = count + 1; id <= 2 * count; id++) {
    await peer.say({ kind: "request", id, room: "public", name: "b" });
    await peer.expect("error");
  }
  await peer.end();
  await peer.ending();
  peer.abort();
  server.running.kill("SIGTERM");
  const { code, stdout } = await server.running.finished;
  assert.equal(code, 0);
  const lines = (pattern: RegExp) => stdout.split("\n").filter((line) => pattern.test(line)).length;
  assert.equal(lines(/ get .*'shared_files\/a'/), count);
  assert.equal(lines(/ get .*'shared_files\/b' .*failed: /), 200);
  assert.equal(lines(/ 50 more transfers failed in this minute$/), 1);
});
