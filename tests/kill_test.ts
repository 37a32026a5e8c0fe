import assert from "node:assert/strict";
import { assertBytes, exists, namesIn, until, writeFile } from "./files.ts";
import { Place } from "./process.ts";
import { CHUNK, ignore, Line, OVERHEAD, RATE, SIZE, test } from "./line.ts";
import { Random, seed } from "./random.ts";
import { Relay } from "./relay.ts";

const MiB = 1024 * 1024;
/** Bytes that may be lost by a kill: those that wait for the journal, and those on the wire. */
const BEHIND = 64 * MiB + 16 * MiB;
/** Rounds that count, for each direction and each side that is killed. */
const ROUNDS = 9;

const random = new Random(seed);

type Victims = readonly ("client" | "server")[];

/** One transfer that is interrupted once; tells whether it was in the midst of the file. */
async function round(line: Line, victims: Victims, bytes: Uint8Array) {
  const { relay, way } = line;
  relay.reset();
  const at = random.between(SIZE * 0.4, SIZE);
  const struck = Promise.withResolvers<void>();
  relay.onBytes = (from, passed) => {
    if (from !== way || passed < at) return;
    relay.onBytes = undefined;
    if (victims.includes("client")) running.kill();
    if (victims.includes("server")) line.server.running.kill();
    struck.resolve();
  };
  const running = line.start("--retries", victims.length === 1 ? "8" : "0");
  await Promise.race([struck.promise, running.finished]);
  // Whoever lives on has written its journal before it says that the other is gone.
  const alive = !victims.includes("client") &&
    await running.waitFor(/trying again/).then(() => true, () => false);
  if (!alive) await running.finished;
  if (victims.includes("server")) await line.server.running.finished;
  else await line.server.logged(/ failed: | ft1:\S+\n/);
  const held = line.heldBytes();
  const counts = held >= SIZE / 100 && held <= SIZE * 0.99;
  // A kill in the last moment may come too late: then the file is whole, never in part.
  const whole = line.visible().length > 0;
  if (counts) assert.deepEqual(line.visible(), []);
  if (whole) assertBytes(line.result, bytes);
  const first = relay.passed[way];
  if (victims.includes("server")) await line.restart();
  const again = alive ? running : line.start();
  const { code, stderr } = await again.finished;
  assert.equal(code, 0, stderr);
  await line.server.logged(/ ft1:\S+\n/);
  line.assertDone(bytes);
  const second = relay.passed[way] - first;
  assert.ok(second <= SIZE - held + OVERHEAD, `${second} bytes for ${SIZE - held} that lacked`);
  const percent = Math.floor(100 * held / SIZE);
  if (counts) assert.match(stderr, new RegExp(`resuming at ${percent} %`));
  assert.doesNotMatch(stderr, /changed/);
  Deno.removeSync(line.result);
  return { counts, resent: Math.max(0, first + second - SIZE - OVERHEAD), held };
}

for (const command of ["share", "get"] as const) {
  const who: Victims[] = [["client"], ["server"], ["client", "server"]];
  for (const victims of who) {
    const name = `ft ${command} goes on after kill -9 of ${victims.join(" and ")} (seed ${seed})`;
    Deno.test({ name, ignore }, async (t) => {
      await using place = new Place();
      const server = await place.serve();
      await using relay = new Relay({ port: server.port, rate: RATE });
      const line = new Line(place, relay, server, command);
      const bytes = random.bytes(SIZE);
      writeFile(line.source, bytes);
      await line.settled();
      const points: string[] = [];
      let resent = 0;
      let tried = 0;
      for (; points.length < ROUNDS; tried++) {
        assert.ok(tried < 4 * ROUNDS, "too few kills fell into the midst of a file");
        const result = await round(line, victims, bytes);
        resent += result.resent;
        if (result.counts) points.push(`${Math.floor(100 * result.held / SIZE)} %`);
      }
      const again = (resent / MiB).toFixed(1);
      // What a step is called is seen even when tests run side by side.
      await t.step(`${ROUNDS} rounds at ${points.join(" ")}; ${again} MiB sent again`, () => {
        assert.ok(resent <= tried * BEHIND, `${resent} bytes sent again in ${tried} rounds`);
      });
    });
  }
}

for (const command of ["share", "get"] as const) {
  const name = `ft ${command} sends at most ${
    BEHIND / MiB
  } MiB again after kill -9 of the receiver`;
  Deno.test({ name: `${name} (seed ${seed})`, ignore }, async (t) => {
    await using place = new Place();
    const server = await place.serve();
    await using relay = new Relay({ port: server.port });
    const line = new Line(place, relay, server, command);
    const size = 3 * BEHIND;
    writeFile(line.source, random.bytes(size));
    await line.settled();
    const running = line.start();
    const receiver = command === "share" ? server.running : running;
    relay.onBytes = (way, passed) => {
      if (way === line.way && passed > size * 0.9) receiver.kill();
    };
    await receiver.finished;
    relay.onBytes = undefined;
    if (command === "share") await line.restart();
    const { code, stderr } = await (command === "share" ? running : line.start()).finished;
    assert.equal(code, 0, stderr);
    line.assertDone(Deno.readFileSync(line.source));
    const again = relay.passed[line.way] - size;
    await t.step(`${(again / MiB).toFixed(1)} MiB sent again at full speed`, () => {
      assert.ok(again <= BEHIND);
    });
  });
}

/** Kills the client in the midst of the file; resolves with the chunks that are held. */
async function killHalfway(line: Line): Promise<Set<number>> {
  const { relay, way } = line;
  // Else all may have come before it is killed.
  relay.onBytes = (from, passed) => from === way && passed > SIZE / 2 && relay.stall(way);
  const running = line.start();
  await until("journal", () => line.held().size > 4);
  running.kill();
  await running.finished;
  relay.onBytes = undefined;
  relay.flow();
  if (line.command === "share") await line.server.logged(/ failed: /);
  const held = line.held();
  assert.ok(held.size > 4 && held.size < SIZE / CHUNK, `${held.size} chunks held`);
  return held;
}

/** Turns some bits of one chunk of a file over, and gives the file its times back. */
function damage(path: string, chunk: number): void {
  const { atime, mtime } = Deno.statSync(path);
  assert.ok(atime !== null && mtime !== null);
  {
    using file = Deno.openSync(path, { read: true, write: true });
    const byte = new Uint8Array(1);
    file.seekSync(chunk * CHUNK + 4321, Deno.SeekMode.Start);
    file.readSync(byte);
    byte[0] = ~(byte[0] ?? 0);
    file.seekSync(chunk * CHUNK + 4321, Deno.SeekMode.Start);
    file.writeSync(byte);
  }
  Deno.utimeSync(path, atime, mtime);
  assert.equal(Deno.statSync(path).mtime?.getTime(), mtime.getTime());
}

for (const command of ["share", "get"] as const) {
  test(
    `ft ${command} sends a held chunk again that changed in the source, times restored`,
    command,
    async (line) => {
      await line.settled();
      const held = random.pick([...await killHalfway(line)]);
      damage(line.source, held);
      await line.settled();
      line.relay.reset();
      const { code, stderr } = await line.start().finished;
      assert.equal(code, 0, stderr);
      line.assertDone(Deno.readFileSync(line.source));
      assert.match(stderr, /big\.bin changed since the last run: [\d.]+ MiB of [\d.]+ MiB held/);
    },
  );

  test(
    `ft ${command} never publishes a staged chunk that was damaged, times restored`,
    command,
    async (line, bytes) => {
      const held = random.pick([...await killHalfway(line)]);
      const [part = ""] = namesIn(line.staging).filter((name) => name.endsWith(".part"));
      damage(`${line.staging}/${part}`, held);
      const { code, stderr } = await line.start().finished;
      if (code !== 0) {
        assert.equal(code, 7, stderr);
        assert.deepEqual(line.visible(), []);
        const again = await line.start().finished;
        assert.equal(again.code, 0, again.stderr);
      }
      line.assertDone(bytes);
    },
  );
}

test("ft share killed before its receipt came gets the same receipt", "share", async (
  line,
  bytes,
) => {
  await line.settled();
  for (const victims of [["client"], ["server"], ["client", "server"]]) {
    line.relay.reset();
    // The receipt is what comes down after the last bytes went up.
    line.relay.onBytes = (way, passed) =>
      way === "up" && passed >= SIZE && line.relay.stall("down");
    const running = line.start();
    const [, digest = ""] = await line.server.logged(/ (ft1:\S+)\n/);
    if (victims.includes("client")) running.kill();
    if (victims.includes("server")) line.server.running.kill();
    line.relay.cut();
    line.relay.flow();
    line.relay.reset();
    if (victims.includes("server")) {
      await line.server.running.finished;
      await line.restart();
    }
    const { code, stderr } = await (victims.includes("client") ? line.start() : running).finished;
    assert.equal(code, 0, stderr);
    assert.match(stderr, /already there/);
    await line.server.logged(new RegExp(` same ${digest}\n`));
    assert.ok(line.relay.passed.up < OVERHEAD);
    line.assertDone(bytes);
    Deno.removeSync(line.result);
  }
});

test("ft get killed before it sent its receipt already has the file", "get", async (
  line,
  bytes,
) => {
  const running = line.start();
  line.relay.onBytes = (way, passed) => way === "down" && passed >= SIZE && line.relay.stall("up");
  await until("file", () => exists(line.result));
  running.kill();
  await running.finished;
  line.relay.flow();
  line.relay.reset();
  const { code, stderr } = await line.start().finished;
  assert.equal(code, 0, stderr);
  assert.match(stderr, /already there/);
  assert.ok(line.relay.passed.down < OVERHEAD);
  line.assertDone(bytes);
});

for (const command of ["put", "get"] as const) {
  Deno.test({
    name: `ft ${command} killed at its end leaves one whole file or none (seed ${seed})`,
    ignore,
  }, async () => {
    await using place = new Place();
    const server = await place.serve();
    await using relay = new Relay({ port: server.port });
    const ana = place.client("ana", relay.address);
    const bytes = random.bytes(2 * MiB);
    const source = command === "put" ? ana.path("a.bin") : server.path("shared_files/a.bin");
    const folder = command === "put" ? server.path("uploads") : ana.path("downloads");
    writeFile(source, bytes);
    for (let at = 0; at < 25; at++) {
      const running = ana.start(command, "a.bin");
      relay.reset();
      // Somewhere in the last words of either side.
      const after = bytes.length + random.between(-2000, 400);
      const turns = random.between(0, 12);
      relay.onBytes = (way, passed) => {
        if (way === (command === "put" ? "down" : "up") || passed < after) return;
        relay.onBytes = undefined;
        later(turns, () => running.kill());
      };
      await running.finished;
      // A journal may outlive its file by this; it is swept up in time.
      const visible = () => namesIn(folder).filter((name) => name !== ".ft");
      const shown = visible();
      assert.ok(shown.length < 2);
      for (const name of shown) assertBytes(`${folder}/${name}`, bytes);
      const { code, stderr } = await ana.ft(command, "a.bin");
      assert.equal(code, 0, stderr);
      assert.deepEqual(visible(), ["a.bin"]);
      assertBytes(`${folder}/a.bin`, bytes);
      Deno.removeSync(`${folder}/a.bin`);
    }
  });
}

/** Runs something after so many turns of the event loop. */
function later(turns: number, work: () => void): void {
  if (turns === 0) work();
  else setTimeout(() => later(turns - 1, work), 0);
}

test("ft share connects again when the server comes back within the command", "share", async (
  line,
  bytes,
) => {
  const running = line.start();
  for (const chunks of [4, 24]) {
    await until("journal", () => line.held().size > chunks);
    line.server.running.kill();
    await line.server.running.finished;
    await line.restart();
  }
  const { code, stderr } = await running.finished;
  assert.equal(code, 0, stderr);
  assert.match(stderr, /connection lost; trying again in [\d.]+ s \(1 of 5\)/);
  line.assertDone(bytes);
});

for (const command of ["share", "get"] as const) {
  test(`ft ${command} goes on when its connection hangs on the server's side`, command, async (
    line,
    bytes,
  ) => {
    const running = line.start();
    await until("journal", () => line.held().size > 4);
    line.relay.hang();
    const { code, stderr } = await running.finished;
    assert.equal(code, 0, stderr);
    assert.match(stderr, /trying again[^]*resuming at/);
    line.assertDone(bytes);
  });
}

test("ft share takes over from a killed run of its own that hangs on the server", "share", async (
  line,
  bytes,
) => {
  await line.settled();
  const running = line.start();
  await until("journal", () => line.held().size > 4);
  line.relay.hang();
  running.kill();
  await running.finished;
  const { code, stderr } = await line.start().finished;
  assert.equal(code, 0, stderr);
  assert.match(stderr, /resuming at/);
  line.assertDone(bytes);
});
