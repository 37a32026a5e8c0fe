import assert from "node:assert/strict";
import { assertBytes, exists, journaled, namesIn, until } from "./files.ts";
import { done, ftCommand, test } from "./process.ts";
import { Random, seed } from "./random.ts";

const MiB = 1024 * 1024;
const random = new Random(seed);

test("ft serve logs one line a transfer, names escaped", async (_, server, ana) => {
  const name = "a\u200bb.txt";
  ana.write(name, "12345");
  await done(ana, "put", name);
  await done(ana, "share", name);
  await done(ana, "fetch", name);
  await done(ana, "list");
  await ana.ft("get", "no\u200bne");
  await done(ana, "put", name);
  await server.logged(/ {2}same ft1:.*\n/);
  const who = String.raw`127\.0\.0\.1:\d+ \([0-9a-f]{8}\)`;
  const line = (rest: string) =>
    new RegExp(`^\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d  ${rest.replace("WHO", who)}$`);
  const moved = String.raw`5 B in \d+\.\d s, [\d.]+ .?i?B/s  ft1:5:[0-9a-f]{64}`;
  const expected = [
    String.raw`put  WHO  'uploads/a\\u\{200b\}b\.txt'  ${moved}`,
    String.raw`share  WHO  'shared_uploads/a\\u\{200b\}b\.txt'  ${moved}`,
    String.raw`fetch  WHO  'shared_uploads/a\\u\{200b\}b\.txt'  ${moved}`,
    String.raw`get  WHO  'shared_files/no\\u\{200b\}ne'  0 B in .* s  failed: File .* not found.*`,
    String.raw`put  WHO  'uploads/a\\u\{200b\}b\.txt'  .*  same ft1:5:[0-9a-f]{64}`,
  ];
  assert.equal(server.log.length, expected.length, server.log.join("\n"));
  for (const [at, text] of expected.entries()) assert.match(server.log[at] ?? "", line(text));
});

test("ft serve says what it has made and where it listens, as the seed does", async (
  place,
  server,
) => {
  const [fingerprint] = /^Key fingerprint: SHA256:[\w-]{43}$/m.exec(server.running.stdout) ?? [];
  const rest = `[*] Listening as 127.0.0.1:${server.port}\nPrivate uploads to: uploads\n` +
    "Public files for download from server: shared_files\n" +
    `Files uploaded for sharing: shared_uploads\n${fingerprint}\n\nWaiting for a client connection...\n`;
  const made = "Created directory: 'uploads'\nCreated directory: 'shared_files'\n" +
    "Created directory: 'shared_uploads'\n";
  assert.equal(server.running.stdout, made + rest);
  assert.equal(server.running.stderr, "");
  server.running.kill("SIGTERM");
  assert.equal((await server.running.finished).code, 0);
  const again = await place.serve({ port: server.port });
  assert.equal(again.running.stdout, rest);
});

test("ft serve at a port in use says so and makes nothing", async (place, server) => {
  const command = ftCommand("serve", "--port", String(server.port), "--root", "new");
  const { code, stdout, stderr } = await place.start(command, {
    env: { FT_STATE: `${place.path}/fresh state` },
  }).finished;
  assert.equal(code, 9);
  assert.equal(stdout, "");
  assert.match(stderr, /^Error: Address already in use\n {2}Another program listens at .*--port/);
  assert.ok(!exists(`${place.path}/new`));
  assert.ok(!exists(`${place.path}/fresh state`));
});

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  test(`ft serve ends with 0 on ${signal}, whoever is connected`, async (_, server, ana) => {
    ana.write("a.txt", "a");
    await done(ana, "put", "a.txt");
    using _idle = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
    server.running.kill(signal);
    const { code, stdout } = await server.running.finished;
    assert.equal(code, 0);
    assert.match(stdout, /Stopping/);
    assert.equal((await ana.ft("list")).code, 3);
  }, Deno.build.os === "windows");
}

test("ft serve --host takes IPv6, and clients find it as [::1]:PORT", async (place) => {
  const server = await place.serve({ root: "six", args: ["--host", "::1"] });
  assert.match(server.address, /^\[::1\]:\d+$/);
  const ana = place.client("bob", server.address);
  ana.write("a.txt", "six");
  await done(ana, "share", "a.txt");
  await done(ana, "fetch", "a.txt", "--server", server.address);
  assert.equal(Deno.readTextFileSync(ana.path("downloads/a.txt")), "six");
  await server.logged(/share {2}\[::1\]:\d+ /);
}, !hasIPv6());

function hasIPv6(): boolean {
  try {
    Deno.listen({ hostname: "::1", port: 0 }).close();
    return true;
  } catch {
    return false;
  }
}

test(`ft serve keeps what is partial when it is stopped (seed ${seed})`, async (
  place,
  server,
  ana,
) => {
  const bytes = random.bytes(64 * MiB);
  ana.write("big.bin", bytes);
  const running = ana.start("share", "big.bin");
  const staging = server.path(".ft/staging");
  await until("journal", () => journaled(staging).size > 0);
  // A client that does not go on is waited for, but not for ever.
  running.kill("SIGSTOP");
  server.running.kill("SIGTERM");
  await server.logged(/Stopping/);
  assert.equal((await server.running.finished).code, 0);
  assert.deepEqual(namesIn(server.path("shared_uploads")), []);
  await place.serve({ port: server.port });
  running.kill("SIGCONT");
  const end = await running.finished;
  assert.equal(end.code, 0, end.stderr);
  assert.match(end.stderr, /trying again in/);
  assertBytes(server.path("shared_uploads/big.bin"), bytes);
}, Deno.build.os === "windows");
