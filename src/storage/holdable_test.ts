import { equal, match } from "node:assert/strict";
import { holdingFault } from "./holdable.ts";

const REFUSED = [
  ["CON", /device/],
  ["a/nul", /device/],
  ["com1.log", /device/],
  ["LPT9", /device/],
  ["lpt\u00b9.txt", /device/],
  ["file:stream", /contains/],
  ['say "hi"', /contains/],
  ["a|b", /contains/],
  ["what?", /contains/],
  ["trailing.", /ends/],
  ["trailing /x", /ends/],
] as const;

Deno.test("holdingFault() refuses on Windows what Windows cannot hold", () => {
  for (const [name, fault] of REFUSED) match(holdingFault(name, "windows") ?? "", fault, name);
});

Deno.test("holdingFault() accepts on Windows what only looks like it", () => {
  for (const name of ["console", "nul1", "com", "a.b", "lpt10", ".hidden", "a b"]) {
    equal(holdingFault(name, "windows"), undefined, name);
  }
});

Deno.test("holdingFault() accepts every canonical name elsewhere", () => {
  for (const [name] of REFUSED) equal(holdingFault(name, "linux"), undefined, name);
});
