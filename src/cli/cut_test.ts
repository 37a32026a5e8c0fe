import assert from "node:assert/strict";
import fc from "fast-check";
import { cutText, cutTextStart, wrapText } from "./cut.ts";
import { displayWidth, escapeText } from "./text.ts";

const seed = Date.now() & 0x7fffffff;
const text = fc.string({ unit: "binary", maxLength: 60 }).map(escapeText);

Deno.test("cutText() keeps what fits and marks what it cut", () => {
  assert.equal(cutText("report.pdf", 10), "report.pdf");
  assert.equal(cutText("report.pdf", 9), "report.p…");
  assert.equal(cutText("日本語", 5), "日本…");
  assert.equal(cutText("日本語", 4), "日…");
  assert.equal(cutText("abc", 1), "…");
  assert.equal(cutText("abc", 0), "");
  assert.equal(cutText("e\u0301e\u0301e\u0301", 2), "e\u0301…");
});

Deno.test("cutTextStart() keeps the end", () => {
  assert.equal(cutTextStart("report.pdf", 10), "report.pdf");
  assert.equal(cutTextStart("report.pdf", 5), "….pdf");
  assert.equal(cutTextStart("日本語", 4), "…語");
  assert.equal(cutTextStart("abc", 0), "");
});

Deno.test(`cutText() and cutTextStart() never exceed their cells (seed ${seed})`, () => {
  fc.assert(
    fc.property(text, fc.integer({ min: 0, max: 70 }), (text, cells) => {
      assert.ok(displayWidth(cutText(text, cells)) <= cells);
      assert.ok(displayWidth(cutTextStart(text, cells)) <= cells);
    }),
    { seed },
  );
});

Deno.test("wrapText() breaks at spaces, and within a word that is too long", () => {
  assert.deepEqual(wrapText("one two three", 8), ["one two", "three"]);
  assert.deepEqual(wrapText("abcdefgh ij", 3), ["abc", "def", "gh", "ij"]);
  assert.deepEqual(wrapText("", 3), [""]);
});

Deno.test(`wrapText() never exceeds its cells and loses only spaces (seed ${seed})`, () => {
  const letters = fc.string({ unit: fc.constantFrom("a", "b", " ", "日", "❤️", "e\u0301") });
  fc.assert(
    fc.property(fc.oneof(text, letters), fc.integer({ min: 2, max: 70 }), (text, cells) => {
      const lines = wrapText(text, cells);
      for (const line of lines) assert.ok(displayWidth(line) <= cells, JSON.stringify(line));
      assert.equal(lines.join("").replaceAll(/\s/gu, ""), text.replaceAll(/\s/gu, ""));
    }),
    { seed },
  );
});
