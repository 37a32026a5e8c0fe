import assert from "node:assert/strict";
import { Random, seed } from "../../tests/random.ts";
import { type Connection, socketConnection } from "./connection.ts";

/** Two ends of one TCP connection over loopback. */
async function pair(): Promise<[Deno.TcpConn, Deno.TcpConn]> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const [here, there] = await Promise.all([
    Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port }),
    listener.accept(),
  ]);
  return [here, there];
}

async function connections(): Promise<[Connection, Connection]> {
  const [here, there] = await pair();
  return [socketConnection(here, "here"), socketConnection(there, "there")];
}

async function readAll(connection: Connection): Promise<Uint8Array> {
  const blocks: Uint8Array[] = [];
  for await (const block of connection.readable) blocks.push(block);
  return Uint8Array.from(blocks.flatMap((block) => [...block]));
}

function isLost(thrown: unknown): true {
  assert.equal((thrown as { code: string }).code, "lost");
  return true;
}

Deno.test(`socketConnection() keeps the order of writes of all sizes (seed ${seed})`, async () => {
  const random = new Random(seed);
  const [here, there] = await connections();
  const writes = Array.from({ length: 150 }, () => {
    const least = random.pick([1, 20, 20, 30_000, 33_000, 120_000]);
    return random.bytes(random.between(least, 2 * least + 1));
  });
  const writer = here.writable.getWriter();
  const writing = (async () => {
    for (const bytes of writes) {
      const written = writer.write(bytes);
      // Some are waited for, some pile up, some come after the event loop has come round.
      const turn = random.between(0, 4);
      if (turn === 0) await written;
      if (turn === 1) await new Promise<void>((resolve) => setImmediate(resolve));
    }
    await writer.close();
  })();
  const read = await readAll(there);
  await writing;
  assert.deepEqual(read, Uint8Array.from(writes.flatMap((bytes) => [...bytes])));
  here.abort();
  there.abort();
});

Deno.test("socketConnection() sends small writes together", async () => {
  const [here, there] = await pair();
  const connection = socketConnection(here, "here");
  const writer = connection.writable.getWriter();
  for (let byte = 0; byte < 100; byte++) writer.write(new Uint8Array([byte]));
  const block = new Uint8Array(1_000);
  assert.equal(await there.read(block), 100);
  assert.deepEqual([...block.subarray(0, 100)], [...Array(100).keys()]);
  connection.abort();
  there.close();
});

Deno.test("socketConnection().writable sends what is gathered when it is closed", async () => {
  const [here, there] = await connections();
  const writer = here.writable.getWriter();
  writer.write(new Uint8Array([1, 2, 3]));
  await writer.close();
  assert.deepEqual([...await readAll(there)], [1, 2, 3]);
  // The other direction is still open.
  const back = there.writable.getWriter();
  back.write(new Uint8Array([4]));
  await back.close();
  assert.deepEqual([...await readAll(here)], [4]);
  here.abort();
  there.abort();
});

Deno.test("socketConnection().abort() ends a read and a blocked write, as often as called", async () => {
  const [here, there] = await connections();
  const reader = here.readable.getReader();
  const reading = reader.read();
  const writer = here.writable.getWriter();
  const writing = (async () => {
    for (;;) await writer.write(new Uint8Array(4 * 1024 * 1024));
  })();
  // Once the second write waits, the buffers of the system are full.
  await new Promise<void>((resolve) => setImmediate(resolve));
  here.abort();
  here.abort();
  await assert.rejects(reading, isLost);
  await assert.rejects(writing, isLost);
  there.abort();
});

Deno.test("socketConnection().writable fails when the peer is gone, also for small writes", async () => {
  const [here, there] = await connections();
  there.abort();
  const writer = here.writable.getWriter();
  const writing = (async () => {
    for (;;) {
      await writer.write(new Uint8Array(10));
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  })();
  await assert.rejects(writing, isLost);
  await assert.rejects(writer.closed, isLost);
  here.abort();
});

Deno.test("socketConnection().readable ends when the peer has said all", async () => {
  const [here, there] = await pair();
  await here.write(new Uint8Array(70_000));
  here.close();
  const connection = socketConnection(there, "there");
  assert.equal((await readAll(connection)).length, 70_000);
  connection.abort();
});

Deno.test("socketConnection().drain() drops what comes until the peer's end", async () => {
  const [here, there] = await pair();
  const connection = socketConnection(there, "there");
  const drained = connection.drain(60_000);
  const bytes = new Uint8Array(1024 * 1024);
  for (let at = 0; at < 8; at++) await here.write(bytes);
  here.close();
  await drained;
  connection.abort();
});

Deno.test("socketConnection().drain() ends after its time", async () => {
  const [here, there] = await pair();
  const connection = socketConnection(there, "there");
  await connection.drain(20);
  here.close();
  connection.abort();
});

Deno.test("socketConnection().drain() may follow a stream that was left while it read", async () => {
  const [here, there] = await pair();
  const connection = socketConnection(there, "there");
  const reader = connection.readable.getReader();
  await here.write(new Uint8Array(5));
  assert.equal((await reader.read()).value?.length, 5);
  await reader.cancel();
  const drained = connection.drain(60_000);
  await here.write(new Uint8Array(5));
  here.close();
  await drained;
  connection.abort();
});
