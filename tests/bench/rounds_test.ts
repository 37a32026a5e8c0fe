import assert from "node:assert/strict";
import { type Contestant, timeRounds } from "./rounds.ts";
import { median, ratios, spread } from "./statistics.ts";

/** A contestant that fails in the moves that are said, counted from 0, and keeps a diary. */
function contestant(name: string, diary: string[], fails: readonly number[] = []): Contestant {
  let moves = 0;
  return {
    name,
    prepare: () => void diary.push(`${name} prepares`),
    move: async () => await void diary.push(`${name} moves`),
    check: () => {
      if (fails.includes(moves++)) throw new Error("a byte differs");
    },
  };
}

function ignored(): void {}

Deno.test("timeRounds() takes turns, and does not count the first round", async () => {
  const diary: string[] = [];
  const times = await timeRounds([contestant("a", diary), contestant("b", diary)], 2, ignored);
  const [a, b] = [["a prepares", "a moves"], ["b prepares", "b moves"]];
  assert.deepEqual(diary, [a, b, b, a, a, b].flat());
  assert.deepEqual([...times.keys()], ["a", "b"]);
  assert.deepEqual([...times.values()].map(({ length }) => length), [2, 2]);
});

Deno.test("timeRounds() voids a round for all when one result is wrong, and runs it again", async () => {
  const diary: string[] = [];
  const said: string[] = [];
  const both = [contestant("a", diary), contestant("b", diary, [2])];
  const times = await timeRounds(both, 2, (text) => void said.push(text));
  assert.deepEqual([...times.values()].map(({ length }) => length), [2, 2]);
  assert.equal(diary.filter((line) => line === "a moves").length, 4);
  assert.deepEqual(said, ["round 2 is void: b: a byte differs"]);
});

Deno.test("timeRounds() gives up after three void rounds", async () => {
  const one = contestant("a", [], [1, 2, 3]);
  await assert.rejects(timeRounds([one], 2, ignored), /^Error: a: a byte differs$/);
});

Deno.test("timeRounds() leaves out a peer that fails at once, and nobody else", async () => {
  const said: string[] = [];
  const failing = contestant("a", [], [0]);
  await assert.rejects(timeRounds([failing], 1, ignored), /^Error: a: a byte differs$/);
  const both = [{ ...contestant("a", [], [0]), isPeer: true }, contestant("b", [])];
  const times = await timeRounds(both, 1, (text) => void said.push(text));
  assert.deepEqual([...times.keys()], ["b"]);
  assert.deepEqual(said, ["left out: a: a byte differs"]);
});

Deno.test("median(), spread() and ratios() of rounds", () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
  assert.deepEqual(spread([3, 1, 2]), [1, 3]);
  assert.deepEqual(ratios([1, 4], [2, 2]), [0.5, 2]);
});
