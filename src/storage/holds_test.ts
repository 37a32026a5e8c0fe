import { deepEqual, equal } from "node:assert/strict";
import { Holds } from "./holds.ts";

const KEY = { name: "a", ino: "1" };
const OTHERS = [{ ...KEY, ino: "2" }, { ...KEY, name: "b" }];

for (const end of ["done", "release", "leave"] as const) {
  Deno.test(`Holds keep something until all are done with it: Claim.${end}()`, async () => {
    let ended = 0;
    const holds = new Holds(() => ended++);
    const [first, second] = [holds.take(KEY), holds.take(KEY)];
    equal(first.isCounted, true);
    await first.commit();
    deepEqual(OTHERS.map((key) => holds.has(key)), [false, false]);
    first[end]();
    first[end]();
    equal(holds.has(KEY), true);
    second[end]();
    equal(holds.has(KEY), false);
    equal(ended, 2);
  });
}

Deno.test("Holds.forget() ends those of one alone", () => {
  const holds = new Holds(() => {});
  for (const key of [KEY, ...OTHERS, KEY]) holds.take(key);
  holds.forget(KEY);
  deepEqual([KEY, ...OTHERS].map((key) => holds.has(key)), [false, true, true]);
});
