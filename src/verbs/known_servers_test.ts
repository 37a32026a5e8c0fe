import { deepEqual, equal, throws } from "node:assert/strict";
import { temporaryFolder } from "../../tests/fixtures/staged.ts";
import type { Invite } from "./invite.ts";
import { KnownServers } from "./known_servers.ts";
import { forgetTrust, listTrust } from "./trust.ts";

const PIN = `${"k".repeat(42)}A`;
const OTHER = `${"o".repeat(42)}A`;
const certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
const KEY = { pin: PIN, certificate };
const NAS: Invite = { endpoint: { hostname: "10.0.0.5", port: 5000 }, key: PIN, token: "t0ken" };
const SIX: Invite = { endpoint: { hostname: "::1", port: 7 }, key: "plain" };

Deno.test("KnownServers give what was saved, by name or address", () => {
  using folder = temporaryFolder();
  const known = new KnownServers(folder.path);
  equal(known.saved("nas"), undefined);
  known.save("nas", { ...NAS, token: "old" });
  known.save("nas", NAS);
  known.save("[::1]:7", SIX);
  const again = new KnownServers(folder.path);
  deepEqual(again.saved("nas"), NAS);
  deepEqual(again.saved("[::1]:7"), SIX);
  for (const none of ["other", "..", "", "[::1]", "servers/nas", "ft://nas:1/plain"]) {
    equal(again.saved(none), undefined, none);
  }
});

Deno.test("KnownServers name the server at an address, whatever else is damaged", () => {
  using folder = temporaryFolder();
  const known = new KnownServers(folder.path);
  known.save("box", SIX);
  Deno.writeTextFileSync(`${folder.path}/servers/box`, "damaged");
  equal(known.nameOf("10.0.0.5:5000"), undefined);
  known.save("nas", NAS);
  equal(known.nameOf("10.0.0.5:5000"), "nas");
});

Deno.test("KnownServers take no name that could be something else", () => {
  using folder = temporaryFolder();
  const known = new KnownServers(folder.path);
  for (
    const name of ["", ".", "..", "-x", "a b", "a/b", "a\n", "\u00e4", "x".repeat(65), "ft://a"]
  ) {
    throws(() => known.save(name, NAS), { code: "usage", message: /cannot have that name/ }, name);
  }
  deepEqual(known.list(), []);
  known.save("x".repeat(64), NAS);
});

Deno.test("KnownServers remember one key for each address", () => {
  using folder = temporaryFolder();
  const known = new KnownServers(folder.path);
  equal(known.key("10.0.0.5:5000"), undefined);
  known.remember("10.0.0.5:5000", { ...KEY, pin: OTHER });
  known.remember("10.0.0.5:5000", KEY);
  deepEqual(new KnownServers(folder.path).key("10.0.0.5:5000"), KEY);
  equal(known.key("10.0.0.5:5001"), undefined);
});

for (
  const [what, text] of Object.entries({
    "nothing": "",
    "no JSON": "{",
    "null": "null",
    "no pin": JSON.stringify({ certificate }),
    "a short pin": JSON.stringify({ pin: "k", certificate }),
    "no certificate": JSON.stringify({ pin: PIN }),
    "another thing for a certificate": JSON.stringify({ pin: PIN, certificate: "hello" }),
    "a private key": JSON.stringify({ pin: PIN, certificate: `${certificate}-----BEGIN KEY-----` }),
  })
) {
  Deno.test(`KnownServers do not go on with a key's file that holds ${what}`, () => {
    using folder = temporaryFolder();
    const known = new KnownServers(folder.path);
    known.remember("nas:5000", KEY);
    Deno.writeTextFileSync(`${folder.path}/keys/nas%3A5000`, text);
    throws(() => known.key("nas:5000"), { code: "io", message: /keys\/nas%3A5000' is damaged/ });
    deepEqual(known.forget("nas:5000"), ["nas:5000"]);
    equal(known.key("nas:5000"), undefined);
  });
}

Deno.test("KnownServers tell nothing of a damaged invite but its file, and can forget it", () => {
  using folder = temporaryFolder();
  const known = new KnownServers(folder.path);
  known.save("nas", NAS);
  Deno.writeTextFileSync(`${folder.path}/servers/nas`, "ft://nas:5000/x#sEcReT");
  throws(() => known.saved("nas"), (error: Error & { code: string; hint: string }) => {
    equal(error.code, "io");
    return /servers\/nas' is damaged/.test(error.message) &&
      !/sEcReT/.test(error.message + error.hint);
  });
  throws(() => known.list(), { code: "io" });
  deepEqual(known.forget("nas"), ["nas"]);
  deepEqual(known.list(), []);
});

Deno.test("listTrust() shows saved servers by name, and keys that no name shows yet", () => {
  using folder = temporaryFolder();
  const known = new KnownServers(folder.path);
  deepEqual(listTrust(folder.path), []);
  known.save("nas", NAS);
  known.save("[::1]:7", SIX);
  known.remember("10.0.0.5:5000", KEY);
  known.remember("127.0.0.1:5000", KEY);
  deepEqual(listTrust(folder.path), [
    { name: "[::1]:7", address: "[::1]:7", key: "plain" },
    { name: "nas", address: "10.0.0.5:5000", key: PIN },
    { name: undefined, address: "127.0.0.1:5000", key: PIN },
  ]);
  known.remember("10.0.0.5:5000", { ...KEY, pin: OTHER });
  equal(listTrust(folder.path).length, 4);
});

Deno.test("forgetTrust() forgets a name, and the key with the last name", () => {
  using folder = temporaryFolder();
  const known = new KnownServers(folder.path);
  known.save("nas", NAS);
  known.save("box", NAS);
  known.remember("10.0.0.5:5000", KEY);
  deepEqual(forgetTrust(folder.path, "nas"), ["nas"]);
  equal(known.saved("nas"), undefined);
  deepEqual(known.key("10.0.0.5:5000"), KEY);
  deepEqual(forgetTrust(folder.path, "box"), ["box"]);
  equal(known.key("10.0.0.5:5000"), undefined);
  throws(() => forgetTrust(folder.path, "box"), { code: "not_found", hint: /ft trust list/ });
});

Deno.test("forgetTrust() forgets an address under all its names, and no other", () => {
  using folder = temporaryFolder();
  const known = new KnownServers(folder.path);
  for (const name of ["nas", "box", "10.0.0.5:5000"]) known.save(name, NAS);
  known.save("six", SIX);
  known.remember("10.0.0.5:5000", KEY);
  known.remember("10.0.0.5:5001", KEY);
  deepEqual(forgetTrust(folder.path, "10.0.0.5:5000"), ["10.0.0.5:5000", "box", "nas"]);
  deepEqual(listTrust(folder.path).map(({ name, address }) => name ?? address), [
    "six",
    "10.0.0.5:5001",
  ]);
  deepEqual(forgetTrust(folder.path, "10.0.0.5:5001"), ["10.0.0.5:5001"]);
  throws(() => forgetTrust(folder.path, "a b"), { code: "usage" });
});
