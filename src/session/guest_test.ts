import { deepEqual, equal, notEqual, throws } from "node:assert/strict";
import { NAME_BYTES } from "../name.ts";
import { type Access, OPEN_ACCESS, type Verb, VERBS } from "./access.ts";
import { Guest } from "./guest.ts";

const ACCESS: Access = { ...OPEN_ACCESS, isName: (text) => text.toLowerCase() === "ana" };

function guest(
  name: string | undefined,
  verbs: readonly Verb[] = VERBS,
  owner: string | undefined = "secret",
): Promise<Guest> {
  const secret = owner === "" ? {} : { owner };
  return Guest.of({ name, verbs: new Set(verbs) }, ACCESS, { ...secret, run: "run" });
}

Deno.test("Guest.require() lets it do what it may, and nothing else", async () => {
  for (const may of VERBS) {
    const one = await guest("ana", [may]);
    deepEqual(one.verbs, [may]);
    for (const verb of VERBS) {
      if (verb === may) one.require(verb);
      else throws(() => one.require(verb), { code: "denied", hint: new RegExp(`: ${verb}$`) });
    }
  }
});

Deno.test("Guest.owner differs by secret and by the name of the token", async () => {
  const owners = await Promise.all([
    guest(undefined),
    guest(undefined, VERBS, "other"),
    guest("ana"),
    guest("bob"),
    guest("ana", VERBS, "other"),
    // What would be hashed for ana, if names were not told apart from secrets.
    guest(undefined, VERBS, "ana\nsecret"),
    guest(undefined, VERBS, " of ana\nsecret"),
  ]);
  equal(new Set(owners.map(({ owner }) => owner)).size, owners.length);
  equal((await guest("ana")).owner, (await guest("ana", ["put"])).owner);
  notEqual((await guest("ana", VERBS, "")).owner, (await guest("ana", VERBS, "")).owner);
});

Deno.test("Guest.keptName() keeps every named token to a folder of its own", async () => {
  const [ana, nobody] = [await guest("ana"), await guest(undefined)];
  deepEqual(["x", "ana/x", "bob/x"].map((name) => ana.keptName("private", name)), [
    "ana/x",
    "ana/ana/x",
    "ana/bob/x",
  ]);
  deepEqual(["x", "bob/x", "a/ana/x"].map((name) => nobody.keptName("private", name)), [
    "x",
    "bob/x",
    "a/ana/x",
  ]);
  deepEqual(["ana", "ana/x", "ANA/x/y"].map((name) => nobody.keptName("private", name)), [
    "ana (2)",
    "ana (2)/x",
    "ANA (2)/x/y",
  ]);
  for (const one of [ana, nobody]) equal(one.keptName("shared", "ana/x"), "ana/x");
});

Deno.test("Guest.keptName() refuses names that are none, or none with the folder", async () => {
  const ana = await guest("ana");
  const long = `${"x/".repeat(127)}${"x".repeat(100)}`;
  const longest = `${"x".repeat(200)}/`.repeat(10).padEnd(NAME_BYTES, "y");
  for (const room of ["private", "shared"] as const) {
    for (const name of ["", "../bob/x", "/x", "x//y", "x/..", ".ft/x", "a\\b"]) {
      throws(() => ana.keptName(room, name), { code: "bad_name" }, name);
    }
  }
  for (const name of [long, longest]) {
    equal(ana.keptName("shared", name), name);
    throws(() => ana.keptName("private", name), { code: "bad_name" });
  }
});

Deno.test("Guest.isBlind() in the private room, and in a shared room that it may not list", async () => {
  const [all, sharer] = [await guest(undefined), await guest("ana", ["share", "put", "get"])];
  deepEqual([all.isBlind("private"), all.isBlind("shared")], [true, false]);
  deepEqual([sharer.isBlind("private"), sharer.isBlind("shared")], [true, true]);
});

Deno.test("Guest.toldName() undoes Guest.keptName()", async () => {
  for (const one of [await guest("ana"), await guest(undefined)]) {
    for (const name of ["x", "ana", "ana/x", "ANA/x/y", "bob/x", "x (2)/y", "ana (2)/x"]) {
      const kept = one.keptName("private", name);
      // A folder that was called like a numbered one is the only doubt: it reads as not numbered.
      const told = one.who === undefined && name === "ana (2)/x" ? "ana/x" : name;
      equal(one.toldName(kept), told);
    }
  }
});
