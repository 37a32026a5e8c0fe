import assert from "node:assert/strict";
import type { Connection } from "./connection.ts";
import { dial } from "./dial.ts";
import { listen, type Listener } from "./listen.ts";

/** Dials a listener; resolves with both ends. */
async function meet(listener: Listener, hostname: string): Promise<[Connection, Connection]> {
  const accepted = listener.connections().next();
  const dialled = await dial({ hostname, port: listener.endpoint.port });
  const { value } = await accepted;
  assert(value !== undefined);
  return [dialled, value];
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

Deno.test("listen() picks a free port for 0, and bytes pass both ways", async () => {
  const listener = listen({ hostname: "127.0.0.1", port: 0 });
  assert(listener.endpoint.port > 0);
  assert.equal(listener.endpoint.hostname, "127.0.0.1");
  const [client, server] = await meet(listener, "127.0.0.1");
  assert.equal(client.peer, `127.0.0.1:${listener.endpoint.port}`);
  assert.match(server.peer, /^127\.0\.0\.1:[0-9]+$/);
  await carries(client, server);
  await carries(server, client);
  client.abort();
  server.abort();
  listener.close();
});

Deno.test({
  name: "listen() on IPv6 names peers with brackets",
  ignore: !hasIpv6(),
  async fn() {
    const listener = listen({ hostname: "::1", port: 0 });
    const [client, server] = await meet(listener, "::1");
    assert.equal(client.peer, `[::1]:${listener.endpoint.port}`);
    assert.match(server.peer, /^\[::1\]:[0-9]+$/);
    await carries(client, server);
    client.abort();
    server.abort();
    listener.close();
  },
});

Deno.test({
  name: "listen() on :: names IPv4 peers by their IPv4 address",
  ignore: !hasIpv6(),
  async fn() {
    const listener = listen({ hostname: "::", port: 0 });
    const [client, server] = await meet(listener, "127.0.0.1");
    assert.match(server.peer, /^127\.0\.0\.1:[0-9]+$/);
    client.abort();
    server.abort();
    listener.close();
  },
});

Deno.test("listen() says that an address is in use, and where, with what to do", () => {
  const first = listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = first.endpoint;
  assert.throws(() => listen({ hostname: "127.0.0.1", port }), {
    name: "FtError",
    code: "address_in_use",
    message: "Address already in use",
    hint: `Another program listens at 127.0.0.1:${port}. Stop it, or choose another port with ` +
      "--port (0 picks a free one).",
  });
  first.close();
  listen({ hostname: "127.0.0.1", port }).close();
});

Deno.test("listen() says that an address is not of this machine", () => {
  // 192.0.2.0/24 is kept for documentation: nobody has it.
  assert.throws(() => listen({ hostname: "192.0.2.1", port: 0 }), {
    name: "FtError",
    code: "unreachable",
  });
});

Deno.test("Listener.close() ends the connections to come and leaves those that came", async () => {
  const listener = listen({ hostname: "127.0.0.1", port: 0 });
  const [client, server] = await meet(listener, "127.0.0.1");
  const next = listener.connections().next();
  listener.close();
  listener.close();
  assert.equal((await next).done, true);
  await carries(client, server);
  client.abort();
  server.abort();
  await assert.rejects(dial(listener.endpoint), { name: "FtError", code: "refused" });
});

Deno.test("Listener.connections() outlives a peer that leaves at once", async () => {
  const listener = listen({ hostname: "127.0.0.1", port: 0 });
  const connections = listener.connections();
  for (let at = 0; at < 20; at++) {
    const client = await dial(listener.endpoint);
    client.abort();
    const { value } = await connections.next();
    assert.equal((await value?.readable.getReader().read())?.done, true);
    value?.abort();
  }
  listener.close();
  assert.equal((await connections.next()).done, true);
});
