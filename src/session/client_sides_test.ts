import assert from "node:assert/strict";
import { RawPeer } from "../../tests/hostile/raw_peer.ts";
import { HandClock } from "../../tests/hand_clock.ts";
import { Link } from "../../tests/memory_connection.ts";
import { FtError } from "../error.ts";
import type { Connection } from "../transport/connection.ts";
import { ClientSides } from "./client_sides.ts";

const MiB = 1024 * 1024;

/** How a file gets on: after so many milliseconds so many bytes have arrived. */
type Steps = readonly (readonly [milliseconds: number, bytes: number])[];

/** How many connections are dialled after each step. */
async function dialled(
  { roundTrip = 50, size = 64 * MiB, held = 0, key = "key", before, steps }: {
    roundTrip?: number;
    size?: number;
    held?: number;
    key?: string;
    /** Bytes of a file that was sent before this one. */
    before?: number;
    steps: Steps;
  },
): Promise<number[]> {
  const clock = new HandClock();
  let count = 0;
  const sides = new ClientSides({
    clock,
    dial: (off) => {
      count++;
      return new Promise<Connection>((_, reject) =>
        off.addEventListener("abort", () => reject(off.reason))
      );
    },
    hello: { kind: "hello", id: 0, agent: "", features: [], require: [] },
    deadlines: undefined,
    main: { transfers: new Map(), lastId: () => 0 },
  });
  clock.move(roundTrip);
  const welcome = { agent: "", features: [], verbs: [], transfers: 1 };
  sides.welcome({ kind: "welcome", id: 0, ...welcome, ...(key === "" ? {} : { key }) });
  if (before !== undefined) sides.watch(() => before, {}).onReady(0);
  const { onReady, onVerified } = sides.watch(() => size, {});
  clock.move(2 * roundTrip);
  onReady(held);
  const counts = steps.map(([milliseconds, bytes]) => {
    clock.move(milliseconds);
    onVerified(bytes);
    return count;
  });
  await sides.end(new FtError("lost"));
  onVerified(size / 2);
  assert.equal(count, counts.at(-1), "none after the end");
  return counts;
}

const SLOW: Steps = [[3_000, MiB], [3_000, 2 * MiB]];

Deno.test("ClientSides makes as many connections as may join where one is held up", async () => {
  assert.deepEqual(await dialled({ steps: SLOW }), [7, 7]);
  const held = 32 * MiB;
  const steps: Steps = [[3_000, held + MiB]];
  assert.deepEqual(await dialled({ held, steps }), [7]);
});

Deno.test("ClientSides makes none where the server is near, or gives no key", async () => {
  assert.deepEqual(await dialled({ roundTrip: 9, steps: SLOW }), [0, 0]);
  assert.deepEqual(await dialled({ key: "", steps: SLOW }), [0, 0]);
});

Deno.test("ClientSides makes none while one grows, or when that is fast", async () => {
  assert.deepEqual(await dialled({ steps: [[300, MiB], [100, 2 * MiB], [250, 8 * MiB]] }), [
    0,
    0,
    0,
  ]);
  assert.deepEqual(await dialled({ steps: [[300, MiB], [100, 2 * MiB], [250, 3 * MiB]] }), [
    0,
    0,
    7,
  ]);
});

Deno.test("ClientSides makes fewer for what is small, and where chunks would take too long", async () => {
  const steps: Steps = [[3_000, MiB]];
  assert.deepEqual(await dialled({ size: 4 * MiB, steps }), [0]);
  assert.deepEqual(await dialled({ size: 8 * MiB, steps }), [2]);
  assert.deepEqual(await dialled({ steps: [[10_000, MiB], [1_000, 2 * MiB]] }), [2, 4]);
  assert.deepEqual(await dialled({ steps: [[40_000, MiB]] }), [0]);
});

Deno.test("ClientSides takes no small file, whose sender waits for nobody, for a short round trip", async () => {
  assert.deepEqual(await dialled({ before: MiB, steps: SLOW }), [7, 7]);
});

Deno.test("ClientSides ends a connection that begins otherwise than with WELCOME", async () => {
  const link = new Link();
  const clock = new HandClock();
  const sides = new ClientSides({
    clock,
    dial: () => Promise.resolve(link.client),
    hello: { kind: "hello", id: 0, agent: "", features: [], require: [] },
    deadlines: undefined,
    main: { transfers: new Map(), lastId: () => 1 },
  });
  clock.move(50);
  const about = { agent: "", features: [], verbs: [], transfers: 1, key: "key" };
  sides.welcome({ kind: "welcome", id: 0, ...about });
  const { onReady, onVerified } = sides.watch(() => 8 * MiB, {});
  clock.move(100);
  onReady(0);
  clock.move(3_000);
  onVerified(MiB);
  const peer = new RawPeer(link.server);
  await peer.preamble();
  await peer.expect("hello");
  await peer.say({ kind: "ack", id: 1, verified: 0 });
  assert.equal(await peer.ending(), "protocol");
  peer.abort();
  await sides.end(new FtError("lost"));
});
