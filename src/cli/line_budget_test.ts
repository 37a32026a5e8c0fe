import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { LineBudget } from "./line_budget.ts";
import { HandClock } from "../../tests/hand_clock.ts";

Deno.test("LineBudget lets so many lines a minute through and says how many more there were", () => {
  const clock = new HandClock();
  const more: number[] = [];
  const budget = new LineBudget(3, (count) => more.push(count), clock);
  let written = 0;
  // Ten minutes of a flood: ten lines a second.
  for (let at = 0; at < 6_000; at++) {
    if (budget.spend()) written++;
    clock.move(100);
  }
  strictEqual(written, 30);
  deepStrictEqual(more, Array(10).fill(597));
});

Deno.test("LineBudget says nothing of more where there was none, and starts anew by the minute", () => {
  const clock = new HandClock();
  const budget = new LineBudget(2, () => {
    throw new Error("more");
  }, clock);
  for (let minute = 0; minute < 5; minute++) {
    deepStrictEqual([budget.spend(), budget.spend()], [true, true]);
    clock.move(60_000);
  }
  strictEqual(clock.pending, 0);
});

Deno.test("LineBudget ends a minute by itself, and at once when it is closed", () => {
  const clock = new HandClock();
  const more: number[] = [];
  const budget = new LineBudget(1, (count) => more.push(count), clock);
  budget.spend();
  clock.move(59_999);
  strictEqual(budget.spend(), false);
  deepStrictEqual(more, []);
  clock.move(1);
  deepStrictEqual(more, [1]);
  strictEqual(budget.spend(), true);
  for (let at = 0; at < 4; at++) budget.spend();
  budget.close();
  deepStrictEqual(more, [1, 4]);
  strictEqual(clock.pending, 0);
});
