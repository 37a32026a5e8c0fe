import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { type FakeConnection, FakeNetwork, keyOf } from "../../tests/fixtures/fake_network.ts";
import { temporaryFolder } from "../../tests/fixtures/staged.ts";
import { FtError } from "../error.ts";
import { findContact } from "./contact.ts";
import { KnownServers } from "./known_servers.ts";
import { reach, type ReachOptions } from "./reach.ts";

const [OLD, NEW] = [keyOf("o"), keyOf("n")];
const NAS = "10.0.0.5:5000";

/** A user and a network with one server at an address. */
class World implements Disposable {
  readonly network = new FakeNetwork();
  readonly known: KnownServers;
  readonly #folder = temporaryFolder();

  constructor(address = NAS, key = OLD) {
    this.known = new KnownServers(this.#folder.path);
    this.network.servers.set(address, key);
  }

  /** Reaches what is named; gives what was done meanwhile. */
  async reach(
    server: string = NAS,
    options: Partial<ReachOptions<FakeConnection>> & { plain?: boolean } = {},
  ): Promise<string[]> {
    const from = this.network.calls.length;
    const { network, known } = this;
    const contact = findContact(server, known, options.plain ?? false);
    const { trust } = await reach(contact, { network, known, sendsToken: false, ...options });
    ok(trust.kind !== "pinned" || trust.pin === known.key(contact.address)?.pin);
    return network.calls.slice(from);
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
  }
}

/** What is expected of a refusal: its message and its hint. */
function refusal(message: RegExp, hint: RegExp) {
  return (thrown: unknown) => {
    ok(thrown instanceof FtError && thrown.code === "identity", String(thrown));
    match(thrown.message, message);
    match(thrown.hint ?? "", hint);
    return true;
  };
}

Deno.test("reach() probes a server once, and then dials it by the key that it showed", async () => {
  using world = new World();
  deepEqual(await world.reach(NAS, { trustFirst: true }), ["probe", "dial pinned"]);
  deepEqual(world.known.key(NAS), OLD);
  deepEqual(await world.reach(), ["dial pinned"]);
  deepEqual(await world.reach(NAS, { sendsToken: true }), ["dial pinned"]);
});

Deno.test("reach() asks about a server that is not known, and remembers a yes", async () => {
  using world = new World();
  const asked: unknown[] = [];
  const ask = (answer: boolean) => (stranger: unknown) => {
    asked.push(stranger);
    return Promise.resolve(answer);
  };
  const hint = /'ft serve' prints.*--trust-first.*ft join -/;
  await rejects(world.reach(NAS, { ask: ask(false) }), refusal(/not trusted/, hint));
  equal(world.known.key(NAS), undefined);
  deepEqual(await world.reach(NAS, { ask: ask(true) }), ["probe", "dial pinned"]);
  await world.reach(NAS, { ask: ask(false) });
  deepEqual(asked, Array(2).fill({ address: NAS, fingerprint: `SHA256:${OLD.pin}` }));
});

Deno.test("reach() refuses a server that is not known where nobody can be asked", async () => {
  using world = new World();
  const message = new RegExp(`^${NAS} is not known yet; its key is SHA256:${OLD.pin}\\.$`);
  await rejects(world.reach(), refusal(message, /Compare.*--trust-first/));
  deepEqual(world.network.calls, ["probe"]);
  equal(world.known.key(NAS), undefined);
});

Deno.test("reach() fails as the question does", async () => {
  using world = new World();
  const ask = () => Promise.reject(new FtError("interrupted"));
  await rejects(world.reach(NAS, { ask }), { code: "interrupted" });
  deepEqual(world.network.calls, ["probe"]);
});

for (const address of ["127.0.0.1:5000", "[::1]:5000", "localhost:5000"]) {
  Deno.test(`reach() accepts ${address} by itself, but not with a token to send`, async () => {
    using world = new World(address);
    await rejects(world.reach(address, { sendsToken: true }), refusal(/not known yet/, /first/));
    equal(world.known.key(address), undefined);
    deepEqual(await world.reach(address), ["probe", "dial pinned"]);
    // Nobody has looked at it: it will do for as long as nothing secret is told.
    deepEqual(world.known.key(address), { ...OLD, isUnasked: true });
    await rejects(world.reach(address, { sendsToken: true }), refusal(/not known yet/, /first/));
    deepEqual(await world.reach(address), ["dial pinned"]);
    deepEqual(await world.reach(address, { sendsToken: true, trustFirst: true }), ["dial pinned"]);
    deepEqual(world.known.key(address), OLD);
    deepEqual(await world.reach(address, { sendsToken: true }), ["dial pinned"]);
  });
}

Deno.test("reach() takes the key that an invite names, and asks nothing", async () => {
  using world = new World();
  const ask = () => Promise.reject(new Error("asked"));
  const invite = `ft://${NAS}/${OLD.pin}#t0ken`;
  deepEqual(await world.reach(invite, { ask, sendsToken: true }), ["probe", "dial pinned"]);
  deepEqual(await world.reach(invite, { ask, sendsToken: true }), ["dial pinned"]);
});

Deno.test("reach() refuses another key than an invite names, and says nothing to it", async () => {
  using world = new World(NAS, NEW);
  const message = new RegExp(`says SHA256:${OLD.pin}, but ${NAS} shows SHA256:${NEW.pin}`);
  const invite = `ft://${NAS}/${OLD.pin}#t0ken`;
  for (const options of [{}, { trustFirst: true }, { ask: () => Promise.resolve(true) }]) {
    await rejects(world.reach(invite, options), refusal(message, /ask them for a new invite\.$/));
  }
  deepEqual(world.network.calls, ["probe", "probe", "probe"]);
  world.known.save("nas", { endpoint: { hostname: "10.0.0.5", port: 5000 }, key: OLD.pin });
  await rejects(world.reach("nas"), refusal(message, /ft trust forget nas$/));
  equal(world.known.key(NAS), undefined);
});

Deno.test("reach() refuses a key that has changed, with both fingerprints", async () => {
  using world = new World();
  await world.reach(NAS, { trustFirst: true });
  world.network.servers.set(NAS, NEW);
  const message = new RegExp(`changed from SHA256:${OLD.pin} to SHA256:${NEW.pin}`);
  for (const options of [{}, { trustFirst: true }, { ask: () => Promise.resolve(true) }]) {
    await rejects(world.reach(NAS, options), refusal(message, /ft trust forget 10\.0\.0\.5:5000$/));
  }
  deepEqual(world.known.key(NAS), OLD);
  equal(world.network.connections.length, 1);
  world.known.forget(NAS);
  await world.reach(NAS, { trustFirst: true });
  deepEqual(world.known.key(NAS), NEW);
});

Deno.test("reach() refuses a changed key on this machine, too", async () => {
  using world = new World("127.0.0.1:5000");
  await world.reach("127.0.0.1:5000");
  world.network.servers.set("127.0.0.1:5000", NEW);
  await rejects(world.reach("127.0.0.1:5000"), refusal(/has changed/, /ft trust forget/));
});

Deno.test("reach() takes a renewed certificate of the key that it knows", async () => {
  using world = new World();
  await world.reach(NAS, { trustFirst: true });
  const renewed = keyOf("o", "r");
  world.network.servers.set(NAS, renewed);
  deepEqual(await world.reach(), ["dial pinned", "probe", "dial pinned"]);
  deepEqual(world.known.key(NAS), renewed);
  deepEqual(await world.reach(`ft://${NAS}/${OLD.pin}`), ["dial pinned"]);
});

Deno.test("reach() does not dial again what shows the certificate that was refused", async () => {
  using world = new World();
  await world.reach(NAS, { trustFirst: true });
  world.network.dial = () => Promise.reject(new FtError("identity", "The clock is wrong."));
  await rejects(world.reach(), { code: "identity", message: "The clock is wrong." });
});

Deno.test("reach() believes a new invite more than an older key", async () => {
  using world = new World();
  await world.reach(NAS, { trustFirst: true });
  world.network.servers.set(NAS, NEW);
  deepEqual(await world.reach(`ft://${NAS}/${NEW.pin}`), ["probe", "dial pinned"]);
  deepEqual(world.known.key(NAS), NEW);
});

Deno.test("reach() remembers no key that the server does not prove to have", async () => {
  using world = new World();
  const { network } = world;
  network.probe = () => Promise.resolve(NEW);
  await rejects(world.reach(NAS, { trustFirst: true }), { code: "identity" });
  await rejects(world.reach(`ft://${NAS}/${NEW.pin}`), { code: "identity" });
  equal(world.known.key(NAS), undefined);
});

Deno.test("reach() leaves a server whose key it cannot remember", async () => {
  using world = new World();
  world.known.remember = () => {
    throw new FtError("disk_full");
  };
  await rejects(world.reach(NAS, { trustFirst: true }), { code: "disk_full" });
  deepEqual(world.network.connections.map(({ isAborted }) => isAborted), [true]);
});

Deno.test("reach() probes nothing without encryption or with the system's roots", async () => {
  using world = new World();
  deepEqual(await world.reach(NAS, { plain: true }), ["dial plain"]);
  deepEqual(await world.reach(`ft://${NAS}/plain`, { plain: true }), ["dial plain"]);
  deepEqual(await world.reach(`ft://${NAS}/system`), ["dial system"]);
  equal(world.known.key(NAS), undefined);
});

Deno.test("reach() passes on why there is no connection", async () => {
  using world = new World();
  await rejects(world.reach("10.0.0.6:5000", { trustFirst: true }), { code: "refused" });
  await world.reach(NAS, { trustFirst: true });
  world.network.servers.clear();
  const from = world.network.calls.length;
  await rejects(world.reach(), { code: "refused" });
  deepEqual(world.network.calls.slice(from), ["dial pinned"]);
});
