import assert from "node:assert/strict";
import { Turn } from "./turn.ts";

Deno.test("Turn.take() lets one at a time through, in the order they came", async () => {
  const turn = new Turn();
  const said: string[] = [];
  const gates = Array.from({ length: 4 }, () => Promise.withResolvers<void>());
  const works = gates.map((gate, at) =>
    turn.take(async () => {
      said.push(`in ${at}`);
      await gate.promise;
      said.push(`out ${at}`);
      return at;
    })
  );
  // Opened in another order: it is the order of arrival that counts.
  for (const gate of gates.toReversed()) gate.resolve();
  assert.deepEqual(await Promise.all(works), [0, 1, 2, 3]);
  assert.deepEqual(said, ["in 0", "out 0", "in 1", "out 1", "in 2", "out 2", "in 3", "out 3"]);
});

Deno.test("Turn.take() lets the next one through after a failure", async () => {
  const turn = new Turn();
  const failing = turn.take(() => Promise.reject(new Error("no")));
  const throwing = turn.take(() => {
    throw new Error("at once");
  });
  const next = turn.take(() => Promise.resolve("yes"));
  await assert.rejects(failing, /no/);
  await assert.rejects(throwing, /at once/);
  assert.equal(await next, "yes");
});

Deno.test("Turn.take() does not begin before its turn", async () => {
  const turn = new Turn();
  const gate = Promise.withResolvers<void>();
  let begun = false;
  const first = turn.take(() => gate.promise);
  const second = turn.take(() => {
    begun = true;
    return Promise.resolve();
  });
  await new Promise<void>((resolve) => setImmediate(resolve));
  assert.equal(begun, false);
  gate.resolve();
  await Promise.all([first, second]);
  assert.equal(begun, true);
});
