/** What a server limits, in whole conversations: the typed error, and that the talk goes on. */
import assert from "node:assert/strict";
import { FtError } from "../src/error.ts";
import { NODE_CHARACTERS, OPEN_CHARACTERS } from "../src/protocol/limits.ts";
import { Allowance } from "../src/session/allowance.ts";
import { DEADLINES } from "../src/session/deadlines.ts";
import type { ClientSession } from "../src/session/client_session.ts";
import { LEAST_RATE } from "../src/session/pace.ts";
import type { Receipt } from "../src/storage/store.ts";
import { fetchTree, FolderSource, sendTree } from "./conversation/tree.ts";
import { MemorySource, World } from "./conversation/world.ts";
import { namesIn, until, writeFile } from "./files.ts";
import { Random, seed } from "./random.ts";

const MiB = 1024 * 1024;
const random = new Random(seed);

function share(client: ClientSession, name: string, source: MemorySource): Promise<Receipt> {
  return client.upload({ room: "shared", name, source, conflict: "rename" });
}

function stream(size: number): MemorySource {
  return new MemorySource(random.bytes(size), { stream: true });
}

function file(size: number): MemorySource {
  return new MemorySource(random.bytes(size));
}

/** How the client hears of a failure of the server's. */
function told(code: string, message: RegExp, hint: RegExp): object {
  return { name: "FtError", code, message, hint, side: "there" };
}

/** Nothing shows or is left of what was refused, and the same connection takes another file. */
async function assertUsable(world: World, client: ClientSession, names: string[]): Promise<void> {
  assert.deepEqual(world.names("shared"), names);
  const receipt = await share(client, "still", file(1_000));
  assert.equal(receipt.outcome, "new");
  assert.deepEqual(namesIn(`${world.root}/.ft/staging`), []);
}

Deno.test(`limits: a file that is too large is refused before its first byte (seed ${seed})`, async () => {
  await using world = new World({ maxFile: 4 * MiB });
  const { client } = world.talk({ seed });
  const source = file(4 * MiB + 1);
  const refused = told(
    "limit",
    /'big' is larger than 4 MiB \(--max-file\)/,
    /Waiting does not help/,
  );
  await assert.rejects(share(client, "big", source), refused);
  assert.equal(source.taken, 0);
  await assertUsable(world, client, []);
  assert.equal((await share(client, "just", file(4 * MiB))).size, 4 * MiB);
});

Deno.test(`limits: a stream is refused once it is too large (seed ${seed})`, async () => {
  await using world = new World({ maxFile: 4 * MiB });
  const { client } = world.talk({ seed });
  await assert.rejects(share(client, "big", stream(9 * MiB)), { code: "limit", side: "there" });
  await assertUsable(world, client, []);
});

Deno.test(`limits: uploads that race one quota get in as far as they fit (seed ${seed})`, async () => {
  await using world = new World({ quota: 10 * MiB });
  const clients = Array.from({ length: 6 }, (_, at) => world.talk({ seed, owner: `${at}` }).client);
  const ends = await Promise.allSettled(
    clients.map((client, at) => share(client, `file ${at}`, file(3 * MiB))),
  );
  const refused = ends.flatMap((end) => end.status === "rejected" ? [end.reason] : []);
  assert.equal(refused.length, 3);
  for (const { code, message } of refused) {
    assert.equal(code, "limit");
    assert.match(message, /the shared room holds at most 10 MiB \(--quota\)/);
  }
  assert.equal(world.names("shared").length, 3);
  for (const [at, client] of clients.entries()) await share(client, `small ${at}`, file(1_000));
  assert.deepEqual(namesIn(`${world.root}/.ft/staging`), []);
});

Deno.test(`limits: a stream that grows past the quota keeps nothing of it (seed ${seed})`, async () => {
  await using world = new World({ quota: 10 * MiB });
  const { client } = world.talk({ seed });
  await share(client, "first", file(5 * MiB));
  await assert.rejects(share(client, "second", stream(6 * MiB)), {
    code: "limit",
    message: /'second' does not fit/,
  });
  await assertUsable(world, client, ["first"]);
  assert.equal((await share(client, "third", stream(4 * MiB))).size, 4 * MiB);
});

Deno.test(`limits: space that has to stay free is told as the server's (seed ${seed})`, async () => {
  await using world = new World({ minFree: 100 * MiB, free: 105 * MiB });
  const { client } = world.talk({ seed });
  await assert.rejects(
    share(client, "big", file(6 * MiB)),
    told("disk_full", /100 MiB of the disk stay free \(--min-free\)/, /Once there is space again/),
  );
  await assertUsable(world, client, []);
});

Deno.test(`limits: transfers beyond a client's are busy on each of its connections (seed ${seed})`, async () => {
  await using world = new World();
  const allowance = new Allowance({ transfers: 32 });
  const first = world.talk({ allowance, run: "1" });
  const second = world.talk({ allowance, run: "2" });
  const other = world.talk({ allowance, owner: "ben" });
  // Each waits for its first read, so all are open at once.
  const gate = Promise.withResolvers<void>();
  class Held extends MemorySource {
    // deno-lint-ignore no-explicit-any -- a source that has to wait gives a promise
    override read(offset: number, into: Uint8Array): any {
      return gate.promise.then(() => super.read(offset, into));
    }
  }
  const held = Array.from({ length: 32 }, (_, at) => {
    const bytes = random.bytes(MiB + 1);
    return share(first.client, `held ${at}`, new Held(bytes));
  });
  // The answer to a list comes after all of these were begun.
  const busy = { code: "busy", side: "there", message: /More than 32 transfers at once/ };
  await assert.rejects(first.client.list({ room: "shared" }, () => {}), busy);
  await assert.rejects(share(second.client, "more", file(5)), busy);
  assert.equal((await share(other.client, "ben's", file(5))).outcome, "new");
  gate.resolve();
  await Promise.all(held);
  assert.equal((await share(second.client, "more", file(5))).outcome, "new");
  assert.equal(world.names("shared").length, 34);
});

Deno.test(`limits: a rate slows both ways down, and ends with its session (seed ${seed})`, async () => {
  await using world = new World();
  const allowance = new Allowance({ transfers: 64, total: 20 * MiB });
  const { client } = world.talk({ allowance, seed });
  const began = performance.now();
  await share(client, "up", file(5 * MiB));
  await client.download({
    room: "shared",
    name: "up",
    target: "up",
    store: world.downloads,
    conflict: "rename",
    origin: "server",
  });
  const took = performance.now() - began;
  // 10 MiB, of which a tenth of a second's worth and one piece go first.
  assert.ok(took >= 300, `${took} ms`);
  assert.deepEqual(world.read("downloads", "up"), world.read("shared", "up"));

  // The server goes while a piece would wait for a minute.
  const slow = world.talk({
    allowance: new Allowance({ transfers: 64, total: MiB / 60 }),
    owner: "ben",
    deadlines: DEADLINES,
  });
  const sent = share(slow.client, "slow", file(8 * MiB));
  sent.catch(() => {});
  // One piece goes at once, the next would wait.
  await until("second piece", () => slow.link.carried("up") > MiB + 100);
  const ended = performance.now();
  await slow.server.end(new FtError("closing"));
  await slow.served;
  await assert.rejects(sent, { code: "closing" });
  assert.ok(performance.now() - ended < 20_000, "it waited for its turn");
});

Deno.test("limits: a pace slower than a deadline breaks no conversation", async () => {
  await using world = new World();
  // A piece takes 2 seconds; the server's own deadlines are far shorter.
  const deadlines = { handshake: 1, frame: 1, idle: 1, ping: 0.2 };
  const allowance = new Allowance({ transfers: 64, perClient: MiB / 2 });
  const { client } = world.talk({ allowance, deadlines: { ...deadlines, frame: 4 } });
  const bytes = random.bytes(2 * MiB);
  assert.equal((await share(client, "slow", new MemorySource(bytes))).outcome, "new");
  assert.deepEqual(world.read("shared", "slow"), bytes);
});

Deno.test(`limits: folders share the bandwidth as files do, and theirs come within them (seed ${seed})`, async () => {
  await using world = new World();
  const clients = 600;
  const allowance = new Allowance({ transfers: 64, total: clients * LEAST_RATE });
  // All but one of those that there is bandwidth for.
  for (let at = 1; at < clients; at++) allowance.share(`client ${at}`).begin(1, "entry");
  const [ana, ben] = [world.talk({ allowance }), world.talk({ allowance, owner: "ben" })];
  for (const path of [world.path("public", "album"), `${world.root}/album`]) {
    writeFile(`${path}/small`, random.bytes(1_000));
    for (const name of ["a", "b", "c"]) writeFile(`${path}/${name}`, random.bytes(MiB + 1));
  }
  const gate = Promise.withResolvers<void>();
  class Held extends FolderSource {
    override async *entries(): ReturnType<FolderSource["entries"]> {
      await gate.promise;
      yield* super.entries();
    }
  }
  const sent = sendTree(ana.client, "", { source: new Held(`${world.root}/album`) });
  await until("open folder", () => ana.server.open === 1);
  const busy = { code: "busy", side: "there", message: /Too many share the server's bandwidth/ };
  const fetch = ({ client }: typeof ana) => fetchTree(world, client, "album", { room: "public" });
  await assert.rejects(sendTree(ben.client, `${world.root}/album`, { name: "ben's" }), busy);
  await assert.rejects(fetch(ben), busy);
  await assert.rejects(share(ben.client, "file", file(5)), busy);
  gate.resolve();
  assert.deepEqual(await sent.then(({ files, failures }) => [files.new, failures]), [4, []]);
  for (const talk of [ben, ana]) {
    await until("end of all transfers", () => ana.server.open + ben.server.open === 0);
    const { files, failures } = await fetch(talk);
    assert.deepEqual([files.new + files.same, failures], [4, []]);
  }
  assert.deepEqual(world.names("shared"), ["photos"]);
});

Deno.test(`limits: a folder waits for room for its manifest, both ways, and gives it back (seed ${seed})`, async () => {
  await using world = new World();
  const allowance = new Allowance({ transfers: 32 });
  const { client } = world.talk({ seed, allowance });
  const path = `${world.root}/photos`;
  for (let at = 0; at < 20; at++) writeFile(`${path}/${at}.txt`, random.bytes(10));
  const busy = told("busy", /lists of open folders/, /Try again once other folders/);
  // All but what ten nodes need.
  const [ben, cleo] = [allowance.manifests.open("ben"), allowance.manifests.open("cleo")];
  ben.take(OPEN_CHARACTERS / 2 - 10 * (NODE_CHARACTERS + 5));
  cleo.take(OPEN_CHARACTERS / 2);
  await assert.rejects(sendTree(client, path), busy);
  assert.deepEqual(world.names("shared"), []);
  cleo.close();
  assert.equal((await sendTree(client, path)).files.new, 20);
  cleo.take(OPEN_CHARACTERS / 2);
  await assert.rejects(fetchTree(world, client), busy);
  cleo.close();
  assert.equal((await fetchTree(world, client)).files.new, 20);
  // Of none of them anything is left.
  ben.take(10 * (NODE_CHARACTERS + 5));
  cleo.take(OPEN_CHARACTERS / 2);
});
