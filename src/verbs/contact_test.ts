import { deepEqual, equal, throws } from "node:assert/strict";
import { keyOf } from "../../tests/fixtures/fake_network.ts";
import { temporaryFolder } from "../../tests/fixtures/staged.ts";
import { findContact } from "./contact.ts";
import { KnownServers } from "./known_servers.ts";

const { pin, certificate } = keyOf("k");

Deno.test("findContact() takes an invite, a saved name or an address; a saved name wins", () => {
  using folder = temporaryFolder();
  const known = new KnownServers(folder.path);
  const find = (server: string) => findContact(server, known, false);
  const unknown = { name: undefined, key: undefined, token: undefined };
  const host = { hostname: "nas", port: 5000 };
  deepEqual(find("nas"), { endpoint: host, address: "nas:5000", ...unknown });
  deepEqual(find("[::1]:7"), {
    endpoint: { hostname: "::1", port: 7 },
    address: "[::1]:7",
    ...unknown,
  });
  deepEqual(find(`ft://nas:5000/${pin}#t0ken`), {
    endpoint: host,
    address: "nas:5000",
    name: undefined,
    key: pin,
    token: "t0ken",
  });
  const endpoint = { hostname: "10.0.0.5", port: 7000 };
  known.save("nas", { endpoint, key: pin, token: "t0ken" });
  const saved = { endpoint, address: "10.0.0.5:7000", key: pin, token: "t0ken" };
  deepEqual(find("nas"), { ...saved, name: "nas" });
  equal(find("nas:5000").address, "nas:5000");
});

Deno.test("findContact() finds what was saved without a name by its address", () => {
  using folder = temporaryFolder();
  const known = new KnownServers(folder.path);
  known.save("10.0.0.5:5000", { endpoint: { hostname: "10.0.0.5", port: 5000 }, key: pin });
  for (const server of ["10.0.0.5:5000", "10.0.0.5"]) {
    const { name, key } = findContact(server, known, false);
    deepEqual([name, key], ["10.0.0.5:5000", pin], server);
  }
  equal(findContact("10.0.0.5:5001", known, false).key, undefined);
});

Deno.test("findContact() goes without encryption only when both sides say so", () => {
  using folder = temporaryFolder();
  const known = new KnownServers(folder.path);
  equal(findContact("nas", known, true).key, "plain");
  equal(findContact("ft://nas:1/plain", known, true).key, "plain");
  throws(() => findContact("ft://nas:1/plain", known, false), {
    code: "usage",
    message: /nas:1 serves without encryption/,
    hint: /add --plain/,
  });
  for (const key of [pin, "system"]) {
    throws(() => findContact(`ft://nas:1/${key}#sEcReT`, known, true), {
      code: "usage",
      message: "The server at nas:1 is known to encrypt.",
      hint: /^Leave out --plain/,
    });
  }
  known.save("nas", { endpoint: { hostname: "nas", port: 1 }, key: pin });
  throws(() => findContact("nas", known, true), { code: "usage", hint: /ft trust forget nas:1$/ });
});

Deno.test("findContact() does not go without encryption where a key is remembered", () => {
  using folder = temporaryFolder();
  const known = new KnownServers(folder.path);
  known.remember("10.0.0.5:5000", { pin, certificate });
  throws(() => findContact("10.0.0.5", known, true), {
    code: "usage",
    message: /is known to encrypt/,
    hint: /ft trust forget 10\.0\.0\.5:5000$/,
  });
  equal(findContact("10.0.0.5", known, false).key, undefined);
});

Deno.test("findContact() refuses what is no server", () => {
  using folder = temporaryFolder();
  const known = new KnownServers(folder.path);
  for (const server of ["", "a b", "nas:port", "ft://", "ft://nas", "http://nas"]) {
    throws(() => findContact(server, known, false), { code: "usage" }, server);
  }
});
