import { deepStrictEqual, notStrictEqual, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import { FtError } from "../error.ts";
import {
  closest,
  displayWidth,
  escapeText,
  formatAge,
  formatBytes,
  formatDuration,
  formatRate,
  formatTime,
  parseDuration,
  quoteShell,
} from "./text.ts";

Deno.test("escapeText() makes every harmful class visible", () => {
  const cases: [string, string, string][] = [
    ["Cc: ESC", "a\x1b[31mb", "a\\u{1b}[31mb"],
    ["Cc: C1 CSI", "a\x9b31mb", "a\\u{9b}31mb"],
    ["Cc: newline, return, tab", "a\r\n\tb", "a\\u{d}\\u{a}\\u{9}b"],
    ["Cc: next line", "a\x85b", "a\\u{85}b"],
    ["Cc: NUL and DEL", "\0\x7f", "\\u{0}\\u{7f}"],
    ["Cf: bidi override", "a\u202efdp.exe", "a\\u{202e}fdp.exe"],
    ["Cf: bidi isolate", "\u2066a\u2069", "\\u{2066}a\\u{2069}"],
    ["Cf: zero width joiner, BOM", "a\u200db\ufeff", "a\\u{200d}b\\u{feff}"],
    ["Cf: tag", "a\u{e0041}", "a\\u{e0041}"],
    ["Zl", "a\u2028b", "a\\u{2028}b"],
    ["Zp", "a\u2029b", "a\\u{2029}b"],
    ["Co", "a\ue000\u{10fffd}", "a\\u{e000}\\u{10fffd}"],
    ["Cn: unassigned", "a\u0378", "a\\u{378}"],
    ["Cn: noncharacter", "a\uffff", "a\\u{ffff}"],
    ["Cs: lone surrogates", "a\ud800b\udc00", "a\ufffdb\ufffd"],
  ];
  for (const [name, text, escaped] of cases) strictEqual(escapeText(text), escaped, name);
});

Deno.test("escapeText() leaves what can be read as it is", () => {
  for (const text of ["", "a b.txt", "naïve 名前 🙂 'x' \"y\" \\", "e\u0301", "❤\ufe0f"]) {
    strictEqual(escapeText(text), text);
  }
});

Deno.test("escapeText() of anything is harmless, and escaping again changes nothing", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const escaped = escapeText(text);
      strictEqual(/[\p{C}\p{Zl}\p{Zp}]/u.test(escaped), false);
      strictEqual(escapeText(escaped), escaped);
    }),
    { seed: 2, numRuns: 500 }, // A failure prints the seed and the shrunk case.
  );
});

Deno.test("formatBytes() uses binary units and rounds up into the next one", () => {
  const cases: [number, string][] = [
    [0, "0 B"],
    [1, "1 B"],
    [1023, "1023 B"],
    [1023.6, "1.0 KiB"],
    [1024, "1.0 KiB"],
    [1536 * 1024, "1.5 MiB"],
    [1024 ** 2 - 1, "1.0 MiB"],
    [64 * 1024 ** 2 + 1, "64.0 MiB"],
    [1024 ** 3, "1.0 GiB"],
    [5 * 1024 ** 4, "5.0 TiB"],
    [Number.MAX_SAFE_INTEGER, "8.0 PiB"],
  ];
  for (const [bytes, text] of cases) strictEqual(formatBytes(bytes), text, String(bytes));
});

Deno.test("formatRate() gives bytes per second, and dashes before there is a number", () => {
  strictEqual(formatRate(1.5 * 1024 ** 2), "1.5 MiB/s");
  strictEqual(formatRate(0.4), "0 B/s");
  strictEqual(formatRate(1 / 0), "-- B/s");
  strictEqual(formatRate(0 / 0), "-- B/s");
});

Deno.test("formatDuration() changes form at ten seconds, a minute and an hour", () => {
  const cases: [number, string][] = [
    [0, "0.0 s"],
    [-1, "0.0 s"],
    [0.4, "0.4 s"],
    [9.94, "9.9 s"],
    [9.96, "10 s"],
    [59.4, "59 s"],
    [59.6, "1:00"],
    [65, "1:05"],
    [3599.6, "1:00:00"],
    [7390, "2:03:10"],
    [360_000, "100:00:00"],
    [Infinity, "--:--"],
    [NaN, "--:--"],
  ];
  for (const [seconds, text] of cases) strictEqual(formatDuration(seconds), text, String(seconds));
});

Deno.test("formatAge() rounds down, and the future is now", () => {
  const cases: [number, string][] = [
    [-5000, "0 s"],
    [999, "0 s"],
    [12_999, "12 s"],
    [59_999, "59 s"],
    [5 * 60_000, "5 min"],
    [3_599_999, "59 min"],
    [3 * 3_600_000, "3 h"],
    [86_400_000, "1 day"],
    [4.9 * 86_400_000, "4 days"],
  ];
  for (const [age, text] of cases) strictEqual(formatAge(age), text, String(age));
});

Deno.test("parseDuration() gives milliseconds", () => {
  deepStrictEqual(["0s", "45s", "30m", "2h", "7d"].map(parseDuration), [
    0,
    45_000,
    1_800_000,
    7_200_000,
    604_800_000,
  ]);
});

Deno.test("parseDuration() refuses everything else as usage", () => {
  const wrong = ["", "7", "d", "7 d", " 7d", "7d\n", "-7d", "+7d", "1.5h", "1e3s", "7D", "7w"];
  for (const text of [...wrong, "2h30m", "٧d", "99999999999999999d"]) {
    throws(
      () => parseDuration(text),
      (error) => error instanceof FtError && error.code === "usage" && error.hint !== undefined,
      text,
    );
  }
});

Deno.test("displayWidth() counts terminal cells", () => {
  const cases: [string, number][] = [
    ["", 0],
    ["a b.txt", 7],
    ["naïve", 5],
    ["nai\u0308ve", 5],
    ["名前.txt", 8],
    ["한글", 4],
    ["\u1112\u1161\u11ab", 2],
    ["ｆｕｌｌ", 8],
    ["ﾊﾝｶｸ", 4],
    ["🙂", 2],
    ["👍🏽", 2],
    ["🇩🇪", 2],
    ["❤", 1],
    ["❤\ufe0f", 2],
    ["🙂\ufe0f", 2],
    ["a\ufe0f", 1],
    ["\ufffd", 1],
  ];
  for (const [text, width] of cases) strictEqual(displayWidth(text), width, text);
});

Deno.test("quoteShell() leaves plain arguments and quotes the rest", () => {
  const cases: [string, string][] = [
    ["report.pdf", "report.pdf"],
    ["[::1]:5000", "'[::1]:5000'"],
    ["--output=/a/b", "'--output=/a/b'"],
    ["", "''"],
    ["a b", "'a b'"],
    ["~/x", "'~/x'"],
    ["it's", `'it'\\''s'`],
    ["$(rm) `x` !1 \\", "'$(rm) `x` !1 \\'"],
    ["a\nb", "$'a\\012b'"],
    ["\x1b'\\1", "$'\\033\\'\\\\1'"],
    ["\u202e", "$'\\342\\200\\256'"],
  ];
  for (const [text, quoted] of cases) strictEqual(quoteShell(text), quoted, text);
});

Deno.test({
  name: "quoteShell() is read back by a shell as it was",
  ignore: Deno.build.os === "windows",
  async fn() {
    // NUL cannot stand in an argument; harmful characters need a newer shell than sh may be.
    const texts = fc.sample(fc.string({ unit: "grapheme" }), { seed: 3, numRuns: 200 })
      .filter((text) => !quoteShell(text).startsWith("$"));
    const { stdout } = await new Deno.Command("sh", {
      args: ["-c", `printf '%s\\n' ${texts.map(quoteShell).join(" ")}`],
    }).output();
    deepStrictEqual(new TextDecoder().decode(stdout).split("\n").slice(0, -1), texts);
  },
});

Deno.test("closest() finds a beginning or at most two typos, and nothing far away", () => {
  const words = ["serve", "put", "fetch", "partials", "on-conflict"];
  const cases: [string, string | undefined][] = [
    ["srve", "serve"],
    ["fecth", "fetch"],
    ["upt", "put"],
    ["par", "partials"],
    ["on_conflict", "on-conflict"],
    ["onconflct", "on-conflict"],
    ["pxx", undefined],
    ["upload", undefined],
    ["p", undefined],
    ["", undefined],
    ["x".repeat(100_000), undefined],
  ];
  for (const [word, near] of cases) strictEqual(closest(word, words), near, word.slice(0, 20));
  notStrictEqual(closest("sreve", words), undefined);
});

Deno.test("formatTime() is the clock on the wall, in digits that sort", () => {
  strictEqual(formatTime(new Date(2026, 0, 31, 9, 5, 7).getTime()), "2026-01-31 09:05:07");
  strictEqual(formatTime(new Date(1999, 11, 1, 23, 59, 59, 999).getTime()), "1999-12-01 23:59:59");
});
