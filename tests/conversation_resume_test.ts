/** Conversations that are cut, sources that change, and what goes on from there. */
import assert from "node:assert/strict";
import { FIRST_CHUNK_BYTES } from "../src/protocol/chunk.ts";
import { DIGEST_BYTES, sha256 } from "../src/protocol/digest.ts";
import type { Partial, Receipt, Room, StageRequest, Store } from "../src/storage/store.ts";
import { MemorySource, type Talk, type TalkOptions, World } from "./conversation/world.ts";
import type { Direction } from "./memory_connection.ts";
import { Random, seed } from "./random.ts";

const MiB = FIRST_CHUNK_BYTES;
const random = new Random(seed);

/** What one cut may cost: the chunk it hits, and what was read and not yet looked at. */
const LOST_BYTES = 3 * MiB;

function failsWith(code: string): object {
  return { name: "FtError", code };
}

/** Cuts the link once so many bytes have arrived in a direction. */
function cutAt(
  direction: Direction,
  bytes: number,
): { options: TalkOptions; of: (t: Talk) => Talk } {
  let talk: Talk | undefined;
  return {
    options: {
      onCarried: (way, carried) => {
        if (way === direction && carried >= bytes) talk?.link.cut();
      },
    },
    of: (begun) => talk = begun,
  };
}

function upload(
  { client }: Talk,
  source: MemorySource,
  about: { onReady?: (held: number) => void; onChanged?: (held: number, kept: number) => void } =
    {},
): Promise<Receipt> {
  return client.upload({ room: "shared", name: "a", source, conflict: "rename", ...about });
}

/** Changes one byte of a chunk. */
function withOther(bytes: Uint8Array<ArrayBuffer>, ...chunks: number[]): Uint8Array<ArrayBuffer> {
  const other = bytes.slice();
  for (const chunk of chunks) other[chunk * MiB + 5] = (other[chunk * MiB + 5] ?? 0) ^ 1;
  return other;
}

Deno.test(`resume: an upload cut at random points sends little twice (seed ${seed})`, async () => {
  await using world = new World();
  const bytes = random.bytes(12 * MiB + 77);
  let carried = 0;
  let cuts = 0;
  let held = 0;
  for (;;) {
    const cut = cutAt("up", random.between(1, 6 * MiB));
    const talk = cut.of(world.talk({ seed: seed + cuts, ...cut.options }));
    const onReady = (now: number) => {
      assert(now >= held, `${now} bytes held after ${held}`);
      held = now;
    };
    const receipt = await upload(talk, new MemorySource(bytes), { onReady }).catch((thrown) => {
      assert.equal(thrown.code, "lost");
      return undefined;
    });
    carried += talk.link.carried("up");
    if (receipt !== undefined) break;
    cuts++;
    assert.deepEqual(world.names("shared"), []);
    assert(cuts < 200, "it comes to an end");
  }
  assert.deepEqual(world.names("shared"), ["a"]);
  assert.deepEqual(world.read("shared", "a"), bytes);
  const again = carried - bytes.length;
  assert(again <= (cuts + 1) * LOST_BYTES, `${again} bytes sent again for ${cuts} cuts`);
});

Deno.test(`resume: a download cut at random points sends little twice (seed ${seed})`, async () => {
  await using world = new World();
  const bytes = random.bytes(12 * MiB + 77);
  world.lay("public", "a", bytes);
  // So old that its version has a name that lasts.
  Deno.utimeSync(world.path("public", "a"), 1_000, 1_000);
  let carried = 0;
  let cuts = 0;
  for (;;) {
    const cut = cutAt("down", random.between(1, 6 * MiB));
    const talk = cut.of(world.talk({ seed: seed + cuts, ...cut.options }));
    const receipt = await world.download(talk).catch((thrown) => {
      assert.equal(thrown.code, "lost");
      return undefined;
    });
    carried += talk.link.carried("down");
    if (receipt !== undefined) break;
    cuts++;
    assert.deepEqual(world.names("downloads"), []);
    assert(cuts < 200, "it comes to an end");
  }
  assert.deepEqual(world.read("downloads", "a"), bytes);
  const again = carried - bytes.length;
  assert(again <= (cuts + 1) * LOST_BYTES, `${again} bytes sent again for ${cuts} cuts`);
});

Deno.test("resume: nothing that is held is read again while the source is the same", async () => {
  await using world = new World();
  const bytes = random.bytes(8 * MiB);
  const cut = cutAt("up", 5 * MiB);
  await assert.rejects(
    upload(cut.of(world.talk(cut.options)), new MemorySource(bytes)),
    failsWith("lost"),
  );
  const source = new MemorySource(bytes);
  let held = 0;
  await upload(world.talk(), source, { onReady: (bytes) => held = bytes });
  assert(held >= 3 * MiB);
  assert.equal(source.taken, bytes.length - held);
});

Deno.test("resume: of another version only the chunks that differ travel, and it is told", async () => {
  await using world = new World();
  const bytes = random.bytes(8 * MiB);
  const cut = cutAt("up", 6 * MiB);
  await assert.rejects(
    upload(cut.of(world.talk(cut.options)), new MemorySource(bytes)),
    failsWith("lost"),
  );
  const other = withOther(bytes, 1, 3);
  const talk = world.talk();
  const told: number[][] = [];
  const receipt = await upload(talk, new MemorySource(other, { version: "v2" }), {
    onChanged: (held, kept) => told.push([held, kept]),
  });
  assert.equal(receipt.outcome, "new");
  assert.deepEqual(world.read("shared", "a"), other);
  assert.equal(told.length, 1);
  const [held = 0, kept = 0] = told[0] ?? [];
  assert(held >= 4 * MiB, `${held}`);
  assert.equal(kept, held - 2 * MiB);
  const sent = talk.link.carried("up");
  assert(sent - (other.length - kept) < 10_000, `${sent} bytes for ${other.length - kept}`);
});

Deno.test("resume: of a file that changed on the server only the difference travels", async () => {
  await using world = new World();
  const bytes = random.bytes(8 * MiB);
  world.lay("public", "a", bytes);
  const cut = cutAt("down", 6 * MiB);
  await assert.rejects(world.download(cut.of(world.talk(cut.options))), failsWith("lost"));
  const other = withOther(bytes, 0);
  world.lay("public", "a", other);
  const talk = world.talk();
  let held = 0;
  await world.download(talk, { onReady: (bytes) => held = bytes });
  assert.deepEqual(world.read("downloads", "a"), other);
  assert(held >= 4 * MiB);
  assert(talk.link.carried("down") < other.length - held + MiB + 10_000);
});

Deno.test("resume: bytes of a version that was given up are not taken for the one before", async () => {
  await using world = new World();
  const bytes = random.bytes(4 * MiB);
  const cut = cutAt("up", 3.5 * MiB);
  await assert.rejects(
    upload(cut.of(world.talk(cut.options)), new MemorySource(bytes)),
    failsWith("lost"),
  );
  // Chunk 0 of the next version is broken on its way, after it was written over the old one.
  const other = withOther(bytes, 0);
  const tampered = world.talk({
    tamper: (bytes, direction, offset) => {
      const at = 500_000 - offset;
      if (direction === "up" && at >= 0 && at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ 0xff;
    },
  });
  const broken = upload(tampered, new MemorySource(other, { version: "v2" }));
  await assert.rejects(broken, failsWith("digest"));
  // The user takes the change back.
  await upload(world.talk(), new MemorySource(bytes));
  assert.deepEqual(world.read("shared", "a"), bytes);
});

for (const way of ["up", "down"] as const) {
  Deno.test(`conversation: a bit that flips on its way ${way} is noticed, and mended`, async () => {
    await using world = new World();
    const bytes = random.bytes(3 * MiB);
    world.lay("public", "a", bytes);
    const where = random.between(200_000, 3 * MiB - 200_000);
    const talk = world.talk({
      tamper: (bytes, direction, offset) => {
        const at = where - offset;
        if (direction === way && at >= 0 && at < bytes.length) {
          bytes[at] = (bytes[at] ?? 0) ^ (1 << random.between(0, 8));
        }
      },
    });
    const move = (talk: Talk) =>
      way === "up" ? upload(talk, new MemorySource(bytes)) : world.download(talk);
    const place = way === "up" ? "shared" : "downloads";
    await assert.rejects(move(talk), failsWith("digest"));
    assert.deepEqual(world.names(place), []);
    // The same connection still serves.
    assert.equal((await move(talk)).outcome, "new");
    assert.deepEqual(world.read(place, "a"), bytes);
  });
}

Deno.test("conversation: a source that changes while it is sent fails, and it alone", async () => {
  await using world = new World();
  const { client } = world.talk({ seed });
  const size = 3 * MiB;
  const bytes = random.bytes(size);
  const sources = ["shrinks", "grows", "is rewritten", "stays"].map((name) => ({
    name,
    source: new MemorySource(bytes),
  }));
  for (const { name, source } of sources) {
    source.onRead = (offset) => {
      if (offset < MiB) return;
      if (name === "shrinks") source.change(bytes.slice(0, MiB + 100));
      if (name === "grows") source.change(random.bytes(size + 5));
      if (name === "is rewritten") source.change(random.bytes(size));
    };
  }
  const results = await Promise.allSettled(
    sources.map(({ name, source }) =>
      client.upload({ room: "shared", name, source, conflict: "rename" })
    ),
  );
  const codes = results.map((result) =>
    result.status === "fulfilled" ? "ok" : (result.reason as { code: string }).code
  );
  assert.deepEqual(codes, ["changed", "changed", "changed", "ok"]);
  assert.deepEqual(world.names("shared"), ["stays"]);
  // The next run has the new version, whatever was kept of the old one.
  const after = random.bytes(size);
  const source = new MemorySource(after, { version: "v2" });
  await client.upload({ room: "shared", name: "is rewritten", source, conflict: "rename" });
  assert.deepEqual(world.read("shared", "is rewritten"), after);
});

Deno.test("conversation: chunks whose digests are known are not hashed again, and verified all the same", async () => {
  await using world = new World();
  const { client } = world.talk({ seed });
  const bytes = random.bytes(3 * MiB);
  const digests = new Uint8Array(3 * DIGEST_BYTES);
  for (let chunk = 0; chunk < 3; chunk++) {
    const digest = await sha256(bytes.slice(chunk * MiB, (chunk + 1) * MiB));
    digests.set(digest, chunk * DIGEST_BYTES);
  }
  let forgotten = 0;
  const send = (bytes: Uint8Array<ArrayBuffer>) => {
    const source = new MemorySource(bytes, { version: undefined });
    source.chunks = { digests, forget: () => forgotten++ };
    return client.upload({ room: "shared", name: "a", source, conflict: "fail" });
  };
  // The disk has lost a bit since they were made: nobody gets to see that as the file.
  const damaged = bytes.slice();
  damaged[2 * MiB + 7] = (damaged[2 * MiB + 7] ?? 0) ^ 1;
  await assert.rejects(send(damaged), failsWith("digest"));
  assert.deepEqual(world.names("shared"), []);
  assert.equal(forgotten, 1);
  await send(bytes);
  assert.deepEqual(world.read("shared", "a"), bytes);
  assert.equal(forgotten, 1);
});

/** A store that does something right after a file got its place, before its sender hears of it. */
function afterPublish(store: Store, then: () => void): Store {
  return {
    pages: (room, view) => store.pages(room, view),
    about: (room, name, view) => store.about(room, name, view),
    unshare: (name, view) => store.unshare(name, view),
    open: (room, name, tag) => store.open(room, name, tag),
    note: (room, name, source, digest) => store.note(room, name, source, digest),
    stage: async (request) => {
      const staged = await store.stage(request);
      if ("outcome" in staged) return staged;
      return {
        held: staged.held,
        version: staged.version,
        write: (offset, bytes) => staged.write(offset, bytes),
        keep: (index, digest) => staged.keep(index, digest),
        close: () => staged.close(),
        discard: () => staged.discard(),
        publish: async (size, digest) => {
          const receipt = await staged.publish(size, digest);
          then();
          return receipt;
        },
      };
    },
  };
}

for (const room of ["shared", "private"] as Room[]) {
  Deno.test(`conversation: a ${room} upload whose DONE was lost gets the same receipt`, async () => {
    await using world = new World();
    const bytes = random.bytes(2 * MiB);
    const talk: Talk = world.talk({ store: afterPublish(world.store, () => talk.link.cut()) });
    const request = { room, name: "a", conflict: "rename" } as const;
    const lost = talk.client.upload({ ...request, source: new MemorySource(bytes) });
    await assert.rejects(lost, failsWith("lost"));
    assert.deepEqual(world.names(room), ["a"]);
    // A later run reads the same file, whose version has the same name.
    const later = world.talk({ run: "run 2" });
    const receipt = await later.client.upload({ ...request, source: new MemorySource(bytes) });
    assert.equal(receipt.outcome, "same");
    assert.equal(receipt.name, "a");
    assert.equal(receipt.size, bytes.length);
    assert.deepEqual(world.names(room), ["a"]);
    const [report] = world.reports;
    assert.equal(report?.receipt?.digest, receipt.digest);
  });
}

Deno.test("conversation: a download is complete although the server is gone before it heard", async () => {
  await using world = new World();
  const bytes = random.bytes(2 * MiB);
  world.lay("public", "a", bytes);
  const talk = world.talk();
  const receipt = await talk.client.download({
    room: "public",
    name: "a",
    target: "a",
    store: afterPublish(world.downloads, () => talk.link.cut()),
    conflict: "rename",
    origin: "server",
  });
  assert.equal(receipt.outcome, "new");
  assert.deepEqual(world.read("downloads", "a"), bytes);
});

Deno.test("conversation: a run takes over from its own connection that died unnoticed", async () => {
  await using world = new World();
  const bytes = random.bytes(8 * MiB);
  const half = Promise.withResolvers<void>();
  let isHalf = false;
  const old: Talk = world.talk({
    onCarried: (direction, carried) => {
      if (isHalf || direction !== "up" || carried < 4 * MiB) return;
      isHalf = true;
      old.link.freeze();
      half.resolve();
    },
  });
  const dead = upload(old, new MemorySource(bytes));
  dead.catch(() => {});
  await half.promise;
  assert.equal(old.server.open, 1);
  let held = 0;
  const fresh = world.talk();
  const receipt = await upload(fresh, new MemorySource(bytes), { onReady: (now) => held = now });
  assert.equal(receipt.outcome, "new");
  assert(held >= 2 * MiB, `${held} bytes held`);
  assert.deepEqual(world.read("shared", "a"), bytes);
  // What the dead connection still had to say changes nothing.
  old.link.thaw();
  await assert.rejects(dead, (thrown: { code: string }) => {
    assert(["superseded", "lost"].includes(thrown.code), thrown.code);
    return true;
  });
  assert.deepEqual(world.names("shared"), ["a"]);
  assert.deepEqual(world.read("shared", "a"), bytes);
});

Deno.test("conversation: two owners send the same name at once, and both are kept", async () => {
  await using world = new World();
  const [ana, ben] = ["ana", "ben"].map((owner) => ({
    talk: world.talk({ owner, run: owner }),
    bytes: random.bytes(3 * MiB),
  }));
  assert(ana !== undefined && ben !== undefined);
  const receipts = await Promise.all(
    [ana, ben].map(({ talk, bytes }) => upload(talk, new MemorySource(bytes))),
  );
  assert.deepEqual(receipts.map(({ name }) => name).sort(), ["a", "a (2)"]);
  const [first, second] = receipts;
  assert(first !== undefined && second !== undefined);
  assert.deepEqual(world.read("shared", first.name), ana.bytes);
  assert.deepEqual(world.read("shared", second.name), ben.bytes);
});

/** A store that holds all of a huge file but its last chunks, and keeps only those. */
class HugeStore implements Store {
  readonly written = new Map<number, Uint8Array>();
  readonly #held: Partial["held"];

  constructor(chunks: number) {
    const digest = new Uint8Array(32).fill(7);
    this.#held = Array.from({ length: chunks }, (_, index) => ({ index, digest }));
  }

  pages(): [] {
    return [];
  }

  open(): Promise<never> {
    return Promise.reject(new Error("unused"));
  }

  note(): void {}

  about(): never {
    throw new Error("unused");
  }

  unshare(): never {
    throw new Error("unused");
  }

  stage({ name, version }: StageRequest): Promise<Partial> {
    return Promise.resolve({
      held: this.#held,
      version,
      write: (offset, bytes) => void this.written.set(offset, bytes.slice()),
      keep: () => {},
      publish: (size, digest) => Promise.resolve({ name, size, digest, outcome: "new" }),
      close: () => Promise.resolve(),
      discard: () => Promise.resolve(),
    });
  }
}

Deno.test("conversation: the chunks past 4 GiB come in several pieces", async () => {
  await using world = new World();
  const start = 4096 * MiB;
  const tail = random.bytes(2 * (2 * MiB) + 5);
  class HugeSource extends MemorySource {
    override readonly size = start + tail.length;
    override read(offset: number, into: Uint8Array): number {
      assert(offset >= start, "what is held is not read");
      return super.read(offset - start, into);
    }
  }
  const store = new HugeStore(4096);
  const talk = world.talk({ seed, store });
  let held = 0;
  const receipt = await upload(talk, new HugeSource(tail), { onReady: (now) => held = now });
  assert.equal(held, start);
  assert.equal(receipt.size, start + tail.length);
  const written = [...store.written].sort(([a], [b]) => a - b);
  const offsets = written.map(([offset]) => offset - start);
  assert.deepEqual(offsets, [0, MiB, 2 * MiB, 3 * MiB, 4 * MiB]);
  for (const [offset, bytes] of written) {
    assert.deepEqual(bytes, tail.slice(offset - start, offset - start + bytes.length));
  }
});
