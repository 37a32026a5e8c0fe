import { deepEqual, equal, rejects } from "node:assert/strict";
import { FakeNetwork, keyOf } from "../../tests/fixtures/fake_network.ts";
import { temporaryFolder } from "../../tests/fixtures/staged.ts";
import { FtError } from "../error.ts";
import { join } from "./join.ts";
import { KnownServers } from "./known_servers.ts";

const [OLD, NEW] = [keyOf("o"), keyOf("n")];
const NAS = "10.0.0.5:5000";
const INVITE = `ft://${NAS}/${OLD.pin}#t0ken`;

function networkWith(key = OLD): FakeNetwork {
  const network = new FakeNetwork();
  network.servers.set(NAS, key);
  return network;
}

Deno.test("join() saves a server that is the one, and its key, and leaves it", async () => {
  using folder = temporaryFolder();
  const network = networkWith();
  const options = { state: folder.path, network };
  const joined = { address: NAS, key: OLD.pin, unverified: undefined, before: undefined };
  deepEqual(await join(INVITE, { ...options, name: "nas" }), { ...joined, name: "nas" });
  deepEqual(await join(INVITE, options), { ...joined, name: NAS });
  const known = new KnownServers(folder.path);
  equal(known.saved("nas")?.token, "t0ken");
  deepEqual(known.saved(NAS), known.saved("nas"));
  deepEqual(known.key(NAS), OLD);
  deepEqual(network.connections.map(({ isAborted }) => isAborted), [true, true]);
});

Deno.test("join() refuses another server and saves nothing", async () => {
  using folder = temporaryFolder();
  const network = networkWith(NEW);
  await rejects(join(INVITE, { state: folder.path, network }), {
    code: "identity",
    message: /shows SHA256:n/,
  });
  deepEqual(network.calls, ["probe"]);
  deepEqual(new KnownServers(folder.path).list(), []);
});

Deno.test("join() saves a server that is not there, and says so", async () => {
  using folder = temporaryFolder();
  for (const key of [OLD.pin, "system"]) {
    const options = { state: folder.path, network: new FakeNetwork() };
    const { unverified } = await join(`ft://${NAS}/${key}`, options);
    equal(unverified?.code, "refused");
    equal(new KnownServers(folder.path).saved(NAS)?.key, key);
  }
});

Deno.test("join() has the system's roots verify a server that is known by them", async () => {
  using folder = temporaryFolder();
  const network = networkWith();
  const options = { state: folder.path, network };
  equal((await join(`ft://${NAS}/system`, options)).unverified, undefined);
  deepEqual(network.calls, ["dial system"]);
  network.dial = () => Promise.reject(new FtError("identity"));
  await rejects(join(`ft://${NAS}/system`, { ...options, name: "two" }), { code: "identity" });
  equal(new KnownServers(folder.path).saved("two"), undefined);
});

Deno.test("join() takes a server without encryption only when that is said", async () => {
  using folder = temporaryFolder();
  const options = { state: folder.path, network: new FakeNetwork() };
  const plain = `ft://${NAS}/plain`;
  await rejects(join(plain, options), { code: "usage", hint: /--plain/ });
  await rejects(join(INVITE, { ...options, plain: true }), { code: "usage", hint: /--plain/ });
  deepEqual(new KnownServers(folder.path).list(), []);
  equal((await join(plain, { ...options, plain: true })).key, "plain");
  deepEqual(options.network.calls, []);
});

Deno.test("join() tells what was saved under the name before", async () => {
  using folder = temporaryFolder();
  const options = { state: folder.path, network: new FakeNetwork(), name: "nas" };
  equal((await join(INVITE, options)).before, undefined);
  equal((await join(`${INVITE}2`, options)).before, undefined);
  equal((await join(`ft://10.0.0.6:5000/${OLD.pin}`, options)).before, NAS);
  Deno.writeTextFileSync(`${folder.path}/servers/nas`, "damaged");
  equal((await join(INVITE, options)).before, undefined);
});

Deno.test("join() dials nobody for a text or a name that is none", async () => {
  using folder = temporaryFolder();
  const network = networkWith();
  const options = { state: folder.path, network };
  await rejects(join("nas", options), { code: "usage" });
  await rejects(join(INVITE, { ...options, name: "a/b" }), { code: "usage" });
  deepEqual(network.calls, []);
});

Deno.test("join() saves nothing when it is stopped", async () => {
  using folder = temporaryFolder();
  const stop = new AbortController();
  const network = networkWith();
  network.probe = () => {
    stop.abort(new FtError("interrupted"));
    return Promise.reject(new FtError("unreachable"));
  };
  await rejects(join(INVITE, { state: folder.path, network, signal: stop.signal }));
  deepEqual(new KnownServers(folder.path).list(), []);
});
