import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { temporaryFolder } from "../../tests/fixtures/staged.ts";
import { KeyedFolder } from "./keyed_folder.ts";

const KEYS = ["nas", "NAS.2", "127.0.0.1:5000", "[fe80::1%eth0]:5000", "a b/../\u00e4", ".."];

/** Numbers, as a kind of value that text can fail to be. */
function numbersIn(path: string): KeyedFolder<number> {
  return new KeyedFolder(path, (text) => /^\d+$/.test(text) ? Number(text) : undefined);
}

Deno.test("KeyedFolder keeps, replaces, lists and forgets by keys of any characters", () => {
  using folder = temporaryFolder();
  const numbers = numbersIn(`${folder.path}/a/b`);
  deepEqual(numbers.keys(), []);
  const plain = KEYS.filter((key) => key !== "..");
  for (const [at, key] of plain.entries()) {
    equal(numbers.get(key), undefined);
    numbers.keep(key, "7");
    numbers.keep(key, String(at));
    equal(numbers.get(key), at);
  }
  deepEqual(numbers.keys(), [...plain].sort());
  deepEqual([...Deno.readDirSync(folder.path)].map(({ name }) => name), ["a"]);
  for (const key of plain) {
    ok(numbers.forget(key));
    ok(!numbers.forget(key));
    equal(numbers.get(key), undefined);
  }
});

Deno.test({
  name: "KeyedFolder keeps what it holds from other users",
  ignore: Deno.build.os === "windows",
}, () => {
  using folder = temporaryFolder();
  numbersIn(`${folder.path}/state/numbers`).keep("one", "1");
  const modeOf = (path: string) => (Deno.statSync(`${folder.path}/${path}`).mode ?? 0) & 0o777;
  deepEqual(["state", "state/numbers", "state/numbers/one"].map(modeOf), [0o700, 0o700, 0o600]);
});

Deno.test("KeyedFolder says which file is damaged, and goes on with none", () => {
  using folder = temporaryFolder();
  const numbers = numbersIn(folder.path);
  const strict = new KeyedFolder(folder.path, JSON.parse);
  for (const text of ["", "x", "7\0", "{", "1".repeat(300_000)]) {
    Deno.writeTextFileSync(`${folder.path}/one`, text);
    throws(() => numbers.get("one"), { code: "io", message: /one' is damaged/, hint: /Remove it/ });
  }
  Deno.writeTextFileSync(`${folder.path}/one`, "{");
  throws(() => strict.get("one"), { code: "io", message: /damaged/ });
  ok(numbers.forget("one"));
  Deno.mkdirSync(`${folder.path}/two`);
  throws(() => numbers.get("two"), { code: "io" });
});

Deno.test("KeyedFolder lists only what it made", () => {
  using folder = temporaryFolder();
  const numbers = numbersIn(folder.path);
  numbers.keep("one", "1");
  for (const name of ["a b", "%zz", "%41", `one.${crypto.randomUUID()}`]) {
    Deno.writeTextFileSync(`${folder.path}/${name}`, "2");
  }
  deepEqual(numbers.keys(), ["one"]);
});
