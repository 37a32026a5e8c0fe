import assert from "node:assert/strict";
import { posix, win32 } from "node:path";
import fc from "fast-check";
import { FtError } from "./error.ts";
import {
  acceptName,
  NAME_BYTES,
  NAME_PARTS,
  nameFault,
  numberedName,
  PART_BYTES,
  toName,
} from "./name.ts";

const seed = Date.now() & 0x7fffffff;
const bytesOf = (text: string) => new TextEncoder().encode(text).length;

/** Pieces that names and attacks are made of, besides any text at all. */
// deno-fmt-ignore
const piece = fc.constantFrom(
  "a", "é", "e\u0301", "日", "😀", "\u200d", ".", "..", "/", "//", "\\", ":", " ", "-", "%2e", "%2f",
  "..%2f", "~", ".ft", ".FT", "C:", "NUL", "\0", "\n", "\x1b", "\x7f", "\x9b", "\u202e", "\u200b",
  "\ufffd", "\ud800", "\udc00", "x".repeat(120),
);
const hostile = fc.oneof(
  fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join("")),
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.array(fc.nat({ max: 0xffff }), { maxLength: 12 }).map((units) =>
    String.fromCharCode(...units)
  ),
);
/** Names that are accepted, long ones with many bytes to a character among them. */
const part = fc.array(
  fc.constantFrom("a", "b", ".", " ", "é", "日", "😀", "👩‍💻", "한", "x".repeat(60), "日".repeat(30)),
  { minLength: 1, maxLength: 12 },
).map((pieces) => pieces.join("")).filter((part) => nameFault(part) === undefined);
const name = fc.array(part, { minLength: 1, maxLength: 10 }).map((parts) => parts.join("/"))
  .filter((name) => nameFault(name) === undefined);

function refuses(...names: string[]): void {
  for (const name of names) {
    assert.throws(
      () => acceptName(name),
      (thrown) => thrown instanceof FtError && thrown.code === "bad_name",
      JSON.stringify(name),
    );
  }
}

function accepts(...names: string[]): void {
  for (const name of names) assert.equal(acceptName(name), name);
}

Deno.test("acceptName() refuses every way out of a room", () => {
  refuses("..", "../escape", "safe/../escape", "a/..", "../../etc/passwd", "a/../../b", "./a");
  refuses("/etc/passwd", "/", "//", "haha//root", "a/", "a//b", "");
  refuses("../target-plus-hyphen/haha", "../haha");
  refuses("C:\\absolute", "\\\\server\\share", "..\\..\\evil.sh", "\\..\\bar", "foo\\bar.test");
});

Deno.test("acceptName() refuses what a terminal would obey or show in another order", () => {
  refuses(
    "control\x1bname",
    "line\nname",
    "a\rb",
    "a\tb",
    "a\0b",
    "a\0/b",
    "a\x7f",
    "\x9b31m",
    "\x85",
  );
  refuses("a\u2028b", "a\u2029b");
  for (const mark of "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069") {
    refuses(`a${mark}b`);
  }
});

Deno.test("acceptName() refuses every control character", () => {
  for (let unit = 0; unit < 0xa0; unit++) {
    if (unit < 0x20 || unit >= 0x7f) refuses(`a${String.fromCharCode(unit)}b`);
  }
});

Deno.test("acceptName() refuses what is not Unicode", () => {
  refuses("\ud800", "a\udc00", "\udc00\ud800", "a\ufffdb");
});

Deno.test("acceptName() takes the normal form C and no other", () => {
  accepts("café", "한글", "é/日本");
  refuses(
    "cafe\u0301",
    "한글".normalize("NFD"),
    "\u212b",
    "a\u0323\u0307".normalize("NFD") + "\u0301\u0323",
  );
});

Deno.test("acceptName() refuses the folder of records in any disguise", () => {
  refuses(".ft", ".FT", ".Ft", ".ft/a", "a/.ft", "a/.fT/b", ".f\u200dt", "\u2060.ft", ".ft\ufeff");
  accepts("a.ft", ".ftx", ".f", "ft", ".ft.", ".ft ", "..ft");
});

Deno.test("acceptName() leaves to the receiver what only some platforms cannot hold", () => {
  accepts("NUL", "con.txt", "COM1.log", "LPT9", "file:stream", "C:/foo", 'a"b', "a<b>|?*");
  accepts("trailing.", "trailing ", " leading", "a\u200bb", "README", "readme");
});

Deno.test("acceptName() takes whatever else people call their files", () => {
  accepts("report.pdf", "-rf", "--help", "~", "$HOME", "%2e%2e%2fetc", "...", "a..b", "..a", "a..");
  accepts("test \" ' & < >.csv", "#[]{}()@!$&'+,;= %20.test", "👩‍💻.png", "שלום.txt", "`rm -rf`");
});

Deno.test("acceptName() counts bytes of UTF-8, in parts and in all, and parts", () => {
  accepts(
    "a".repeat(PART_BYTES),
    "日".repeat(PART_BYTES / 3),
    Array(NAME_PARTS).fill("a").join("/"),
  );
  refuses("a".repeat(PART_BYTES + 1), "日".repeat(PART_BYTES / 3 + 1));
  refuses(Array(NAME_PARTS + 1).fill("a").join("/"));
  const parts = [...Array(7).fill("a".repeat(PART_BYTES)), "b".repeat(254), "c"];
  assert.equal(parts.join("/").length, NAME_BYTES);
  accepts(parts.join("/"));
  refuses(`${parts.join("/")}c`);
  refuses("é/".repeat(700) + "é");
  refuses("a".repeat(10_000_000), "/".repeat(10_000_000));
});

Deno.test("acceptName() says why, and quotes no more than a line of the name", () => {
  assert.throws(() => acceptName(".."), {
    message: `Cannot use the name '..': ".." is no name.`,
    hint: "Rename the file and try again.",
  });
  assert.throws(() => acceptName("x".repeat(9000)), (thrown: unknown) => {
    return thrown instanceof FtError && thrown.message.length < 400;
  });
});

Deno.test(`acceptName() returns the name itself, and again (seed ${seed})`, () => {
  fc.assert(
    fc.property(hostile, (text) => {
      const fault = nameFault(text);
      if (fault === undefined) assert.equal(acceptName(acceptName(text)), text);
      else refuses(text);
    }),
    { seed, numRuns: 5_000 },
  );
});

Deno.test(`a name that is accepted stays below the root it is joined to (seed ${seed})`, () => {
  fc.assert(
    fc.property(fc.oneof(hostile, name), (text) => {
      if (nameFault(text) !== undefined) return;
      // The sibling /srv/room-2 must not pass for being below /srv/room.
      const path = posix.resolve("/srv/room", text);
      assert.ok(path.startsWith("/srv/room/"), path);
      assert.equal(posix.relative("/srv/room", path), text);
      // Windows refuses colons on its own, later; without them a name stays below there too.
      if (text.includes(":")) return;
      const onWindows = win32.resolve("C:\\room", text);
      assert.ok(onWindows.startsWith("C:\\room\\"), onWindows);
    }),
    { seed, numRuns: 5_000 },
  );
});

Deno.test(`a name that is accepted survives UTF-8 and JSON (seed ${seed})`, () => {
  fc.assert(
    fc.property(fc.oneof(hostile, name), (text) => {
      if (nameFault(text) !== undefined) return;
      // As the protocol decodes: the sign U+FEFF is as good as any at the start of a name.
      const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
      assert.equal(decoder.decode(new TextEncoder().encode(text)), text);
      assert.equal(JSON.parse(JSON.stringify(text)), text);
      assert.equal(text.normalize("NFC"), text);
    }),
    { seed, numRuns: 2_000 },
  );
});

Deno.test("toName() composes what a file system decomposed, and refuses the rest", () => {
  assert.equal(toName("cafe\u0301"), "café");
  assert.equal(toName("report.pdf"), "report.pdf");
  for (const local of ["\ud800", "a\nb", "..", ".ft"]) {
    assert.throws(() => toName(local), (thrown) => {
      return thrown instanceof FtError && thrown.code === "bad_name";
    });
  }
});

Deno.test("numberedName() puts the number before the ending", () => {
  const table = [
    ["report.pdf", "report (2).pdf"],
    ["a.tar.gz", "a.tar (2).gz"],
    ["README", "README (2)"],
    [".profile", ".profile (2)"],
    ["a/.profile", "a/.profile (2)"],
    ["v1.2/README", "v1.2/README (2)"],
    ["a.", "a (2)."],
    ["...", ".. (2)."],
    ["report (2).pdf", "report (2) (2).pdf"],
    [" ", "  (2)"],
  ] as const;
  for (const [name, expected] of table) assert.equal(numberedName(name, 2), expected);
  assert.equal(numberedName("report.pdf", 99_999), "report (99999).pdf");
});

Deno.test("numberedName() cuts between characters, not inside them", () => {
  assert.equal(numberedName("x".repeat(255), 2), `${"x".repeat(251)} (2)`);
  assert.equal(numberedName(`${"日".repeat(83)}.txt`, 2), `${"日".repeat(82)} (2).txt`);
  // A woman, a joiner and a computer are one character of eleven bytes.
  assert.equal(numberedName(`${"👩‍💻".repeat(23)}`, 2), `${"👩‍💻".repeat(22)} (2)`);
  assert.equal(numberedName(`${"🇩🇪".repeat(31)}.png`, 2), `${"🇩🇪".repeat(30)} (2).png`);
});

Deno.test("numberedName() takes an ending that leaves no room for what it is: no ending", () => {
  const name = `a.${"b".repeat(253)}`;
  assert.equal(numberedName(name, 2), `a.${"b".repeat(249)} (2)`);
});

Deno.test("numberedName() keeps to the limit of the whole name, or refuses", () => {
  const folder = `${Array(7).fill("a".repeat(PART_BYTES)).join("/")}/`;
  const long = `${folder}${"b".repeat(NAME_BYTES - bytesOf(folder) - 10)}/${"c".repeat(9)}`;
  assert.equal(bytesOf(long), NAME_BYTES);
  assert.equal(numberedName(long, 2), `${long.slice(0, -9)}ccccc (2)`);
  const full = `${folder}${"b".repeat(NAME_BYTES - bytesOf(folder) - 2)}/c`;
  assert.equal(bytesOf(full), NAME_BYTES);
  assert.throws(() => numberedName(full, 2), (thrown) => {
    return thrown instanceof FtError && thrown.code === "bad_name";
  });
});

Deno.test(`numberedName() of a name is a name, beside it, and another one (seed ${seed})`, () => {
  fc.assert(
    fc.property(name, fc.integer({ min: 2, max: 100_000 }), (name, number) => {
      const numbered = numberedName(name, number);
      assert.equal(nameFault(numbered), undefined);
      assert.notEqual(numbered, name);
      assert.equal(posix.dirname(numbered), posix.dirname(name));
      assert.notEqual(numberedName(name, number + 1), numbered);
    }),
    { seed, numRuns: 2_000 },
  );
});
