import assert from "node:assert/strict";
import { HandClock } from "../../tests/hand_clock.ts";
import type { Carrying, ZstdCodec } from "../protocol/zstd.ts";
import { type Body, type Compress, Compression, ZSTD_FEATURE } from "./compression.ts";

const MB = 1_000_000;
/** Bytes of a piece, and how fast they are compressed: 5 ms each. */
const PIECE = MB;
const COMPRESSOR = 200 * MB;

interface WorldOptions {
  readonly when?: Compress;
  /** What a piece becomes, of itself. */
  readonly ratio: number;
  /** Bytes the link takes in a second. */
  readonly link: number;
  readonly features?: readonly string[];
  /** Whether the peer wants all compressed. */
  readonly always?: boolean;
}

/** A connection whose link and compressor take the time that they are said to. */
class World {
  readonly clock = new HandClock();
  readonly compression: Compression;
  ratio: number;
  link: number;
  loaded = 0;
  /** Pieces that were compressed, whether or not they travelled so. */
  tried = 0;

  constructor(
    { when = "auto", ratio, link, features = [ZSTD_FEATURE], always }: WorldOptions,
  ) {
    this.ratio = ratio;
    this.link = link;
    const codec: ZstdCodec = {
      compress: ({ bytes, id }) => {
        this.tried++;
        this.clock.move(bytes.length / COMPRESSOR * 1_000);
        const length = Math.round(bytes.length * this.ratio);
        return { kind: "zstd", id, type: 1, length: bytes.length, bytes: new Uint8Array(length) };
      },
      decompress: () => assert.fail("nothing is received here"),
    };
    const load = () => {
      this.loaded++;
      return Promise.resolve(codec);
    };
    this.compression = new Compression(when, { clock: this.clock, load });
    this.compression.agree(features, always);
  }

  /** Sends one piece after the other; tells by a letter for each whether it was compressed. */
  async pieces(count: number, body: Body, size = PIECE): Promise<string> {
    let sent = "";
    for (let piece = 0; piece < count; piece++) {
      const plain: Carrying = { kind: "pack", id: 1, bytes: new Uint8Array(size) };
      const message = await body.packed(plain);
      await body.sent(message, () => {
        this.clock.move(message.bytes.length / this.link * 1_000);
        return Promise.resolve();
      });
      sent += message === plain ? "." : "z";
    }
    return sent;
  }

  /** The same for all of one file. */
  async file(count: number, isSecret = false): Promise<string> {
    let sent = "";
    await this.compression.body(isSecret, async (body) => {
      sent = await this.pieces(count, body);
    });
    return sent;
  }
}

Deno.test("Compression is off by itself on a fast link, and loads nothing there", async () => {
  const world = new World({ ratio: 0.1, link: 120 * MB });
  assert.equal(await world.file(500), ".".repeat(500));
  assert.equal(world.loaded, 0);
});

Deno.test("Compression begins by itself once a link has been slow for 200 ms, and stays", async () => {
  const world = new World({ ratio: 0.3, link: 10 * MB });
  assert.equal(await world.file(10), "..zzzzzzzz");
  assert.equal(await world.file(5), "zzzzz");
});

Deno.test("Compression takes no pause of a fast link for slowness", async () => {
  const world = new World({ ratio: 0.3, link: 500 * MB });
  await world.compression.body(false, async (body) => {
    for (let round = 0; round < 20; round++) {
      assert.equal(await world.pieces(20, body), ".".repeat(20));
      world.link = 5.5 * MB;
      assert.equal(await world.pieces(1, body), ".");
      world.link = 500 * MB;
    }
  });
  assert.equal(world.loaded, 0);
});

Deno.test("Compression leaves alone what does not shrink, for twice as long each time", async () => {
  const world = new World({ ratio: 0.95, link: 10 * MB });
  assert.equal(await world.file(1_000), ".".repeat(1_000));
  assert.equal(world.tried, 10);
  await world.compression.body(false, async (body) => {
    assert.equal(await world.pieces(6, body), "......");
    // What begins to shrink within a file is found.
    world.ratio = 0.5;
    assert.equal(await world.pieces(6, body), "....zz");
  });
});

Deno.test("Compression is off where it takes longer than it saves", async () => {
  // It would save a tenth of 20 ms, and takes 5.
  const slow = new World({ ratio: 0.88, link: 50 * MB });
  assert.equal(await slow.file(100), ".".repeat(100));
  const slower = new World({ ratio: 0.88, link: 10 * MB });
  assert.equal(await slower.file(4), "..zz");
});

Deno.test("Compression ends once the link has become fast", async () => {
  const world = new World({ ratio: 0.3, link: 10 * MB });
  await world.file(10);
  world.link = 800 * MB;
  assert.match(await world.file(400), /^z{14}\.+$/);
});

Deno.test("Compression counts all that is sent at once: they share one thread", async () => {
  const worlds = Array.from({ length: 64 }, () => new World({ ratio: 0.3, link: 12 * MB }));
  const sent = await Promise.all(worlds.map((world) => world.file(20)));
  assert.ok(sent.every((pieces) => !pieces.includes("z")));
  assert.ok(worlds.every(({ loaded }) => loaded === 0));
  const few = Array.from({ length: 4 }, () => new World({ ratio: 0.3, link: 12 * MB }));
  for (const pieces of await Promise.all(few.map((world) => world.file(20)))) {
    assert.ok(pieces.endsWith("zzzz"), pieces);
  }
});

Deno.test("Compression that is on takes all that shrinks, however fast the link", async () => {
  for (const how of [{ when: "on" }, { always: true }] as const) {
    const world = new World({ ratio: 0.97, link: 900 * MB, ...how });
    assert.equal(await world.file(20), "z".repeat(20));
    world.ratio = 1;
    assert.equal(await world.file(20), ".".repeat(20));
  }
});

Deno.test("Compression is off when it shall be, for a peer that does not take it, and for secrets", async () => {
  const slow = { ratio: 0.1, link: MB } as const;
  const off = new World({ ...slow, when: "off", always: false });
  const old = new World({ ...slow, when: "on", features: ["telepathy"] });
  assert.equal(await off.file(20) + await old.file(20), ".".repeat(40));
  for (const when of ["auto", "on"] as const) {
    const secret = new World({ ...slow, when });
    assert.equal(await secret.file(20, true), ".".repeat(20));
    assert.equal(secret.tried, 0);
  }
});

Deno.test("Compression judges many short writes together", async () => {
  const world = new World({ ratio: 0.3, link: 10 * MB });
  await world.compression.body(false, async (body) => {
    const sent = await world.pieces(1_000, body, 10_000);
    assert.match(sent, /^\.{200,320}z+\.?z+/);
  });
});
