import { deepEqual, equal, notEqual, ok, throws } from "node:assert/strict";
import { linesOf, temporaryFolder } from "../../tests/fixtures/staged.ts";
import { FtError } from "../error.ts";
import { InviteToken } from "./invite_token.ts";
import { acceptToken } from "./tokens.ts";

Deno.test("InviteToken is made once, for its owner's eyes, and replaced on demand", () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/token`;
  const invite = new InviteToken(path);
  equal(invite.read(), undefined);
  const token = acceptToken(invite.make());
  equal(invite.make(), token);
  equal(new InviteToken(path).read(), token);
  if (Deno.build.os !== "windows") equal((Deno.statSync(path).mode ?? 0) & 0o777, 0o600);
  const other = invite.replace();
  notEqual(other, token);
  equal(invite.read(), other);
  if (Deno.build.os !== "windows") equal((Deno.statSync(path).mode ?? 0) & 0o777, 0o600);
  deepEqual([...Deno.readDirSync(folder.path)].map(({ name }) => name), ["token"]);
});

Deno.test("InviteToken.make() by processes at once gives all of them one token", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/token`;
  const said = await Promise.all([1, 2, 3, 4].map(() => linesOf(["invite", path])));
  deepEqual(new Set(said.flat()).size, 1);
  equal(said.flat()[0], new InviteToken(path).read());
  deepEqual([...Deno.readDirSync(folder.path)].map(({ name }) => name), ["token"]);
});

Deno.test("InviteToken.read() takes one chosen by hand, and refuses what is none without telling it", () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/token`;
  const invite = new InviteToken(path);
  Deno.writeTextFileSync(path, "chosen-by-its-owner\r\n");
  equal(invite.read(), "chosen-by-its-owner");
  for (const text of ["", "too short", "two words are too many", "sixteen-or-more#"]) {
    Deno.writeTextFileSync(path, text);
    for (const use of [() => invite.read(), () => invite.make()]) {
      throws(use, (thrown: unknown) => {
        ok(thrown instanceof FtError);
        equal(thrown.code, "io");
        ok(text === "" || !thrown.message.includes(text));
        return true;
      });
    }
  }
});

Deno.test("InviteToken says where it could not be kept, and leaves nothing there", () => {
  using folder = temporaryFolder();
  Deno.writeTextFileSync(`${folder.path}/file`, "");
  const invite = new InviteToken(`${folder.path}/file/token`);
  throws(() => invite.make(), { name: "FtError" });
  Deno.removeSync(`${folder.path}/file`);
  Deno.mkdirSync(`${folder.path}/token`);
  throws(() => new InviteToken(`${folder.path}/token`).read(), { name: "FtError" });
  throws(() => new InviteToken(`${folder.path}/token`).replace(), { name: "FtError" });
  deepEqual([...Deno.readDirSync(folder.path)].map(({ name }) => name), ["token"]);
});
