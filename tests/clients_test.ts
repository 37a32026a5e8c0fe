import assert from "node:assert/strict";
import { assertBytes, namesIn, until, writeFile } from "./files.ts";
import { type Client, Place } from "./process.ts";
import { Random, seed } from "./random.ts";
import { Relay } from "./relay.ts";

const MiB = 1024 * 1024;
const CLIENTS = 20;
const random = new Random(seed);

/** Runs a command of every client at once; all must succeed. */
async function together(
  clients: readonly Client[],
  args: (at: number) => string[],
): Promise<void> {
  const ends = await Promise.all(clients.map((client, at) => client.ft(...args(at))));
  for (const [at, { code, stderr }] of ends.entries()) assert.equal(code, 0, `${at}: ${stderr}`);
}

Deno.test(`${CLIENTS} clients at once lose and mix nothing (seed ${seed})`, async () => {
  await using place = new Place();
  const server = await place.serve();
  const sizes = [0, 1, 1000, MiB - 1, MiB, MiB + 1, 5 * MiB + 3];
  const clients = Array.from(
    { length: CLIENTS },
    (_, at) => place.client(`client ${at}`, server.address),
  );
  const own = clients.map((_, at) => random.bytes(sizes[at % sizes.length] ?? 0));
  const offered = clients.map((_, at) => random.bytes(at * 100_000));
  const same = clients.map((_, at) => random.bytes(2000 + at));
  for (const [at, client] of clients.entries()) {
    client.write(`${at}.bin`, own[at] ?? "");
    client.write("same name.bin", same[at] ?? "");
    writeFile(server.path(`shared_files/offered ${at}.bin`), offered[at] ?? "");
  }
  await together(clients, (at) => ["put", `${at}.bin`, "same name.bin"]);
  await together(clients, (at) => ["share", `${at}.bin`, "same name.bin"]);
  await together(
    clients,
    (at) => ["get", `offered ${at}.bin`, `offered ${(at + 7) % CLIENTS}.bin`],
  );
  await together(
    clients,
    (at) => ["fetch", `${(at + 1) % CLIENTS}.bin`, `${(at + 5) % CLIENTS}.bin`],
  );
  for (const [at, client] of clients.entries()) {
    for (const room of ["uploads", "shared_uploads"]) {
      assertBytes(server.path(`${room}/${at}.bin`), own[at] ?? new Uint8Array());
    }
    for (const from of [at, (at + 7) % CLIENTS]) {
      const path = client.path(`downloads/offered ${from}.bin`);
      assertBytes(path, offered[from] ?? new Uint8Array());
    }
    for (const from of [(at + 1) % CLIENTS, (at + 5) % CLIENTS]) {
      assertBytes(client.path(`downloads/${from}.bin`), own[from] ?? new Uint8Array());
    }
  }
  // Each file of the one name is there once, under a name of its own.
  for (const room of ["uploads", "shared_uploads"]) {
    const names = namesIn(server.path(room)).filter((name) => name.startsWith("same name"));
    const found = names.map((name) => Deno.readFileSync(server.path(`${room}/${name}`)).toHex());
    assert.deepEqual(found.sort(), same.map((bytes) => bytes.toHex()).sort());
  }
  assert.deepEqual(namesIn(server.path(".ft/staging")), []);
});

Deno.test(`many clients at once fetch one file (seed ${seed})`, async () => {
  await using place = new Place();
  const server = await place.serve();
  const bytes = random.bytes(16 * MiB + 1);
  writeFile(server.path("shared_files/big.bin"), bytes);
  const clients = Array.from({ length: 6 }, (_, at) => place.client(`c${at}`, server.address));
  await together(clients, () => ["get", "big.bin"]);
  for (const client of clients) assertBytes(client.path("downloads/big.bin"), bytes);
  // Into one folder, too: one of them brings it, the others find it or bring a twin of it.
  const [one] = clients;
  assert.ok(one);
  const ends = await Promise.all([1, 2, 3].map(() => one.ft("get", "big.bin", "-o", "same/")));
  for (const { code, stderr } of ends) assert.equal(code, 0, stderr);
  for (const name of namesIn(one.path("same"))) assertBytes(one.path(`same/${name}`), bytes);
});

Deno.test(`a stuck client holds up no other (seed ${seed})`, async () => {
  await using place = new Place();
  const server = await place.serve();
  await using relay = new Relay({ port: server.port });
  const big = random.bytes(64 * MiB);
  writeFile(server.path("shared_files/big.bin"), big);
  // One says nothing, one stops within the first bytes.
  using _silent = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  using half = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  await half.write(new Uint8Array([0x46, 0x54]));
  // One sends half a frame and no more, one reads no more of what it asked for.
  const sender = place.client("sender", relay.address);
  const reader = place.client("reader", relay.address);
  sender.write("big.bin", big);
  relay.onBytes = (way, passed) => passed > 1.5 * MiB && relay.stall(way);
  const stuck = [sender.start("put", "big.bin")];
  await until("half a frame", () => relay.passed.up > 1.5 * MiB);
  relay.reset();
  relay.onBytes = (way, passed) => passed > 1.5 * MiB && relay.stall(way);
  stuck.push(reader.start("get", "big.bin"));
  await until("data", () => relay.passed.down > 1.5 * MiB);
  // A whole program is stopped: its socket fills up.
  const stopped = place.client("stopped", server.address);
  stuck.push(stopped.start("get", "big.bin"));
  await until("staging", () => namesIn(stopped.path("downloads/.ft")).length > 0);
  stuck[2]?.kill("SIGSTOP");

  const began = performance.now();
  const others = [1, 2, 3].map((at) => place.client(`other ${at}`, server.address));
  for (const client of others) client.write(`${client.folder.slice(-1)}.bin`, big);
  await together(others, (at) => ["put", `${at + 1}.bin`]);
  await together(others, () => ["get", "big.bin"]);
  await together(others, () => ["list"]);
  const seconds = (performance.now() - began) / 1000;
  for (const client of others) assertBytes(client.path("downloads/big.bin"), big);
  assert.ok(seconds < 30, `others took ${seconds} s`);
  for (const { stderr } of stuck) assert.doesNotMatch(stderr, /100 %|failed/);
  assert.deepEqual(namesIn(server.path("uploads")), ["1.bin", "2.bin", "3.bin"]);
});
