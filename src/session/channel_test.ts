import assert from "node:assert/strict";
import { FtError } from "../error.ts";
import type { Message } from "../protocol/message.ts";
import { HEADER_BYTES, PREAMBLE_BYTES } from "../protocol/limits.ts";
import { rawFrame, RawPeer } from "../../tests/hostile/raw_peer.ts";
import { Link, type LinkOptions } from "../../tests/memory_connection.ts";
import { Random, seed } from "../../tests/random.ts";
import { Channel } from "./channel.ts";
import { DEADLINES, type Deadlines } from "./deadlines.ts";

const ping: Message = { kind: "ping", id: 0 };

function failsWith(code: string, side: "here" | "there" = "here") {
  return (thrown: unknown) => {
    assert(thrown instanceof FtError);
    assert.equal(`${thrown.code} ${thrown.side}`, `${code} ${side}`);
    return true;
  };
}

/** A channel of the server's side, and a peer that says what it likes. */
function serverAndPeer(
  deadlines: Partial<Deadlines> = {},
  options: LinkOptions = {},
): { channel: Channel; peer: RawPeer; link: Link } {
  const link = new Link(options);
  const channel = new Channel(link.server, {
    side: "server",
    deadlines: { ...DEADLINES, ...deadlines },
  });
  return { channel, peer: new RawPeer(link.client), link };
}

Deno.test(`Channel carries messages both ways in order, however cut (seed ${seed})`, async () => {
  const random = new Random(seed);
  const link = new Link({ seed, room: 10_000 });
  const client = new Channel(link.client, { side: "client" });
  const server = new Channel(link.server, { side: "server" });
  const messages = Array.from({ length: 60 }, (_, at): Message => ({
    kind: "data",
    id: at + 1,
    chunk: at,
    bytes: random.bytes(random.pick([1, 2, 100, 40_000, 100_000])),
  }));
  const heard = { client: [] as Message[], server: [] as Message[] };
  const running = [
    client.run((message) => void heard.client.push(message)),
    server.run((message) => void heard.server.push(message)),
  ];
  const sayAll = async (channel: Channel) => {
    for (const message of messages) await channel.send(message);
    await channel.finish();
  };
  await Promise.all([sayAll(client), sayAll(server), ...running]);
  client.close();
  server.close();
  assert.deepEqual(heard.client, messages);
  assert.deepEqual(heard.server, messages);
});

Deno.test("Channel says where in all that comes the rest of a payload is awaited", async () => {
  const link = new Link();
  const awaited: { position: number; length: number }[] = [];
  const place = (position: number, { length }: Uint8Array) => awaited.push({ position, length });
  const channel = new Channel({ ...link.server, place }, { side: "server" });
  const run = channel.run(() => {});
  const peer = new RawPeer(link.client);
  await peer.preamble();
  const frame = rawFrame(0, 1, new Uint8Array(1_000));
  await peer.write(frame.slice(0, HEADER_BYTES + 300));
  await peer.write(frame.slice(HEADER_BYTES + 300));
  await peer.end();
  await run.catch(() => {});
  channel.close();
  assert.deepEqual(awaited[0], { position: PREAMBLE_BYTES + HEADER_BYTES + 300, length: 700 });
});

Deno.test("Channel.run() waits for a dispatch before the next message", async () => {
  const { channel, peer } = serverAndPeer();
  const gate = Promise.withResolvers<void>();
  const entered = Promise.withResolvers<void>();
  const order: string[] = [];
  const run = channel.run((message) => {
    order.push(`message ${message.id}`);
    if (message.id > 1) return;
    entered.resolve();
    return gate.promise.then(() => void order.push("done 1"));
  });
  await peer.preamble();
  await peer.say({ kind: "list", id: 1, room: "shared" });
  await peer.say({ kind: "list", id: 2, room: "shared" });
  await entered.promise;
  gate.resolve();
  await peer.end();
  await run;
  channel.close();
  assert.deepEqual(order, ["message 1", "done 1", "message 2"]);
});

Deno.test("Channel.run() tells the peer of a broken protocol, once, and throws it", async () => {
  const { channel, peer } = serverAndPeer();
  const run = channel.run(() => {});
  run.catch(() => {});
  await peer.preamble();
  await peer.write(rawFrame(0x01, 0, "not json"));
  const told = await peer.expect("error");
  assert.equal(told.code, "protocol");
  assert.equal(await peer.hear(), undefined);
  await peer.end();
  await assert.rejects(run, failsWith("protocol"));
  channel.close();
});

Deno.test("Channel.run() throws the peer's ERROR and does not echo it", async () => {
  const { channel, peer } = serverAndPeer();
  const run = channel.run(() => {});
  run.catch(() => {});
  await peer.preamble();
  await peer.say({ kind: "error", id: 0, code: "closing", message: "bye", hint: "later" });
  assert.equal(await peer.hear(), undefined);
  await assert.rejects(run, (thrown) => {
    assert(thrown instanceof FtError);
    assert.deepEqual(
      [thrown.code, thrown.side, thrown.message, thrown.hint],
      ["closing", "there", "bye", "later"],
    );
    return true;
  });
  await assert.rejects(channel.send(ping), failsWith("closing", "there"));
  channel.close();
});

Deno.test("Channel.run() reads a code of a later version as unexpected", async () => {
  const { channel, peer } = serverAndPeer();
  const run = channel.run(() => {});
  run.catch(() => {});
  await peer.preamble();
  await peer.say({ kind: "error", id: 0, code: "constructor", message: "" });
  await assert.rejects(run, failsWith("unexpected", "there"));
  channel.close();
});

Deno.test("Channel: the peer's ERROR outranks a failure of our own to send", async () => {
  const { channel, peer, link } = serverAndPeer();
  await peer.preamble();
  await peer.say({ kind: "error", id: 0, code: "denied", message: "no" });
  // The peer takes nothing more, and what we send fails, before its reason has been read.
  link.client.abort();
  const sent = await channel.send(ping).then(() => undefined, (thrown) => thrown);
  await assert.rejects(channel.run(() => {}), failsWith("denied", "there"));
  await assert.rejects(channel.finish(), failsWith("denied", "there"));
  assert(sent === undefined || sent instanceof FtError);
  channel.close();
});

Deno.test("Channel.run() says lost when the bytes end inside a frame", async () => {
  const { channel, peer } = serverAndPeer();
  const run = channel.run(() => {});
  run.catch(() => {});
  await peer.preamble();
  await peer.write(rawFrame(0x10, 1, "{}", 1_000));
  await peer.end();
  await assert.rejects(run, failsWith("lost"));
  channel.close();
});

Deno.test("Channel refuses another version with the list of those it speaks", async () => {
  const { channel, peer } = serverAndPeer();
  const run = channel.run(() => {});
  run.catch(() => {});
  await peer.preamble(2);
  const told = await peer.expect("error");
  assert.equal(told.code, "version");
  assert.deepEqual(told.supported, [1]);
  assert.equal(peer.version, 1);
  await peer.end();
  await assert.rejects(run, failsWith("version"));
  channel.close();
});

Deno.test("Channel: a server says nothing before the client's preamble", async () => {
  const { channel, peer, link } = serverAndPeer({ ping: 0.02, handshake: 0.2 });
  await assert.rejects(channel.run(() => {}), failsWith("timeout"));
  channel.close();
  assert.equal((await peer.expect("error")).code, "timeout");
  assert(link.carried("down") > 0);
});

Deno.test("Channel: PING and unknown frames are no greeting", async () => {
  const { channel, peer } = serverAndPeer({ handshake: 0.2 });
  const run = channel.run(() => assert.fail("nothing was said"));
  run.catch(() => {});
  await peer.preamble();
  await peer.say(ping);
  await peer.frame(0x7f, 0, "later");
  assert.equal(await peer.ending(), "timeout");
  await peer.end();
  await assert.rejects(run, failsWith("timeout"));
  channel.close();
});

Deno.test("Channel: a server that does not greet is given up, whatever else it says", async () => {
  const link = new Link();
  const channel = new Channel(link.client, {
    side: "client",
    deadlines: { ...DEADLINES, handshake: 0.2 },
  });
  const peer = new RawPeer(link.server);
  const run = channel.run(() => assert.fail("nothing was said"));
  run.catch(() => {});
  await peer.preamble();
  let over = false;
  const ended = peer.ending().finally(() => over = true);
  const began = performance.now();
  while (!over && performance.now() - began < 5_000) {
    await peer.say(ping);
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert(over, "it is still waited for");
  await peer.end();
  assert.equal(await ended, "timeout");
  await assert.rejects(run, failsWith("timeout"));
  channel.close();
});

Deno.test("Channel: a frame has an absolute deadline, however it trickles", async () => {
  const { channel, peer } = serverAndPeer({ frame: 0.3, idle: 0.1 });
  const run = channel.run(() => {});
  run.catch(() => {});
  await peer.preamble();
  await peer.say({ kind: "list", id: 1, room: "shared" });
  const began = performance.now();
  const frame = rawFrame(0x10, 2, new Uint8Array(60_000));
  let over = false;
  const ended = peer.ending().finally(() => over = true);
  // All but the last byte: a machine fast enough to trickle the whole would send a frame.
  for (let at = 0; !over && at < frame.length - 1; at++) {
    await peer.write(frame.slice(at, at + 1));
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(await ended, "timeout");
  // Not by the shorter deadline for silence: something was arriving.
  assert(performance.now() - began > 250);
  await peer.end();
  await assert.rejects(run, failsWith("timeout"));
  channel.close();
});

Deno.test("Channel: half a header counts as a frame that takes too long", async () => {
  const { channel, peer } = serverAndPeer({ frame: 0.1 });
  const run = channel.run(() => {});
  run.catch(() => {});
  await peer.preamble();
  await peer.say({ kind: "list", id: 1, room: "shared" });
  await peer.write(new Uint8Array(HEADER_BYTES - 1));
  assert.equal(await peer.ending(), "timeout");
  await peer.end();
  await assert.rejects(run, failsWith("timeout"));
  channel.close();
});

Deno.test("Channel: silence ends it, signs of life do not", async () => {
  const { channel, peer } = serverAndPeer({ idle: 0.15, ping: 0.05 });
  const run = channel.run(() => {});
  run.catch(() => {});
  await peer.preamble();
  await peer.say({ kind: "list", id: 1, room: "shared" });
  const began = performance.now();
  while (performance.now() - began < 400) {
    await peer.say(ping);
    await new Promise((resolve) => setImmediate(resolve));
  }
  const quiet = performance.now();
  assert.equal(await peer.ending(), "timeout");
  assert(performance.now() - quiet > 100);
  await peer.end();
  await assert.rejects(run, failsWith("timeout"));
  channel.close();
});

Deno.test("Channel: being busy ourselves is no silence of the peer's", async () => {
  const { channel, peer } = serverAndPeer({ idle: 0.1, frame: 0.1 });
  const run = channel.run(() => new Promise<void>((resolve) => setTimeout(resolve, 300)));
  await peer.preamble();
  await peer.say({ kind: "list", id: 1, room: "shared" });
  await peer.end();
  await run;
  channel.close();
});

Deno.test("Channel says PING while it has nothing else to say", async () => {
  const link = new Link();
  const channel = new Channel(link.client, {
    side: "client",
    deadlines: { ...DEADLINES, ping: 0.05 },
  });
  const heard: number[] = [];
  const three = Promise.withResolvers<void>();
  const other = new Channel(link.server, { side: "server" });
  const running = [channel.run(() => {}), other.run(() => {})];
  const watch = setInterval(() => {
    heard.push(link.carried("up"));
    if (link.carried("up") >= 8 + 3 * HEADER_BYTES) three.resolve();
  }, 10);
  await three.promise;
  clearInterval(watch);
  await Promise.all([channel.finish(), other.finish(), ...running]);
  channel.close();
  other.close();
});

Deno.test("Channel: a peer that takes nothing is given up after the frame's deadline", async () => {
  const { channel, peer, link } = serverAndPeer({ frame: 0.2 }, { room: 1_000 });
  const run = channel.run(() => {});
  run.catch(() => {});
  await peer.preamble();
  link.freeze();
  const bytes = new Uint8Array(100_000);
  const sending = (async () => {
    for (;;) await channel.send({ kind: "data", id: 1, chunk: 0, bytes });
  })();
  await assert.rejects(sending, failsWith("timeout"));
  await assert.rejects(run, failsWith("timeout"));
  channel.close();
});

Deno.test("Channel: a peer that has said all and takes nothing is given up as well", async () => {
  const { channel, peer, link } = serverAndPeer({ frame: 0.2 }, { room: 1_000 });
  await peer.preamble();
  await peer.end();
  await channel.run(() => {});
  link.freeze();
  const bytes = new Uint8Array(100_000);
  const sending = (async () => {
    for (;;) await channel.send({ kind: "data", id: 1, chunk: 0, bytes });
  })();
  await assert.rejects(sending, failsWith("timeout"));
  await assert.rejects(channel.finish(), failsWith("timeout"));
  channel.close();
});

Deno.test("Channel.finish() has a deadline too", async () => {
  const { channel, peer, link } = serverAndPeer({ frame: 0.2 }, { room: 1_000 });
  await peer.preamble();
  await peer.end();
  await channel.run(() => {});
  link.freeze();
  const sent = channel.send({ kind: "data", id: 1, chunk: 0, bytes: new Uint8Array(100_000) });
  sent.catch(() => {});
  await assert.rejects(channel.finish(), failsWith("timeout"));
  channel.close();
});

for (const code of ["interrupted", "closing"] as const) {
  Deno.test(`Channel.end() with ${code} ends although the peer takes nothing`, async () => {
    const { channel, peer, link } = serverAndPeer({}, { room: 1_000 });
    const run = channel.run(() => {});
    run.catch(() => {});
    await peer.preamble();
    link.freeze();
    const bytes = new Uint8Array(100_000);
    const sends = [1, 2, 3, 4, 5, 6].map((id) =>
      channel.send({ kind: "data", id, chunk: 0, bytes })
    );
    for (const sent of sends) sent.catch(() => {});
    await channel.end(new FtError(code));
    for (const sent of sends.slice(1)) await assert.rejects(sent, failsWith(code));
    await assert.rejects(run, failsWith(code));
    channel.close();
  });
}

Deno.test("Channel.end() is heard by a peer that is still sending", async () => {
  const { channel, peer } = serverAndPeer({}, { seed });
  const entered = Promise.withResolvers<void>();
  const run = channel.run(() => entered.resolve());
  run.catch(() => {});
  await peer.preamble();
  let over = false;
  const ended = peer.ending().finally(() => over = true);
  const flood = (async () => {
    const bytes = new Uint8Array(50_000);
    while (!over) await peer.say({ kind: "data", id: 1, chunk: 0, bytes });
    await peer.end();
  })();
  await entered.promise;
  await channel.end(new FtError("closing"));
  assert.equal(await ended, "closing");
  await flood;
  await assert.rejects(run, failsWith("closing"));
  channel.close();
});

Deno.test("Channel.end(): the first reason stands", async () => {
  const { channel, peer } = serverAndPeer();
  const run = channel.run(() => {});
  run.catch(() => {});
  await peer.preamble();
  const ends = [channel.end(new FtError("superseded")), channel.end(new FtError("io"))];
  await Promise.all(ends);
  await assert.rejects(run, failsWith("superseded"));
  await assert.rejects(channel.send(ping), failsWith("superseded"));
  channel.close();
});

Deno.test("Channel.send() after close() fails at once", async () => {
  const { channel, peer } = serverAndPeer();
  await peer.preamble();
  await peer.end();
  await channel.run(() => {});
  channel.close();
  await assert.rejects(channel.send(ping), failsWith("lost"));
});

for (const code of ["denied", "busy", "limit"] as const) {
  Deno.test(`Channel.end() tells ${code} with its hint, and whoever waits that it is the end`, async () => {
    const { channel, peer } = serverAndPeer();
    const run = channel.run(() => {});
    run.catch(() => {});
    await peer.preamble();
    assert.equal(channel.ending.aborted, false);
    const failure = new FtError(code, "No.", { hint: "Go." });
    const ended = channel.end(failure);
    assert.equal(channel.ending.reason, failure);
    const told = await peer.expect("error");
    assert.deepEqual(told, { kind: "error", id: 0, code, message: "No.", hint: "Go." });
    await peer.end();
    await ended;
    await assert.rejects(run, failsWith(code));
    channel.close();
  });
}

Deno.test("Channel.end() gives a peer that does not go no longer than is said", async () => {
  const { channel, peer } = serverAndPeer();
  const run = channel.run(() => {});
  run.catch(() => {});
  await peer.preamble();
  const began = performance.now();
  await channel.end(new FtError("denied"), 50);
  const took = performance.now() - began;
  assert(took >= 45 && took < 1_500, `it took ${took} ms`);
  assert.equal(await peer.ending(), "denied");
  await assert.rejects(run, failsWith("denied"));
  channel.close();
});
