import assert from "node:assert/strict";
import { type Lane, LEAST_RATE, Pace, type PaceOptions } from "./pace.ts";
import { FRAME_SECONDS } from "../protocol/limits.ts";
import { HandClock } from "../../tests/hand_clock.ts";
import { Random, seed } from "../../tests/random.ts";

const KiB = 1024;
const MB = 1_000_000;

/** One connection that moves pieces as fast as it is let. */
class Mover {
  moved = 0;
  #on = true;
  readonly lane: Lane;

  constructor(pace: Pace, client: string, piece: number) {
    this.lane = pace.lane(client);
    this.#run(piece);
  }

  async #run(piece: number): Promise<void> {
    while (this.#on) {
      await this.lane.take(piece);
      if (this.#on) this.moved += piece;
    }
  }

  stop(): void {
    this.#on = false;
    this.lane.close();
  }
}

function paced(options: Omit<PaceOptions, "clock">): { pace: Pace; clock: HandClock } {
  const clock = new HandClock();
  return { pace: new Pace({ ...options, clock }), clock };
}

/** Fails unless a number is as expected but for so much. */
function near(actual: number, expected: number, off: number): void {
  assert.ok(Math.abs(actual - expected) <= off, `${actual} is not ${expected} within ${off}`);
}

Deno.test("Pace moves a second's bytes in a second, whatever the size of the pieces", async () => {
  for (const piece of [1, 64 * KiB, 1024 * KiB]) {
    const { pace, clock } = paced({ total: piece === 1 ? 1_000 : 10 * MB });
    const mover = new Mover(pace, "ana", piece);
    await clock.run(piece === 1 ? 1_000 : 10_000);
    const expected = piece === 1 ? 1_000 : 100 * MB;
    // A tenth of a second may be caught up with at the start, and one piece goes first.
    near(mover.moved, expected, expected / 9 + piece);
    mover.stop();
    assert.equal(clock.pending, 0);
  }
});

Deno.test("Pace does not let a pause be caught up with", async () => {
  const { pace, clock } = paced({ total: MB });
  const lane = pace.lane("ana");
  await clock.run(60_000);
  let moved = 0;
  for (let at = 0; at < 100; at++) {
    if (lane.take(100_000) !== undefined) break;
    moved += 100_000;
  }
  assert.ok(moved <= 200_000, `${moved}`);
  lane.close();
});

Deno.test("Pace shares evenly between clients, however many connections and whatever pieces", async () => {
  const { pace, clock } = paced({ total: 10 * MB });
  const ana = Array.from({ length: 8 }, () => new Mover(pace, "ana", 1024 * KiB));
  const ben = [new Mover(pace, "ben", 64 * KiB)];
  const cleo = [new Mover(pace, "cleo", 700 * KiB), new Mover(pace, "cleo", 1024 * KiB)];
  await clock.run(60_000);
  const sums = [ana, ben, cleo].map((all) => all.reduce((sum, { moved }) => sum + moved, 0));
  for (const sum of sums) near(sum, 200 * MB, 5 * MB);
  for (const { moved } of ana) near(moved, 25 * MB, 3 * MB);
  // What those who go leave over, the others take.
  for (const mover of [...ana, ...cleo]) mover.stop();
  const before = ben[0]?.moved ?? 0;
  await clock.run(10_000);
  near((ben[0]?.moved ?? 0) - before, 100 * MB, 3 * MB);
  ben[0]?.stop();
});

Deno.test("Pace gives a newcomer its share from then on, not what it missed", async () => {
  const { pace, clock } = paced({ total: 10 * MB });
  const ana = new Mover(pace, "ana", 256 * KiB);
  await clock.run(60_000);
  const before = ana.moved;
  const ben = new Mover(pace, "ben", 256 * KiB);
  await clock.run(10_000);
  near(ben.moved, 50 * MB, MB);
  near(ana.moved - before, 50 * MB, MB);
  ana.stop();
  ben.stop();
});

Deno.test("Pace holds each client to its own rate over all its connections, and who comes back", async () => {
  const { pace, clock } = paced({ total: 100 * MB, perClient: 2 * MB });
  const ana = Array.from({ length: 4 }, () => new Mover(pace, "ana", 1024 * KiB));
  const ben = new Mover(pace, "ben", 1024 * KiB);
  await clock.run(20_000);
  near(ana.reduce((sum, { moved }) => sum + moved, 0), 40 * MB, 3 * MB);
  near(ben.moved, 40 * MB, 3 * MB);
  for (const mover of [...ana, ben]) mover.stop();
  // A client that connects anew for each piece moves no more.
  let moved = 0;
  for (let at = 0; at < 200; at++) {
    const lane = pace.lane("ana");
    if (lane.take(1024 * KiB) === undefined) moved += 1024 * KiB;
    lane.close();
    await clock.run(100);
  }
  assert.ok(moved <= 42 * MB, `${moved}`);
  assert.equal(clock.pending, 0);
});

Deno.test("a Lane that is closed while it waits goes on at once and takes nothing from others", async () => {
  const { pace, clock } = paced({ total: MB });
  const ana = pace.lane("ana");
  const ben = pace.lane("ben");
  assert.equal(ana.take(10 * MB), undefined);
  const waits = ana.take(50 * MB);
  assert.ok(waits !== undefined);
  const next = ben.take(MB);
  assert.ok(next !== undefined);
  ana.close();
  await waits;
  assert.equal(ana.take(MB), undefined);
  await clock.run(10_000);
  await next;
  ben.close();
  assert.equal(clock.pending, 0);
});

Deno.test("Pace admits only connections whose pieces are taken within their deadline", async () => {
  assert.ok(1024 * KiB / LEAST_RATE <= 60);
  const total = 64_000;
  const { pace, clock } = paced({ total });
  const names = ["ana", "ben", "cleo", "dora"];
  const lanes = names.map((name) => pace.lane(name));
  assert.deepEqual(lanes.map((lane) => lane.enter()), [true, true, true, false]);
  // Further transfers of a connection share what it has.
  assert.equal(lanes[0]?.enter(), true);
  const moving = lanes.slice(0, 3).map(async (lane) => {
    let worst = 0;
    for (let at = 0; at < 5; at++) {
      const since = clock.now();
      await lane.take(1024 * KiB);
      worst = Math.max(worst, clock.now() - since);
    }
    return worst;
  });
  await clock.run(600_000);
  const worst = await Promise.all(moving);
  for (const waited of worst) assert.ok(waited <= 60_000, `waited ${waited} ms`);
  lanes[1]?.leave();
  assert.equal(lanes[3]?.enter(), true);
  for (const lane of lanes) lane.close();
});

Deno.test("Pace admits a client's further connections only as far as there is room for others", () => {
  const { pace } = paced({ total: 10 * LEAST_RATE });
  const ana = Array.from({ length: 10 }, () => pace.lane("ana"));
  const entered = ana.filter((lane) => lane.enter());
  assert.equal(entered.length, 5);
  // For as many again there is, and for no more of hers beside them.
  assert.equal(pace.lane("ben").enter(), true);
  assert.equal(pace.lane("cleo").enter(), false);
  for (const lane of entered.splice(0, 4)) lane.leave();
  // With one connection each, ten can be served.
  for (let at = 0; at < 8; at++) assert.equal(pace.lane(`client ${at}`).enter(), true, `${at}`);
  assert.equal(pace.lane("one more").enter(), false);
  const own = paced({ perClient: 3 * LEAST_RATE }).pace;
  const taken = Array.from({ length: 5 }, () => own.lane("ana").enter());
  assert.deepEqual(taken, [true, true, true, false, false]);
});

Deno.test(`Pace takes each piece of those it admitted in time, whoever comes and goes (seed ${seed})`, async () => {
  const random = new Random(seed);
  for (let round = 0; round < 20; round++) {
    const pieces = random.between(3, 30);
    const { pace, clock } = paced({ total: pieces * LEAST_RATE });
    const moves = new Map<Lane, boolean>();
    let worst = 0;
    const move = async (lane: Lane) => {
      moves.set(lane, true);
      while (moves.get(lane)) {
        const since = clock.now();
        await lane.take(1024 * KiB);
        worst = Math.max(worst, clock.now() - since);
      }
      lane.leave();
    };
    for (let step = 0; step < 60; step++) {
      const moving = [...moves.keys()].filter((lane) => moves.get(lane));
      if (moving.length > 0 && random.between(0, 3) === 0) moves.set(random.pick(moving), false);
      else {
        const name = `client ${random.between(0, 16)}`;
        for (let count = random.between(1, 6); count > 0; count--) {
          const lane = pace.lane(name);
          if (lane.enter()) move(lane);
        }
      }
      await clock.run(random.between(0, 100_000));
    }
    const about = `with ${pieces} pieces in a minute`;
    assert.ok(worst < FRAME_SECONDS * 1_000, `waited ${worst} ms ${about}`);
    await clock.run(200_000);
    worst = 0;
    await clock.run(400_000);
    assert.ok(worst <= 60_001, `waited ${worst} ms ${about}, with nobody new`);
    for (const lane of moves.keys()) {
      moves.set(lane, false);
      lane.close();
    }
  }
});

for (
  const [who, count, isAdmitted] of [
    ["ever new clients", 1, true],
    ["many who were not admitted", 50, false],
  ] as const
) {
  Deno.test(`Pace takes the pieces of those it admitted in time beside ${who}`, async () => {
    const { pace, clock } = paced({ total: 4 * LEAST_RATE });
    let going = true;
    const others = Array.from({ length: count }, async (_, at) => {
      for (let time = 0; going; time++) {
        const lane = pace.lane(`client ${at} of ${time}`);
        if (isAdmitted) assert.equal(lane.enter(), true);
        await lane.take(1024 * KiB);
        if (isAdmitted) lane.leave();
        lane.close();
      }
    });
    const waits = ["ana", "ben", "cleo"].map(async (name) => {
      const lane = pace.lane(name);
      assert.equal(lane.enter(), true);
      let worst = 0;
      while (going) {
        const since = clock.now();
        await lane.take(1024 * KiB);
        worst = Math.max(worst, clock.now() - since);
      }
      lane.close();
      return worst;
    });
    await clock.run(1_000_000);
    going = false;
    await clock.run(1_000_000);
    await Promise.all(others);
    for (const worst of await Promise.all(waits)) {
      assert.ok(worst > 0 && worst < FRAME_SECONDS * 1_000, `waited ${worst} ms`);
    }
  });
}
