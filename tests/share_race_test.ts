/**
 * Many clients race for a share that can be downloaded three times, and whatever is cut or killed
 * meanwhile, three of them have it in the end.
 *
 * @module
 */
import assert from "node:assert/strict";
import { toFailure } from "../src/error.ts";
import { fetch } from "../src/verbs/download.ts";
import { MemorySource, World } from "./conversation/world.ts";
import { exists, namesIn, Place, type Running } from "./process.ts";
import { Random, seed } from "./random.ts";
import { Relay } from "./relay.ts";

const CLIENTS = 50;
const DOWNLOADS = 3;
/** Connections of one client that are cut before one is left alone. */
const CUTS = 3;
/** Clients that are programs of their own. */
const PROCESSES = 6;
const MiB = 1024 * 1024;
const TIMES = { lapse: 30_000, held: 120_000, still: 5_000, counted: 86_400_000 };

/** Lets all that can go on do so. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((done) => setTimeout(done, 0));
}

/** One client that wants the share: it comes back until it has it, or it is there no more. */
class Racer {
  readonly #world: World;
  readonly #random: Random;
  readonly #name: string;
  readonly #size: number;
  readonly #onGone: () => void;
  #cuts = CUTS;

  constructor(
    world: World,
    random: Random,
    { name, size, onGone }: {
      readonly name: string;
      readonly size: number;
      /** Hears that it is away for longer than a claim lasts. */
      readonly onGone: () => void;
    },
  ) {
    this.#world = world;
    this.#random = random;
    this.#name = name;
    this.#size = size;
    this.#onGone = onGone;
  }

  /** Resolves with how it ended: `ok`, or the code of the last failure. */
  async race(): Promise<string> {
    for (let run = 1;; run++) {
      const code = await this.#attempt(`run ${run}`);
      if (code === "ok" || code === "not_found") return code;
      assert.ok(["busy", "lost", "superseded"].includes(code), code);
      if (code !== "busy" && this.#random.between(0, 4) === 0) this.#onGone();
      await turns(this.#random.between(1, 8));
    }
  }

  /** One connection, which may be cut at any of its bytes. */
  async #attempt(run: string): Promise<string> {
    const random = this.#random;
    const isCut = this.#cuts > 0 && random.between(0, 4) > 0;
    const way = random.pick(["up", "down", "down"] as const);
    // In its last words more often than anywhere else.
    const at = way === "up"
      ? random.between(1, 900)
      : random.pick([random.between(1, this.#size), this.#size + random.between(-200, 900)]);
    const talk = this.#world.talk({
      owner: this.#name,
      run,
      seed: random.between(0, 1000),
      onCarried: (direction, bytes) => {
        if (!isCut || direction !== way || bytes < at) return;
        this.#cuts--;
        talk.link.cut();
      },
    });
    try {
      await talk.client.download({
        room: "shared",
        name: "prize",
        store: this.#world.downloads,
        target: this.#name,
        conflict: "overwrite",
        origin: `server of ${this.#name}`,
      });
      return "ok";
    } catch (thrown) {
      return toFailure(thrown).code;
    } finally {
      // Closed in good order where it is still there.
      await talk.client.close();
    }
  }
}

for (const [what, size] of [["one chunk", 5_000], ["chunks", 3 * MiB + 5]] as const) {
  for (const round of [1, 2, 3]) {
    const from = seed + size + round;
    Deno.test(`share: ${CLIENTS} clients race for ${what}, are cut off, and ${DOWNLOADS} have it (seed ${seed}, round ${round})`, async () => {
      const random = new Random(from);
      let now = Date.now();
      await using world = new World(undefined, { times: TIMES, now: () => now });
      const bytes = random.bytes(size);
      const { client } = world.talk({ owner: "sharer" });
      await client.upload({
        room: "shared",
        name: "prize",
        source: new MemorySource(bytes),
        conflict: "rename",
        terms: { downloads: DOWNLOADS },
      });
      const racers = Array.from({ length: CLIENTS }, (_, at) =>
        new Racer(world, random, {
          name: `racer ${at}`,
          size,
          onGone: () => now += TIMES.lapse + 1,
        }));
      const ends = await Promise.all(racers.map((racer) => racer.race()));
      const winners = ends.flatMap((end, at) => end === "ok" ? [`racer ${at}`] : []);
      assert.equal(winners.length, DOWNLOADS, JSON.stringify(Object.groupBy(ends, (end) => end)));
      assert.deepEqual(world.names("downloads"), winners.toSorted());
      for (const name of winners) assert.deepEqual(world.read("downloads", name), bytes);
      // Nobody finds it, and nothing of it is left once it is clear that no cut-off winner comes back.
      assert.deepEqual((await Array.fromAsync(world.store.pages("shared"))).flat(), []);
      now += TIMES.counted + 1;
      world.store.shared?.sweep();
      assert.deepEqual(world.names("shared"), []);
      assert.deepEqual(world.records.shares.all().size, 0);
    });
  }
}

Deno.test(`share: processes and clients race through kills of all of them, and ${DOWNLOADS} have it (seed ${seed})`, async () => {
  const random = new Random(seed);
  await using place = new Place();
  let server = await place.serve({ args: ["--plain"] });
  const { port } = server;
  const bytes = random.bytes(4 * MiB + 5);
  const ana = place.client("ana", server.address);
  ana.write("prize", bytes);
  const shared = await ana.ft("share", "prize", "--plain", "--downloads", String(DOWNLOADS));
  assert.equal(shared.code, 0, shared.stderr);

  const killed = Promise.withResolvers<void>();
  /** A client in this process that tries for as long as it takes. */
  const inProcess = async (at: number): Promise<string> => {
    const options = {
      server: `127.0.0.1:${port}`,
      plain: true,
      state: `${place.path}/state ${at}`,
      retries: 100,
      output: `${place.path}/got ${at}`,
    };
    for (;;) {
      try {
        const [result] = await fetch(["prize"], options);
        assert.ok(result !== undefined);
        return "error" in result ? result.error.code : "ok";
      } catch (thrown) {
        // The server was killed before it was ever reached.
        assert.equal(toFailure(thrown).exit, 3);
        await turns(10);
      }
    }
  };

  /** A program that is killed at a random byte, most often near the end, and started again. */
  const asProcess = async (at: number): Promise<string> => {
    await using relay = new Relay({ port, rate: 30 * MiB });
    const user = place.client(`user ${at}`, relay.address);
    for (let kills = 0;; kills++) {
      const running: Running = user.start("fetch", "prize", "--plain", "--retries", "100");
      relay.reset();
      const way = random.pick(["up", "down"] as const);
      const after = way === "up" ? random.between(200, 700) : random.pick([
        random.between(1, bytes.length),
        bytes.length + random.between(-MiB, 500),
      ]);
      relay.onBytes = (direction, passed) => {
        if (kills >= CUTS || direction !== way || passed < after) return;
        running.kill();
        killed.resolve();
      };
      const { code, stderr } = await running.finished;
      if (code === 0) return "ok";
      if (code === 5) return "not_found";
      assert.ok(code === 137 || code === 3, stderr);
    }
  };

  // Programs take long to start: the others wait until one of them has gone some way.
  const processes = Array.from({ length: PROCESSES }, (_, at) => asProcess(at));
  await Promise.race([killed.promise, ...processes]);
  const racing = Promise.all([
    ...Array.from({ length: CLIENTS - PROCESSES }, (_, at) => inProcess(at)),
    ...processes,
  ]);
  // What goes wrong in it is told when it is waited for.
  racing.catch(() => {});
  // The server, too, in the middle of it.
  await server.logged(/fetch/);
  server.running.kill();
  await server.running.finished;
  server = await place.serve({ port, args: ["--plain"] });
  const ends = await racing;
  // One that was killed after its last word has it, and finds nothing when it asks again; or fetches
  // it again, and has two.
  const got = ends.flatMap((end, at) => {
    const user = at - (CLIENTS - PROCESSES);
    if (user < 0) return end === "ok" ? [`${place.path}/got ${at}`] : [];
    const folder = `${place.path}/user ${user}/downloads`;
    return exists(folder)
      ? namesIn(folder).filter((name) => name !== ".ft").map((name) => `${folder}/${name}`)
      : [];
  });
  assert.equal(got.length, DOWNLOADS, `${got} ${JSON.stringify(ends)}`);
  for (const path of got) assert.deepEqual(Deno.readFileSync(path), bytes);
});
