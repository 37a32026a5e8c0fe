import { deepEqual, equal } from "node:assert/strict";
import { addressOf, FailedAttempts } from "./failed_attempts.ts";

const MINUTE = 60_000;

Deno.test("FailedAttempts.add() costs twice as much each time, up to 8 s", () => {
  const failed = new FailedAttempts(() => 0);
  const costs = Array.from({ length: 8 }, () => failed.add("192.0.2.1:1"));
  deepEqual(costs, [250, 500, 1000, 2000, 4000, 8000, 8000, 8000]);
  for (let count = 0; count < 2000; count++) equal(failed.add("192.0.2.1:1"), 8000);
});

Deno.test("FailedAttempts.add() counts an address whatever its port, and each for itself", () => {
  const failed = new FailedAttempts(() => 0);
  deepEqual([1, 2, 3].map((port) => failed.add(`192.0.2.1:${port}`)), [250, 500, 1000]);
  equal(failed.add("192.0.2.2:1"), 250);
  deepEqual(
    ["[2001:db8::1]:5", "[2001:db8:0:0:ffff::2]:6"].map((peer) => failed.add(peer)),
    [250, 500],
  );
  equal(failed.add("[2001:db8:0:1::1]:5"), 250);
});

Deno.test("FailedAttempts forget an address ten minutes after its last failure", () => {
  let now = 0;
  const failed = new FailedAttempts(() => now);
  failed.add("192.0.2.1:1");
  now = 10 * MINUTE;
  equal(failed.add("192.0.2.1:1"), 500);
  now = 20 * MINUTE + 1;
  equal(failed.add("192.0.2.1:1"), 250);
  equal(failed.size, 1);
  failed.add("192.0.2.2:1");
  now = 31 * MINUTE;
  failed.add("192.0.2.3:1");
  equal(failed.size, 1);
});

Deno.test("FailedAttempts remember 10,000 addresses, the latest", () => {
  const failed = new FailedAttempts(() => 0);
  const peer = (number: number) => `10.0.${number >> 8}.${number & 255}:1`;
  for (let number = 0; number < 10_000; number++) failed.add(peer(number));
  equal(failed.add(peer(0)), 500);
  for (let number = 10_000; number < 19_999; number++) failed.add(peer(number));
  equal(failed.size, 10_000);
  equal(failed.add(peer(0)), 1000, "what failed again is not the oldest");
  equal(failed.add(peer(1)), 250);
});

const ADDRESSES: [string, string][] = [
  ["192.0.2.1:5000", "192.0.2.1"],
  ["memory:server", "memory:server"],
  ["[::1]:5000", "0:0:0:0"],
  ["[::]:1", "0:0:0:0"],
  ["[2001:DB8:1:2:3:4:5:6]:1", "2001:db8:1:2"],
  ["[2001:db8::5:6]:1", "2001:db8:0:0"],
  ["[2001:db8::3:4:5:6:7]:1", "2001:db8:0:3"],
  ["[fe80::1%eth0]:1", "fe80:0:0:0"],
  ["[64:ff9b::192.0.2.1]:1", "64:ff9b:0:0"],
  ["[1:2:3:4:5:6:192.0.2.1]:1", "1:2:3:4"],
  ["[2001:0db8::]:1", "2001:db8:0:0"],
];

for (const [peer, address] of ADDRESSES) {
  Deno.test(`addressOf() ${peer} is ${address}`, () => equal(addressOf(peer), address));
}
