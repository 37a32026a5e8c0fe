import { deepEqual, equal, match, notEqual, throws } from "node:assert/strict";
import { temporaryFolder } from "../../tests/fixtures/staged.ts";
import { FtError } from "../error.ts";
import { Records } from "./records.ts";
import { acceptToken, acceptTokenName, hashToken, newToken, type TokenRecord } from "./tokens.ts";

function unexpected(): never {
  throw new Error("the records are said to be damaged");
}

function recordOf(name: string, say: Partial<TokenRecord> = {}): TokenRecord {
  return { name, hash: `hash of ${name}`, verbs: "put,get", created: 1, expires: null, ...say };
}

Deno.test("newToken() has 128 bits in base64url, and is a token", () => {
  const tokens = Array.from({ length: 100 }, newToken);
  for (const token of tokens) match(acceptToken(token), /^[A-Za-z0-9_-]{22}$/);
  equal(new Set(tokens).size, tokens.length);
});

Deno.test("acceptToken() takes 16 to 256 printable characters of ASCII", () => {
  for (const token of ["x".repeat(16), "x".repeat(256), '!"$%&()*+,-./:;<=>?@[]^_`{|}~']) {
    equal(acceptToken(token), token);
  }
});

const NO_TOKENS = [
  "",
  "x".repeat(15),
  "x".repeat(257),
  "sixteen letters!".replace(" ", "\u00a0"),
  "a space in between",
  "a#0123456789abcdef",
  "a'0123456789abcdef",
  "a\n0123456789abcdef",
  "0123456789abcdef\n",
  "a\x000123456789abcde",
  "a\x7f0123456789abcde",
  "äöü0123456789abcdef",
];

for (const token of NO_TOKENS) {
  Deno.test(`acceptToken() refuses ${JSON.stringify(token).slice(0, 30)} of ${token.length}, and does not repeat it`, () => {
    throws(() => acceptToken(token), (thrown: unknown) => {
      if (!(thrown instanceof FtError)) return false;
      equal(thrown.code, "usage");
      if (token !== "") equal(`${thrown.message} ${thrown.hint}`.includes(token), false);
      return true;
    });
  });
}

Deno.test("acceptTokenName() takes what can be a folder everywhere, and nothing else", () => {
  for (const name of ["a", "0", "ana-2_b", "x".repeat(32)]) equal(acceptTokenName(name), name);
  const bad = ["", "-a", "_a", "Ana", "a b", "a/b", "..", ".ft", "x".repeat(33), "ä", "a\n"];
  for (const name of bad) throws(() => acceptTokenName(name), { code: "usage" }, name);
});

Deno.test("hashToken() is the SHA-256 of the token", async () => {
  equal(
    (await hashToken("abc")).toHex(),
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  );
});

Deno.test("Tokens keep rows by name over a restart, and tell names and hashes apart", () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/records.db`;
  const first = Records.open(path, unexpected);
  equal(first.tokens.add(recordOf("bob", { expires: 5 })), true);
  equal(first.tokens.add(recordOf("ana")), true);
  equal(first.tokens.add(recordOf("ana", { hash: "another" })), false);
  equal(first.tokens.add(recordOf("eve", { hash: "hash of ana" })), false);
  first.close();
  const second = Records.open(path, unexpected);
  const rows = second.tokens.all().map((row) => ({ ...row }));
  deepEqual(rows, [recordOf("ana"), recordOf("bob", { expires: 5 })]);
  equal(second.tokens.remove("ana"), true);
  equal(second.tokens.remove("ana"), false);
  equal(second.tokens.add(recordOf("ana")), true);
  second.close();
});

Deno.test("Tokens.version() changes when another connection writes, not when its own does", () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/records.db`;
  const here = Records.open(path, unexpected);
  const there = Records.open(path, unexpected);
  const before = here.tokens.version();
  here.tokens.add(recordOf("ana"));
  equal(here.tokens.version(), before);
  there.tokens.add(recordOf("bob"));
  notEqual(here.tokens.version(), before);
  deepEqual(here.tokens.all().map(({ name }) => name), ["ana", "bob"]);
  here.close();
  there.close();
});
