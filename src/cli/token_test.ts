import { deepEqual, equal, throws } from "node:assert/strict";
import { temporaryFolder } from "../../tests/fixtures/staged.ts";
import { checkToken, readTokenFile } from "./token.ts";

const never = (sentence: string) => {
  throw new Error(sentence);
};

Deno.test("readTokenFile() takes the first line, however it ends", () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/token`;
  for (const text of ["t0ken#'!", "t0ken#'!\n", "t0ken#'!\r\nmore\n"]) {
    Deno.writeTextFileSync(path, text, { mode: 0o600 });
    equal(readTokenFile(path, never), "t0ken#'!");
  }
});

Deno.test({
  name: "readTokenFile() warns where others can read the token",
  ignore: Deno.build.os === "windows",
}, () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/a token`;
  Deno.writeTextFileSync(path, "t0ken");
  const warned: string[] = [];
  for (const mode of [0o600, 0o400, 0o640, 0o604, 0o602]) {
    Deno.chmodSync(path, mode);
    equal(readTokenFile(path, (sentence) => warned.push(sentence)), "t0ken");
  }
  const expected = `Other users may use the token in '${path}'. Keep it to yourself: ` +
    `chmod 600 '${path}'`;
  deepEqual(warned, [expected, expected, expected]);
});

Deno.test("readTokenFile() refuses what holds no token, and shows nothing of it", () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/token`;
  throws(() => readTokenFile(path, never), { code: "usage", message: /cannot be read/ });
  throws(() => readTokenFile(folder.path, never), { code: "usage", message: /no token file/ });
  for (const text of ["", "\nsEcReT", "sEcReT sEcReT", "sEcReT\u00e4", "s".repeat(257)]) {
    Deno.writeTextFileSync(path, text, { mode: 0o600 });
    throws(() => readTokenFile(path, never), (error: Error & { code: string; hint: string }) => {
      equal(error.code, "usage");
      return !/sEcReT/.test(error.message + error.hint);
    });
  }
  Deno.writeTextFileSync(path, "x\n".repeat(40_000));
  throws(() => readTokenFile(path, never), { code: "usage", message: /no token file/ });
});

Deno.test("checkToken() says where the text came from that is none", () => {
  equal(checkToken("t0ken", "FT_TOKEN"), "t0ken");
  throws(() => checkToken("a b", "FT_TOKEN"), { code: "usage", message: "FT_TOKEN is no token." });
});
