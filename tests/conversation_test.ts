/** Whole conversations, a client's session against a server's, over connections in memory. */
import assert from "node:assert/strict";
import { FIRST_CHUNK_BYTES } from "../src/protocol/chunk.ts";
import type { ClientSession } from "../src/session/client_session.ts";
import { digestSource } from "../src/session/chunk_reader.ts";
import type { Item, Receipt, Room } from "../src/storage/store.ts";
import { fetchTree } from "./conversation/tree.ts";
import { MemorySource, World } from "./conversation/world.ts";
import { Random, seed } from "./random.ts";

const SIZES = [
  0,
  1,
  FIRST_CHUNK_BYTES - 1,
  FIRST_CHUNK_BYTES,
  FIRST_CHUNK_BYTES + 1,
  3 * FIRST_CHUNK_BYTES + 7,
];
const random = new Random(seed);

function send(
  client: ClientSession,
  room: Room,
  name: string,
  source: MemorySource,
): Promise<Receipt> {
  return client.upload({ room, name, source, conflict: "rename" });
}

function receive(
  world: World,
  client: ClientSession,
  room: "public" | "shared",
  name: string,
): Promise<Receipt> {
  return client.download({
    room,
    name,
    target: name,
    store: world.downloads,
    conflict: "rename",
    origin: "server",
  });
}

async function inTurn<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  for (const item of items) await work(item);
}

function failsWith(code: string): object {
  return { name: "FtError", code };
}

for (const size of SIZES) {
  Deno.test(`conversation: put, share, fetch and get of ${size} bytes (seed ${seed})`, async () => {
    await using world = new World();
    const { client, served } = world.talk({ seed });
    const bytes = random.bytes(size);
    const digest = await digestSource(new MemorySource(bytes), "a");

    const put = await send(client, "private", "a.bin", new MemorySource(bytes));
    assert.deepEqual(put, { name: "a.bin", size, digest, outcome: "new" });
    assert.deepEqual(world.read("private", "a.bin"), bytes);

    const shared = await send(client, "shared", "b.bin", new MemorySource(bytes));
    assert.deepEqual(shared, { name: "b.bin", size, digest, outcome: "new" });
    const fetched = await receive(world, client, "shared", "b.bin");
    assert.deepEqual(fetched, { name: "b.bin", size, digest, outcome: "new" });
    assert.deepEqual(world.read("downloads", "b.bin"), bytes);
    assert.equal(Deno.statSync(world.path("downloads", "b.bin")).mtime?.getTime(), 1.7e12);

    world.lay("public", "c.bin", bytes);
    assert.equal((await receive(world, client, "public", "c.bin")).digest, digest);
    assert.deepEqual(world.read("downloads", "c.bin"), bytes);

    await client.close();
    assert.equal(await served, undefined);
    const lines = world.reports.map(({ action, name, failure }) => [action, name, failure]);
    assert.deepEqual(lines, [
      ["put", "a.bin", undefined],
      ["share", "b.bin", undefined],
      ["fetch", "b.bin", undefined],
      ["get", "c.bin", undefined],
    ]);
  });

  Deno.test(`conversation: a stream that turns out to have ${size} bytes (seed ${seed})`, async () => {
    await using world = new World();
    const { client } = world.talk({ seed });
    const bytes = random.bytes(size);
    const digest = await digestSource(new MemorySource(bytes), "a");
    const receipt = await send(client, "shared", "a", new MemorySource(bytes, { stream: true }));
    assert.deepEqual(receipt, { name: "a", size, digest, outcome: "new" });
    assert.deepEqual(world.read("shared", "a"), bytes);
  });
}

Deno.test("conversation: a list comes in pages, oldest first, and tags bind to the entry", async () => {
  await using world = new World();
  const { client } = world.talk({ seed });
  for (let number = 0; number < 250; number++) {
    const name = `file ${number}`;
    world.lay("public", name, new Uint8Array(number));
    Deno.utimeSync(world.path("public", name), 1_000 + number, 1_000 + number);
  }
  const pages: (readonly Item[])[] = [];
  await client.list({ room: "public" }, (page) => pages.push(page));
  assert.deepEqual(pages.map((page) => page.length), [100, 100, 50]);
  const items = pages.flat();
  assert.deepEqual(items.map(({ size }) => size), [...items.keys()]);

  const { name, tag } = items[7] as Item;
  const request = {
    room: "public",
    name,
    tag,
    target: name,
    store: world.downloads,
    conflict: "rename",
    origin: "server",
  } as const;
  assert.equal((await client.download(request)).size, 7);
  world.lay("public", name, new Uint8Array(8));
  await assert.rejects(client.download(request), failsWith("stale"));

  const none: (readonly Item[])[] = [];
  await client.list({ room: "shared" }, (page) => none.push(page));
  assert.deepEqual(none, [[]]);
  await assert.rejects(client.list({ room: "private" }, () => {}), failsWith("denied"));
});

Deno.test("conversation: what a list shows is there, whatever form its name has on the disk", async () => {
  await using world = new World();
  const { client, served } = world.talk({ seed });
  // Composed and decomposed in one, and a sign that another stands for.
  for (const part of ["\u00e9u\u0308", "\u212b"]) {
    for (const room of ["public", "shared"] as const) {
      Deno.mkdirSync(world.path(room, `in ${part}`));
      const bytes = random.bytes(FIRST_CHUNK_BYTES + 1);
      for (const name of [part, `in ${part}/${part}`]) world.lay(room, name, bytes);
    }
  }
  for (const room of ["public", "shared"] as const) {
    const items: Item[] = [];
    await client.list({ room }, (page) => void items.push(...page));
    assert.equal(items.length, 4);
    for (const { name, tag } of items) {
      const request = {
        room,
        name,
        target: "a",
        store: world.downloads,
        origin: "server",
      } as const;
      const { digest } = await client.download({ ...request, conflict: "rename" });
      assert.equal((await client.about(room, name)).digest, digest);
      await client.download({ ...request, tag, conflict: "rename" });
      const [folder = "", inner] = name.split("/");
      if (inner === undefined) continue;
      const { files, failures } = await fetchTree(world, client, folder, { room });
      assert.deepEqual([files.new, failures], [1, []]);
      assert.ok(world.names("downloads").includes(folder));
      Deno.removeSync(world.path("downloads", folder), { recursive: true });
    }
  }
  // Whoever has the server takes back what was put there by hand.
  for (const { name } of (await Array.fromAsync(world.store.pages("shared"))).flat()) {
    await world.store.unshare(name);
  }
  assert.deepEqual((await Array.fromAsync(world.store.pages("shared"))).flat(), []);
  // Who asks for a folder as a file is told that there is none, and is not reported for it.
  const folder = "in \u00c5";
  await assert.rejects(receive(world, client, "public", folder), failsWith("not_found"));
  await client.close();
  await served;
  assert.deepEqual([...new Set(world.reports.map(({ failure }) => failure))], [undefined]);
});

Deno.test(`conversation: 200 small files pipelined on one connection (seed ${seed})`, async () => {
  await using world = new World();
  const { client } = world.talk({ seed });
  const files = Array.from({ length: 200 }, (_, at) => ({
    name: `f${at}`,
    bytes: random.bytes(random.between(0, 9_000)),
  }));
  // As many at once as a connection may have open.
  for (let at = 0; at < files.length; at += 50) {
    const some = files.slice(at, at + 50);
    await Promise.all(
      some.map(({ name, bytes }) => send(client, "shared", name, new MemorySource(bytes))),
    );
  }
  for (const { name, bytes } of files) assert.deepEqual(world.read("shared", name), bytes);
  for (let at = 0; at < files.length; at += 50) {
    const some = files.slice(at, at + 50);
    await Promise.all(some.map(({ name }) => receive(world, client, "shared", name)));
  }
  for (const { name, bytes } of files) assert.deepEqual(world.read("downloads", name), bytes);
});

for (const room of [512, 256 * 1024]) {
  Deno.test(`conversation: uploads and downloads at once with ${room} bytes under way`, async () => {
    await using world = new World();
    const { client } = world.talk({ seed, room });
    const files = Array.from({ length: 12 }, (_, at) => ({
      name: `f${at}`,
      bytes: random.bytes(at % 4 === 0 ? 5_000 : FIRST_CHUNK_BYTES + at),
    }));
    for (const { name, bytes } of files) world.lay("public", name, bytes);
    // Both sides are in the middle of a body while both are asked what they hold of the next.
    const lanes = [0, 1, 2].flatMap((lane) => {
      const own = files.filter((_, at) => at % 3 === lane);
      return [
        inTurn(own, ({ name, bytes }) => send(client, "private", name, new MemorySource(bytes))),
        inTurn(own, ({ name }) => receive(world, client, "public", name)),
      ];
    });
    await Promise.all(lanes);
    for (const { name, bytes } of files) {
      assert.deepEqual(world.read("private", name), bytes);
      assert.deepEqual(world.read("downloads", name), bytes);
    }
  });
}

Deno.test("conversation: failures in between do not disturb the others", async () => {
  await using world = new World();
  const { client, served } = world.talk({ seed });
  const bytes = random.bytes(2 * FIRST_CHUNK_BYTES);
  world.lay("public", "there", bytes);
  const small = (name: string, room: Room = "shared") =>
    send(client, room, name, new MemorySource(random.bytes(100)));
  const results = await Promise.allSettled([
    send(client, "shared", "one", new MemorySource(bytes)),
    small("../out"),
    small("in the wrong room", "public"),
    receive(world, client, "public", "missing"),
    receive(world, client, "public", "there"),
    small("/absolute"),
    client.list({ room: "private" }, () => {}),
    client.upload({
      room: "shared",
      name: "two",
      source: new MemorySource(bytes),
      conflict: "fail",
    }),
    small("con\u0007trol"),
    small("three"),
  ]);
  const codes = results.map((result) =>
    result.status === "fulfilled" ? "ok" : (result.reason as { code: string }).code
  );
  assert.deepEqual(codes, [
    "ok",
    "bad_name",
    "denied",
    "not_found",
    "ok",
    "bad_name",
    "denied",
    "ok",
    "bad_name",
    "ok",
  ]);
  assert.deepEqual(world.names("shared"), ["one", "three", "two"]);
  assert.deepEqual(world.read("downloads", "there"), bytes);
  await client.close();
  assert.equal(await served, undefined);
});

Deno.test("conversation: what is there already is not sent again", async () => {
  await using world = new World();
  const { client, link } = world.talk();
  const bytes = random.bytes(2 * FIRST_CHUNK_BYTES);
  const first = await send(client, "shared", "a", new MemorySource(bytes));
  const before = link.carried("up");
  const again = await send(client, "shared", "a", new MemorySource(bytes));
  assert.deepEqual(again, { ...first, outcome: "same" });
  assert(link.carried("up") - before < 1_000);

  assert.equal((await receive(world, client, "shared", "a")).outcome, "new");
  const down = link.carried("down");
  assert.equal((await receive(world, client, "shared", "a")).outcome, "same");
  assert(link.carried("down") - down < 1_000);
  // A different file of that name is kept beside it.
  world.lay("downloads", "a", random.bytes(bytes.length));
  assert.equal((await receive(world, client, "shared", "a")).name, "a (2)");
  assert.deepEqual(world.read("downloads", "a (2)"), bytes);
});

Deno.test("conversation: what has another size each time it is asked for still arrives", async () => {
  await using world = new World();
  const { client } = world.talk();
  const [before, after] = [2, 3].map((count) => random.bytes(count * FIRST_CHUNK_BYTES));
  assert.ok(before && after);
  world.lay("downloads", "a", random.bytes(1));
  world.lay("downloads", "a (2)", random.bytes(before.length));
  world.lay("downloads", "a (3)", random.bytes(after.length));
  world.lay("public", "a", before);
  let asked = 0;
  const receipt = await client.download({
    room: "public",
    name: "a",
    target: "a",
    store: world.downloads,
    conflict: "rename",
    origin: "server",
    wants: () => {
      if (++asked < 3) world.lay("public", "a", asked === 1 ? after : before);
      return true;
    },
  });
  // Each size is one that is there: it is asked for its digest, once.
  assert.equal(asked, 3);
  assert.deepEqual([receipt.name, receipt.outcome], ["a (4)", "new"]);
  assert.deepEqual(world.read("downloads", "a (4)"), before);
});

Deno.test("conversation: a transfer that begins after the end fails at once", async () => {
  await using world = new World();
  const { client, link, served } = world.talk();
  await client.list({ room: "shared" }, () => {});
  // The server's process is gone: its end of the connection closes without a word.
  link.server.abort();
  await served;
  await assert.rejects(client.list({ room: "shared" }, () => {}), failsWith("lost"));
  for (let attempt = 0; attempt < 3; attempt++) {
    const source = new MemorySource(random.bytes(10));
    await assert.rejects(send(client, "shared", "a", source), failsWith("lost"));
    await assert.rejects(receive(world, client, "shared", "a"), failsWith("lost"));
  }
});

Deno.test("conversation: a server that stops says so, and nothing begins after that", async () => {
  await using world = new World();
  const { client, server, served } = world.talk();
  await client.list({ room: "shared" }, () => {});
  const { FtError } = await import("../src/error.ts");
  await server.end(new FtError("closing"));
  assert.equal((await served)?.code, "closing");
  const source = new MemorySource(random.bytes(10));
  await assert.rejects(send(client, "shared", "a", source), failsWith("closing"));
});
