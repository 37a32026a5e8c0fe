/** The same bad manners once more through encryption, and some that only encryption makes possible. */
import assert from "node:assert/strict";
import { FRAME_BYTES, OPEN_TRANSFERS } from "../../src/protocol/limits.ts";
import { FRAME_TYPES } from "../../src/protocol/message.ts";
import { makeIdentity } from "../../src/transport/identity.ts";
import { serve } from "../../src/verbs/serve.ts";
import { assertBytes, namesIn, until, writeFile } from "../files.ts";
import { done, Place } from "../process.ts";
import { BYTES, chunkOf, failure, offer, refusal } from "./pieces.ts";
import { rawFrame, type RawPeer, rawPeer } from "./raw_peer.ts";

const { certificate, key } = await makeIdentity();

/** Everything in the rooms of a root. */
function rooms(root: string): string[] {
  return ["uploads", "shared_files", "shared_uploads"].flatMap((room) =>
    namesIn(`${root}/${room}`).map((name) => `${room}/${name}`)
  );
}

/** A test against the program itself: nothing appears, and the next user is served. */
function hostile(name: string, act: (peer: RawPeer, address: string) => Promise<void>): void {
  Deno.test(`hostile client, encrypted: ${name}`, async () => {
    await using place = new Place();
    const server = await place.serve({ args: ["--handshake-timeout=2s"] });
    writeFile(server.path("shared_files/public.bin"), BYTES);
    writeFile(server.path("uploads/private.txt"), "private");
    const before = rooms(server.root);
    const peer = await rawPeer(server.address);
    try {
      await act(peer, server.address);
      assert.deepEqual(rooms(server.root), before);
      const ana = place.client("ana", server.address);
      ana.write("mine.bin", BYTES);
      await done(ana, "share", "mine.bin");
      await done(ana, "fetch", "mine.bin", "-o", "back.bin");
      assertBytes(ana.path("back.bin"), BYTES);
    } finally {
      peer.abort();
    }
    await until("an empty staging folder", () => namesIn(server.path(".ft/staging")).length === 0);
  });
}

/** Frames one after the other in one write. */
function many(frame: Uint8Array<ArrayBuffer>, count: number): Promise<Uint8Array<ArrayBuffer>> {
  return new Response(new Blob(Array(count).fill(frame))).bytes();
}

hostile("another protocol", async (peer) => {
  await peer.write(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
  assert.equal(await peer.ending(), "protocol");
});

hostile("a version that nobody speaks", async (peer) => {
  await peer.preamble(99);
  assert.equal((await peer.expect("error")).code, "version");
});

for (
  const [what, type, length] of [
    ["of 4 GiB", FRAME_TYPES.entry, 0xffff_ffff],
    ["just over the limit", FRAME_TYPES.chunk, FRAME_BYTES + 1],
  ] as const
) {
  hostile(`a frame ${what}`, async (peer) => {
    await peer.greet();
    await peer.write(rawFrame(type, 1, "", length));
    assert.equal(await peer.ending(), "protocol");
  });
}

hostile("100,000 PINGs", async (peer) => {
  await peer.greet();
  const block = await many(rawFrame(FRAME_TYPES.ping, 0, ""), 10_000);
  for (let at = 0; at < 10; at++) await peer.write(block);
  await peer.say({ kind: "list", id: 1, room: "shared" });
  await peer.expect("items");
});

hostile("100,000 frames that nobody knows", async (peer) => {
  await peer.greet();
  const block = await many(rawFrame(0x7f, 9, "?"), 10_000);
  for (let at = 0; at < 10; at++) await peer.write(block);
  await peer.say({ kind: "list", id: 1, room: "shared" });
  await peer.expect("items");
});

hostile("words before HELLO", async (peer) => {
  await peer.preamble();
  await peer.say({ kind: "request", id: 1, room: "public", name: "public.bin" });
  assert.equal(await peer.ending(), "protocol");
});

hostile("names that lead out", async (peer) => {
  await peer.greet();
  let id = 0;
  for (const name of ["../uploads/private.txt", "/etc/passwd", "..\\x", "a/../../x", ".ft/token"]) {
    assert.equal(await refusal(peer, ++id, "public", name), "bad_name");
    const [told] = await offer(peer, ++id, { name });
    assert.equal(told?.kind === "error" && told.code, "bad_name");
  }
});

hostile("a wrong digest", async (peer) => {
  await peer.greet();
  await offer(peer, 1);
  await peer.say({
    kind: "chunk",
    id: 1,
    chunk: 0,
    bytes: BYTES.slice(0, 2 ** 20),
    digest: new Uint8Array(32),
  });
  assert.equal(await failure(peer, 1), "digest");
});

hostile("its end in the middle of a chunk", async (peer) => {
  await peer.greet();
  await offer(peer, 1);
  await peer.say({ kind: "data", id: 1, chunk: 0, bytes: BYTES.slice(0, 100) });
  await peer.end();
  assert.equal(await peer.ending(), "silence");
});

hostile("asking for much and reading nothing", async (peer) => {
  await peer.greet();
  for (let id = 1; id <= OPEN_TRANSFERS; id++) {
    await peer.say({ kind: "request", id, room: "public", name: "public.bin" });
  }
});

hostile("100 connections that stop in the middle of the handshake", async (_, address) => {
  const [hostname = "", port] = address.split(":");
  // The beginning of a ClientHello.
  const hello = new Uint8Array([22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]);
  const strangers = await Promise.all(
    Array.from({ length: 100 }, () => Deno.connect({ hostname, port: Number(port) })),
  );
  for (const stranger of strangers) await stranger.write(hello);
  // All of them are let go, and their places with them.
  for (const stranger of strangers) {
    const block = new Uint8Array(1_000);
    try {
      while (await stranger.read(block) !== null);
    } catch {
      // It was let go without a word.
    }
    stranger.close();
  }
});

/** No TLS at all, in place of the handshake. */
const NO_TLS: readonly (readonly [string, Uint8Array<ArrayBuffer>])[] = [
  ["FT without encryption", new TextEncoder().encode("FT\r\n\0\u0001\0\0")],
  ["HTTP", new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n")],
  ["a record of 64 KiB", new Uint8Array(70_000).fill(0xff).fill(22, 0, 1).fill(3, 1, 2)],
  ["alerts", new Uint8Array([21, 3, 3, 0, 2, 1, 0, 21, 3, 3, 0, 2, 2, 40])],
  ["encrypted bytes before any key", new Uint8Array([23, 3, 3, 0, 4, 1, 2, 3, 4])],
  ["zeros", new Uint8Array(10_000)],
];

for (const [what, bytes] of NO_TLS) {
  hostile(`${what} in place of the handshake`, async (_, address) => {
    const [hostname = "", port] = address.split(":");
    const stranger = await Deno.connect({ hostname, port: Number(port) });
    const heard: number[] = [];
    try {
      await stranger.write(bytes);
      const block = new Uint8Array(1_000);
      for (let count = await stranger.read(block); count !== null;) {
        heard.push(...block.subarray(0, count));
        count = await stranger.read(block);
      }
    } catch {
      // It was let go before it was done.
    }
    stranger.close();
    // Not one word of FT without encryption.
    const text = new TextDecoder("latin1").decode(new Uint8Array(heard));
    assert(!text.includes("FT\r\n") && !text.includes("protocol"), text);
  });
}

/** Deadlines as short as no option lets one make them. */
const SHORT = { handshakeTimeout: 400, frameTimeout: 400, idleTimeout: 1_200 };

/** A test of a peer that is too slow: the code that it is told, if anything. */
function slow(name: string, act: (peer: RawPeer) => Promise<string>, code: string): void {
  Deno.test(`hostile client, encrypted: ${name}`, async () => {
    const base = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "ft-tls-" }));
    writeFile(`${base}/state/server.pem`, certificate + key);
    const server = await serve({
      hostname: "127.0.0.1",
      port: 0,
      root: `${base}/root`,
      security: { kind: "own", state: `${base}/state` },
      limits: SHORT,
    });
    const [slow, honest] = [await rawPeer(server.address), await rawPeer(server.address)];
    try {
      const began = performance.now();
      assert.equal((await honest.greet())?.kind, "welcome");
      assert.equal(await act(slow), code);
      const took = performance.now() - began;
      assert(took < 10_000, `it was cut after ${took} ms`);
      assert.deepEqual(rooms(`${base}/root`), []);
      const next = await rawPeer(server.address);
      assert.equal((await next.greet())?.kind, "welcome");
      next.abort();
    } finally {
      slow.abort();
      honest.abort();
      await server.stop();
      Deno.removeSync(base, { recursive: true });
    }
  });
}

/** Writes byte after byte, for as long as the other side bears it. */
async function trickle(peer: RawPeer, bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  let over = false;
  const ending = peer.ending().finally(() => over = true);
  for (let at = 0; !over; at++) {
    await peer.write(bytes.slice(at % bytes.length, at % bytes.length + 1));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return await ending;
}

slow("silence in place of a greeting", (peer) => peer.ending(), "timeout");

slow("a greeting of a byte at a time", async (peer) => {
  await peer.preamble();
  return await trickle(peer, rawFrame(FRAME_TYPES.hello, 0, " ".repeat(10_000)));
}, "timeout");

slow("PINGs in place of a greeting", async (peer) => {
  await peer.preamble();
  return await trickle(peer, rawFrame(FRAME_TYPES.ping, 0, ""));
}, "timeout");

slow("half a frame and silence", async (peer) => {
  await peer.greet();
  await peer.write(rawFrame(FRAME_TYPES.entry, 1, "{", 1_000));
  return await peer.ending();
}, "timeout");

slow("half a header and silence", async (peer) => {
  await peer.greet();
  await peer.write(new Uint8Array(5));
  return await peer.ending();
}, "timeout");

slow("a frame of a byte at a time", async (peer) => {
  await peer.greet();
  return await trickle(peer, rawFrame(FRAME_TYPES.entry, 1, " ".repeat(10_000)));
}, "timeout");

slow("a transfer and silence", async (peer) => {
  await peer.greet();
  await offer(peer, 1);
  await peer.say(await chunkOf(1, 0));
  return await peer.ending();
}, "timeout");
