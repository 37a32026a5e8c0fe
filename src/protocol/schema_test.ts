import assert from "node:assert/strict";
import { FtError } from "../error.ts";
import { type Check, count, flag, list, object, oneOf, optional, text, time } from "./schema.ts";

function accepts(check: Check<unknown>, ...values: unknown[]): void {
  for (const value of values) assert.deepEqual(check(value, "f"), value);
}

function refuses(check: Check<unknown>, ...values: unknown[]): void {
  for (const value of values) {
    assert.throws(
      () => check(value, "f"),
      (thrown) => thrown instanceof FtError && thrown.code === "protocol",
      String(value),
    );
  }
}

Deno.test("text() takes strings up to its length in UTF-16 units", () => {
  accepts(text(2), "", "ab", "😀", "\0");
  refuses(text(2), "abc", "😀a", 1, null, undefined, ["a"], {});
});

Deno.test("count() takes whole numbers from 0 to its limit", () => {
  accepts(count(3), 0, 3);
  refuses(count(3), 4, -1, 1.5, NaN, Infinity, "1", null, true, 1n, [1]);
  accepts(count(), Number.MAX_SAFE_INTEGER);
  refuses(count(), Number.MAX_SAFE_INTEGER + 1);
});

Deno.test("time() takes what a date holds, before 1970 too", () => {
  accepts(time, 0, 8.64e15, -8.64e15);
  refuses(time, 8.64e15 + 1, -8.64e15 - 1, 0.5, "0", null);
});

Deno.test("flag() takes true and false", () => {
  accepts(flag, true, false);
  refuses(flag, 0, 1, "true", null, undefined);
});

Deno.test("oneOf() takes its words as they are", () => {
  accepts(oneOf("a", "b"), "a", "b");
  refuses(oneOf("a", "b"), "A", "", "ab", null, 0, ["a"]);
});

Deno.test("list() takes lists up to its length and checks every value", () => {
  accepts(list(count(9), 2), [], [1], [1, 2]);
  refuses(list(count(9), 2), [1, 2, 3], [1, "2"], [10], {}, { length: 0 }, "ab", null);
});

Deno.test("optional() takes what is missing, but not null", () => {
  accepts(optional(count(9)), undefined, 1);
  refuses(optional(count(9)), null, "1");
});

Deno.test("object() takes its own fields and leaves the others", () => {
  const check = object({ a: count(9), b: optional(flag) });
  assert.deepEqual(check({ a: 1, c: 2 }, ""), { a: 1 });
  refuses(check, {}, { a: "1" }, { a: 1, b: 1 }, [], null, "a", 1);
});

Deno.test("object() looks at own fields only", () => {
  const check = object({ constructor: optional(text(9)), a: optional(count(9)) });
  assert.deepEqual({ ...check({}, "") }, {});
  const inherited = Object.create({ a: 1 });
  assert.equal(check(inherited, "").a, undefined);
  assert.equal(check(JSON.parse('{"__proto__":{"a":1}}'), "").a, undefined);
});

Deno.test("checks say which field was wrong, and never what it held", () => {
  const check = object({ items: list(object({ size: count(9) }), 5) });
  assert.throws(
    () => check({ items: [{ size: 1 }, { size: "\x1b[2Jsecret" }] }, ""),
    { message: "A message's field items[1].size is not a whole number from 0 to 9." },
  );
});
