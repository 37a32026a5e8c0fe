import { deepEqual, equal, ok } from "node:assert/strict";
import { FtError } from "../error.ts";
import { TreeTally } from "./tree_report.ts";

Deno.test("of very many failures all are counted, and no more than so many in their own words", () => {
  const tally = new TreeTally();
  const words = { hint: "h".repeat(1024), side: "there" } as const;
  for (let at = 0; at < 5000; at++) {
    tally.fail(`${at}`, new FtError(at % 2 === 0 ? "io" : "denied", "m".repeat(4096), words));
  }
  const { failures } = tally.report("t");
  deepEqual(failures.map(({ path }) => path), Array.from({ length: 5000 }, (_, at) => `${at}`));
  deepEqual(failures.map(({ error }) => error.code).slice(-2), ["io", "denied"]);
  const kept = [...new Set(failures.map(({ error }) => error))];
  ok(kept.length > 100, "the first are told in their own words");
  ok(kept.reduce((sum, { message, hint = "" }) => sum + message.length + hint.length, 0) < 2 ** 20);
  const { error } = failures[4999] ?? {};
  deepEqual([error?.message, error?.hint, error?.side], ["Not allowed.", undefined, "there"]);
});

Deno.test("failures without words are no more either", () => {
  const tally = new TreeTally();
  for (let at = 0; at < 10_000; at++) tally.fail(`${at}`, new FtError("io", ""));
  const { failures } = tally.report("t");
  equal(failures.length, 10_000);
  ok(new Set(failures.map(({ error }) => error)).size <= 4097);
});
