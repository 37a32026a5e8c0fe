import assert from "node:assert/strict";
import { Authority } from "../../tests/tls/authority.ts";
import type { FtError } from "../error.ts";
import type { AdmissionLimits } from "./admission.ts";
import type { Connection } from "./connection.ts";
import { dial } from "./dial.ts";
import { makeIdentity, readIdentity } from "./identity.ts";
import { type Incoming, listen, type Listener } from "./listen.ts";
import type { Identity, Trust } from "./security.ts";

const own = await makeIdentity();
/** One that the runtime's own TLS cannot tell from others: `node:tls` dials it. */
const issued = await readIdentity(
  await (await Authority.make("an authority")).issue("ft.example"),
  "the test",
);
const MiB = 1024 * 1024;
const LIMITS = { connections: 100, connectionsPerAddress: 100 };
/** How a server is dialled, and what it needs for that. */
const WAYS: readonly { name: string; identity: Identity | undefined; trust: Trust }[] = [
  { name: "plain", identity: undefined, trust: { kind: "plain" } },
  { name: "TLS", identity: own, trust: { kind: "pinned", ...own } },
  { name: "node:tls", identity: issued, trust: { kind: "pinned", ...issued } },
];

/** A listener, and the connections that come to it, one after the other. */
class Meeting {
  readonly listener: Listener;
  readonly failures: FtError[] = [];
  readonly #accepting: Promise<void>;
  readonly #came: Incoming[] = [];
  readonly #waiting: ((incoming: Incoming) => void)[] = [];

  constructor(
    hostname: string,
    { identity, limits = LIMITS, handshake = 10_000, port = 0 }: {
      identity?: Identity | undefined;
      limits?: AdmissionLimits;
      handshake?: number;
      port?: number;
    } = {},
  ) {
    const onFailure = (_: string, failure: FtError) => this.failures.push(failure);
    this.listener = listen({ hostname, port }, { limits, handshake, onFailure });
    this.#accepting = this.listener.accept(identity, (incoming) => {
      const waiting = this.#waiting.shift();
      if (waiting === undefined) this.#came.push(incoming);
      else waiting(incoming);
    });
  }

  next(): Promise<Incoming> {
    const came = this.#came.shift();
    if (came !== undefined) return Promise.resolve(came);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Dials it; resolves with both ends. */
  async meet(hostname: string, trust: Trust): Promise<[Connection, Incoming]> {
    const dialled = dial({ hostname, port: this.listener.endpoint.port }, trust);
    return await Promise.all([dialled, this.next()]);
  }

  async close(): Promise<void> {
    this.listener.close();
    await this.#accepting;
  }
}

async function carries(from: Connection, to: Connection): Promise<void> {
  const writer = from.writable.getWriter();
  await writer.write(new Uint8Array([7]));
  writer.releaseLock();
  const reader = to.readable.getReader();
  assert.deepEqual([...(await reader.read()).value ?? []], [7]);
  reader.releaseLock();
}

function hasIpv6(): boolean {
  try {
    Deno.listen({ hostname: "::1", port: 0 }).close();
    return true;
  } catch {
    return false;
  }
}

for (const { name, identity, trust } of WAYS) {
  Deno.test(`listen() picks a free port for 0, and bytes pass both ways (${name})`, async () => {
    const meeting = new Meeting("127.0.0.1", { identity });
    const { endpoint } = meeting.listener;
    assert(endpoint.port > 0);
    assert.equal(endpoint.hostname, "127.0.0.1");
    const [client, { connection: server }] = await meeting.meet("127.0.0.1", trust);
    assert.equal(client.peer, `127.0.0.1:${endpoint.port}`);
    assert.match(server.peer, /^127\.0\.0\.1:[0-9]+$/);
    await carries(client, server);
    await carries(server, client);
    client.abort();
    server.abort();
    await meeting.close();
  });

  Deno.test(`a side that has no more to say still hears the other (${name})`, async () => {
    const meeting = new Meeting("127.0.0.1", { identity });
    const [client, { connection: server }] = await meeting.meet("127.0.0.1", trust);
    const bytes = crypto.getRandomValues(new Uint8Array(60_000));
    await client.writable.close();
    assert.equal((await server.readable.getReader().read()).done, true);
    const writer = server.writable.getWriter();
    const count = 50;
    const writing = (async () => {
      for (let at = 0; at < count; at++) await writer.write(bytes);
      await writer.close();
      // All of it has left: closing now takes nothing back.
      server.abort();
    })();
    let heard = 0;
    for await (const part of client.readable) heard += part.length;
    await writing;
    assert.equal(heard, count * bytes.length);
    client.abort();
    await meeting.close();
  });

  for (const way of ["up", "down"]) {
    Deno.test(`what nobody reads stays with who sends it (${name}, ${way})`, async () => {
      const meeting = new Meeting("127.0.0.1", { identity });
      const [client, { connection: server }] = await meeting.meet("127.0.0.1", trust);
      const [from, to] = way === "up" ? [client, server] : [server, client];
      const block = new Uint8Array(MiB);
      let sent = 0;
      const writer = from.writable.getWriter();
      const writing = (async () => {
        for (; sent < 64; sent++) await writer.write(block);
        await writer.close();
      })();
      // It has come to a stop when nothing more leaves while others talk.
      const [pinger, { connection: ponger }] = await meeting.meet("127.0.0.1", trust);
      for (let before = -1; before < sent;) {
        before = sent;
        for (let turn = 0; turn < 50; turn++) {
          await carries(pinger, ponger);
          await carries(ponger, pinger);
        }
      }
      assert.ok(sent < 24, `${sent} MiB have left`);
      let heard = 0;
      for await (const part of to.readable) heard += part.length;
      await writing;
      assert.equal(heard, 64 * MiB);
      for (const connection of [client, server, pinger, ponger]) connection.abort();
      await meeting.close();
    });
  }

  Deno.test(`Listener.close() leaves the connections that came (${name})`, async () => {
    const meeting = new Meeting("127.0.0.1", { identity });
    const [client, { connection: server }] = await meeting.meet("127.0.0.1", trust);
    await meeting.close();
    await meeting.close();
    await carries(client, server);
    client.abort();
    server.abort();
    const { endpoint } = meeting.listener;
    await assert.rejects(dial(endpoint, trust), { name: "FtError", code: "refused" });
  });

  Deno.test(`a listener outlives peers that leave at once (${name})`, async () => {
    const meeting = new Meeting("127.0.0.1", { identity });
    for (let at = 0; at < 20; at++) {
      const [client, { connection }] = await meeting.meet("127.0.0.1", trust);
      client.abort();
      await connection.readable.getReader().read().catch(() => {});
      connection.abort();
    }
    await meeting.close();
  });
}

Deno.test({
  name: "listen() on IPv6 names peers with brackets",
  ignore: !hasIpv6(),
  async fn() {
    const meeting = new Meeting("::1");
    const [client, { connection: server }] = await meeting.meet("::1", { kind: "plain" });
    assert.equal(client.peer, `[::1]:${meeting.listener.endpoint.port}`);
    assert.match(server.peer, /^\[::1\]:[0-9]+$/);
    await carries(client, server);
    client.abort();
    server.abort();
    await meeting.close();
  },
});

Deno.test({
  name: "listen() on :: names IPv4 peers by their IPv4 address",
  ignore: !hasIpv6(),
  async fn() {
    const meeting = new Meeting("::");
    const [client, { connection }] = await meeting.meet("127.0.0.1", { kind: "plain" });
    assert.match(connection.peer, /^127\.0\.0\.1:[0-9]+$/);
    client.abort();
    connection.abort();
    await meeting.close();
  },
});

Deno.test("listen() says that an address is in use, and where, with what to do", async () => {
  const first = new Meeting("127.0.0.1");
  const { port } = first.listener.endpoint;
  assert.throws(() => new Meeting("127.0.0.1", { port }), {
    name: "FtError",
    code: "address_in_use",
    message: "Address already in use",
    hint: `Another program listens at 127.0.0.1:${port}. Stop it, or choose another port with ` +
      "--port (0 picks a free one).",
  });
  await first.close();
  await new Meeting("127.0.0.1", { port }).close();
});

Deno.test("listen() says that an address is not of this machine", () => {
  // 192.0.2.0/24 is kept for documentation: nobody has it.
  assert.throws(() => new Meeting("192.0.2.1"), { name: "FtError", code: "unreachable" });
});

Deno.test("whoever is let in keeps its place, and a stranger loses it to the next one", async () => {
  const limits = { connections: 2, connectionsPerAddress: 2 };
  const meeting = new Meeting("127.0.0.1", { limits });
  const plain = { kind: "plain" } as const;
  const [guest, first] = await meeting.meet("127.0.0.1", plain);
  assert.equal(first.keep(), true);
  const [stranger, second] = await meeting.meet("127.0.0.1", plain);
  const [next, third] = await meeting.meet("127.0.0.1", plain);
  // The stranger is cut off on both sides.
  assert.equal((await stranger.readable.getReader().read()).done, true);
  await assert.rejects(second.connection.readable.getReader().read(), { code: "lost" });
  assert.equal(third.keep(), true);
  const [late, fourth] = await meeting.meet("127.0.0.1", plain);
  assert.equal(fourth.keep(), false);
  await carries(guest, first.connection);
  // A place that is left is free again.
  first.connection.abort();
  const [last, fifth] = await meeting.meet("127.0.0.1", plain);
  assert.equal(fifth.keep(), true);
  for (const client of [guest, stranger, next, late, last]) client.abort();
  for (const { connection } of [second, third, fourth, fifth]) connection.abort();
  await meeting.close();
});

Deno.test("whoever shares a place has none of its own, and is not cut off for the next one", async () => {
  const limits = { connections: 2, connectionsPerAddress: 2 };
  const meeting = new Meeting("127.0.0.1", { limits });
  const plain = { kind: "plain" } as const;
  const [guest, first] = await meeting.meet("127.0.0.1", plain);
  first.keep();
  const [side, second] = await meeting.meet("127.0.0.1", plain);
  second.share();
  const [next, third] = await meeting.meet("127.0.0.1", plain);
  assert.equal(third.keep(), true);
  await carries(side, second.connection);
  // It gives back nothing when it ends.
  side.abort();
  second.connection.abort();
  const [late, fourth] = await meeting.meet("127.0.0.1", plain);
  assert.equal(fourth.keep(), false);
  // Where all places are kept it takes none to share one, and nobody has it go.
  const [last, fifth] = await meeting.meet("127.0.0.1", plain);
  fifth.share();
  const strangers = [];
  for (let at = 0; at < 33; at++) strangers.push(await meeting.meet("127.0.0.1", plain));
  await carries(last, fifth.connection);
  for (const client of [guest, next, late, last]) client.abort();
  for (const { connection } of [first, third, fourth, fifth]) connection.abort();
  for (const [client, { connection }] of strangers) {
    client.abort();
    connection.abort();
  }
  await meeting.close();
});
