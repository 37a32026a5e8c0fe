import { deepStrictEqual, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { bashReplies, readBashLine } from "./bash_line.ts";

Deno.test("readBashLine() reads words as bash does, up to the cursor", () => {
  const lines: [string, string[], string, string][] = [
    ["ft ", ["ft", ""], "", ""],
    ["ft get my\\ f", ["ft", "get", "my f"], "my\\ f", ""],
    ["ft get 'my f", ["ft", "get", "my f"], "'my f", "'"],
    ['ft get "a\\"b \\x', ["ft", "get", 'a"b \\x'], '"a\\"b \\x', '"'],
    ["ft get a'b c'd", ["ft", "get", "ab cd"], "a'b c'd", ""],
    ["ft get '' x", ["ft", "get", "", "x"], "x", ""],
    ["A=1 B='2 3' ft li", ["ft", "li"], "li", ""],
    ["ft  get\t--server=a:5", ["ft", "get", "--server=a:5"], "--server=a:5", ""],
  ];
  for (const [line, words, raw, quote] of lines) {
    deepStrictEqual(readBashLine(line), { words, raw, quote }, line);
  }
});

Deno.test("readBashLine() gives up where bash would put something else", () => {
  for (const line of ["ft get $HOME", 'ft get "$(x', "ft get `x", "ft get $'a"]) {
    strictEqual(readBashLine(line), undefined, line);
  }
  deepStrictEqual(readBashLine("ft get '$HOME")?.words.at(-1), "$HOME");
});

/** What bash makes of a line once a reply is in the place of the tail. */
function replies(line: string, tail: string, word: string): string[] {
  const read = readBashLine(line);
  return read === undefined ? [] : bashReplies(read, tail, [word]);
}

Deno.test("bashReplies() quotes in the way that is begun", () => {
  deepStrictEqual(replies("ft get my", "my", "my file"), ["my\\ file"]);
  deepStrictEqual(replies("ft get 'my", "my", "my file's"), ["my file'\\''s"]);
  deepStrictEqual(replies('ft get "my', "my", 'my "$x"'), ['my \\"\\$x\\"']);
  // No way to write it there.
  deepStrictEqual(replies('ft get "my', "my", "my!"), []);
});

Deno.test("bashReplies() replaces only what bash takes for the word", () => {
  deepStrictEqual(replies("ft get --server=127.0.0.1:5", "5", "--server=127.0.0.1:50"), ["50"]);
  deepStrictEqual(replies("ft get a\\ b:c", "c", "a b:cd e"), ["cd\\ e"]);
});

Deno.test("bashReplies() of any name is that name again, in every way of quoting", () => {
  const name = fc.string({ unit: "binary", minLength: 1, maxLength: 12 }).filter((text) =>
    !/\p{C}/u.test(text)
  );
  fc.assert(fc.property(name, fc.constantFrom("", "'", '"'), (word, quote) => {
    for (const reply of replies(`ft get ${quote}`, "", word)) {
      deepStrictEqual(readBashLine(`ft get ${quote}${reply}${quote}`)?.words, ["ft", "get", word]);
    }
  }));
});
