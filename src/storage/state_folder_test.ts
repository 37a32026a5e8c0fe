import { deepEqual, equal, match, notEqual, throws } from "node:assert/strict";
import { linesOf, temporaryFolder } from "../../tests/fixtures/staged.ts";
import { defaultStateFolder, StateFolder } from "./state_folder.ts";

function filesIn(path: string): string[] {
  return [...Deno.readDirSync(path)].map(({ name }) => name).sort();
}

Deno.test("owner() makes one secret for each server and keeps it", () => {
  using folder = temporaryFolder();
  const state = new StateFolder(`${folder.path}/a/b`);
  const secret = state.owner("[::1]:5000");
  match(secret, /^[A-Za-z0-9_-]{43}$/);
  equal(new StateFolder(`${folder.path}/a/b`).owner("[::1]:5000"), secret);
  notEqual(state.owner("[::1]:5001"), secret);
  equal(filesIn(`${folder.path}/a/b/owners`).length, 2);
});

Deno.test("owner() is made once by processes that make it at once", async () => {
  using folder = temporaryFolder();
  const said = await Promise.all([1, 2, 3, 4].map(() => linesOf(["owner", folder.path])));
  equal(new Set(said.flat()).size, 1);
  equal(said.flat().length, 4);
  deepEqual(filesIn(`${folder.path}/owners`), ["server"]);
});

Deno.test({
  name: "StateFolder keeps all from other users",
  ignore: Deno.build.os === "windows",
  fn() {
    using folder = temporaryFolder();
    const state = new StateFolder(`${folder.path}/state`);
    state.owner("server");
    state.keepList("server", "public", []);
    const modeOf = (path: string) => (Deno.statSync(`${folder.path}/${path}`).mode ?? 0) & 0o777;
    for (const path of ["state", "state/owners", "state/lists"]) equal(modeOf(path), 0o700, path);
    for (const path of ["state/owners/server", "state/lists/server%20public"]) {
      equal(modeOf(path), 0o600, path);
    }
  },
});

for (const damage of ["", "too short", "x".repeat(44), "\0".repeat(43)]) {
  Deno.test(`owner() does not go on with a damaged secret, ${JSON.stringify(damage)}`, () => {
    using folder = temporaryFolder();
    const state = new StateFolder(folder.path);
    state.owner("server");
    Deno.writeTextFileSync(`${folder.path}/owners/server`, damage);
    throws(() => state.owner("server"), { code: "io", message: /damaged/ });
    equal(Deno.readTextFileSync(`${folder.path}/owners/server`), damage);
  });
}

Deno.test("list() gives the list that was last kept, by server and room", () => {
  using folder = temporaryFolder();
  const state = new StateFolder(folder.path);
  equal(state.list("server", "public"), undefined);
  const list = [{ name: "a \u{1f600}\n.txt", tag: "1" }, { name: "b", tag: "2" }];
  state.keepList("server", "public", [...list, { name: "c", tag: "3" }]);
  state.keepList("server", "public", list);
  state.keepList("server", "shared", []);
  deepEqual(state.list("server", "public"), list);
  deepEqual(state.list("server", "shared"), []);
  equal(state.list("other", "public"), undefined);
  equal(filesIn(`${folder.path}/lists`).length, 2);
});

Deno.test("list() has a list as long as a client takes", () => {
  using folder = temporaryFolder();
  const state = new StateFolder(folder.path);
  // More bytes than other files of the state ever have.
  const list = Array.from({ length: 80 }, (_, at) => ({ name: "n".repeat(2 ** 20), tag: `${at}` }));
  state.keepList("server", "public", list);
  equal(state.list("server", "public")?.at(-1)?.tag, "79");
});

Deno.test("list() has nothing of a list that is damaged", () => {
  using folder = temporaryFolder();
  const state = new StateFolder(folder.path);
  for (const damage of ["", "[", "{}", "null", "[1]", '[["a","b"],null]', '[["a"]]']) {
    state.keepList("server", "public", []);
    Deno.writeTextFileSync(`${folder.path}/lists/server%20public`, damage);
    equal(state.list("server", "public"), undefined, damage);
  }
});

Deno.test("StateFolder says where it could not keep something, and leaves nothing there", () => {
  using folder = temporaryFolder();
  Deno.writeTextFileSync(`${folder.path}/file`, "");
  throws(() => new StateFolder(`${folder.path}/file/state`).owner("server"), { code: "io" });
  Deno.mkdirSync(`${folder.path}/lists/server%20public`, { recursive: true });
  const state = new StateFolder(folder.path);
  throws(() => state.keepList("server", "public", []), { code: "io" });
  deepEqual(filesIn(`${folder.path}/lists`), ["server%20public"]);
});

Deno.test("defaultStateFolder() goes by the environment, and needs a home", () => {
  const from = (env: Record<string, string>) => defaultStateFolder((name) => env[name]);
  if (Deno.build.os === "linux") {
    equal(from({ XDG_STATE_HOME: "/x", HOME: "/h" }), "/x/ft");
    equal(from({ HOME: "/h" }), "/h/.local/state/ft");
    equal(from({ XDG_STATE_HOME: "", HOME: "/h" }), "/h/.local/state/ft");
  }
  throws(() => from({}), { code: "usage" });
  throws(() => from({ HOME: "" }), { code: "usage" });
});
