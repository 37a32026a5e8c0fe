/** How long a command may take, and how fast it may move bytes: `--timeout` and `--limit`. */
import assert from "node:assert/strict";
import { until } from "./files.ts";
import { wholeLines } from "./json_lines.ts";
import { done, ftCommand, Place, test, writeFile } from "./process.ts";
import { Pty } from "./pty.ts";
import { Random, seed } from "./random.ts";
import { Relay } from "./relay.ts";

const MiB = 1024 * 1024;
const random = new Random(seed);

Deno.test("--timeout ends a command whose server says nothing, as a failure of the table", async () => {
  await using place = new Place();
  using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const ana = place.client("ana", `127.0.0.1:${silent.addr.port}`);
  for (const args of [["list"], ["get", "a"], ["fetch", "--yes"]]) {
    const { code, stdout, stderr } = await ana.ft(...args, "--timeout=1s", "--json");
    assert.equal(code, 3, stderr);
    const [error] = wholeLines(stdout, 3).filter(({ kind }) => kind === "error");
    assert.deepEqual([error?.["code"], error?.["retry"]], ["timeout", true]);
    assert.match(stderr, /^Error: Not done within 1 s \(--timeout\)\.$/m);
    const { seconds } = wholeLines(stdout, 3).at(-1) ?? { seconds: 0 };
    assert.ok(seconds >= 0.9 && seconds < 10, `${seconds}`);
  }
});

test(`--timeout keeps what has arrived (seed ${seed})`, async (place, server) => {
  await using relay = new Relay({ port: server.port, rate: 8 * MiB });
  const ana = place.client("ana", relay.address);
  ana.write("big.bin", random.bytes(24 * MiB));
  await until("source left alone", () => {
    return Date.now() - (Deno.statSync(ana.path("big.bin")).ctime?.getTime() ?? 0) > 2_100;
  });
  const short = await ana.ft("share", "big.bin", "--timeout", "2s");
  assert.equal(short.code, 3, short.stderr);
  assert.match(short.stderr, /Not done within 2 s .*\n {2}Run the same again: it goes on/);
  const again = await done(ana, "share", "big.bin");
  assert.match(again.stderr, /resuming at \d+ %/);
});

Deno.test({
  name: "--timeout ends a question, too",
  ignore: Deno.build.os !== "linux",
}, async () => {
  await using place = new Place();
  const server = await place.serve();
  const ana = place.client("ana", server.address);
  ana.write("a.txt", "a");
  await done(ana, "share", "a.txt");
  await using choice = new Pty(ftCommand("fetch", "--timeout", "2s"), {
    cwd: ana.folder,
    env: ana.env,
  });
  await choice.waitFor("Enter the number");
  await choice.waitFor("Not done within 2 s");
  assert.equal(await choice.exit, 3);
  await using join = new Pty(ftCommand("join", "-", "--timeout", "1s"), { env: ana.env });
  await join.waitFor("Paste the invite:");
  await join.waitFor("Not done within 1 s");
  assert.equal(await join.exit, 3);
});

test(`--limit holds for what a client sends and takes (seed ${seed})`, async (
  _,
  server,
  ana,
) => {
  const bytes = random.bytes(4 * MiB);
  ana.write("big.bin", bytes);
  writeFile(server.path("shared_files/taken.bin"), random.bytes(4 * MiB));
  // Packed with one another, small files are bytes as well.
  for (let at = 0; at < 64; at++) ana.write(`many/${at}`, random.bytes(64 * 1024));
  const moved = [["share", "big.bin"], ["get", "taken.bin"], ["share", "many"], ["fetch", "many"]];
  for (const args of moved) {
    const end = await done(ana, ...args, "--limit", "2MB/s", "--json");
    // The first piece goes at once, and what comes last is not waited for.
    const { seconds } = wholeLines(end.stdout, 0).at(-1) ?? { seconds: 0 };
    assert.ok(seconds > 1.4, `${args[0]} took ${seconds} s`);
  }
  assert.match((await ana.ft("put", "big.bin", "--limit", "1KB/s")).stderr, /at least 64KB\/s/);
});

test(`what shrinks travels compressed on a slow connection, by itself (seed ${seed})`, async (
  place,
  server,
) => {
  await using relay = new Relay({ port: server.port, rate: 8 * MiB });
  const ana = place.client("ana", relay.address);
  // The system's buffers may take 32 MiB before anybody sees that the relay is slow; and it has to
  // be slower than the compressor, also on a machine that is busy.
  const [small, large] = [MiB, 48 * MiB];
  const part = random.text(small);
  const whole = new Uint8Array(large);
  for (let at = 0; at < large; at += small) whole.set(part, at);
  ana.write("small.txt", part);
  ana.write("large.txt", whole);
  const travelled = async (way: "up" | "down", ...args: string[]) => {
    relay.reset();
    await done(ana, ...args);
    return relay.passed[way];
  };
  assert.ok(await travelled("up", "share", "large.txt") < large * 0.9);
  assert.ok(await travelled("down", "fetch", "large.txt") < large * 0.9);
  assert.deepEqual(Deno.readFileSync(ana.path("downloads/large.txt")), whole);
  assert.ok(await travelled("up", "put", "small.txt", "--compress", "off") >= small);
  const on = ["--name", "again.txt", "--compress", "on"];
  assert.ok(await travelled("up", "put", "small.txt", ...on) < small / 2);
});
