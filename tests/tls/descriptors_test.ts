/** However a peer stalls, a server that has cut it off has its descriptor back. */
import assert from "node:assert/strict";
import { until, writeFile } from "../files.ts";
import { rawPeer } from "../hostile/raw_peer.ts";
import { done, Place, type Server } from "../process.ts";
import { Random, seed } from "../random.ts";
import { Relay } from "../relay.ts";

const PEERS = 12;
const MiB = 1024 * 1024;
/** /proc tells what a process has open. */
const ignore = Deno.build.os !== "linux";

/** How many descriptors a server has open. */
function descriptors({ running }: Server): number {
  const args = [`/proc/${running.pid}/fd`];
  const { stdout, success } = new Deno.Command("ls", { args }).outputSync();
  assert.ok(success);
  return new TextDecoder().decode(stdout).trim().split("\n").length;
}

/** The first words of a TLS client, as the runtime says them. */
async function clientHello(): Promise<Uint8Array<ArrayBuffer>> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const tcp = await Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port });
  using client = await Deno.startTls(tcp, { hostname: "x.ft.invalid", alpnProtocols: ["ft/1"] });
  const handshake = client.handshake().catch(() => {});
  using server = await listener.accept();
  const block = new Uint8Array(4096);
  const count = await server.read(block);
  assert.ok(count !== null && block[0] === 22);
  server.close();
  await handshake;
  return block.slice(0, count);
}

const HELLO = await clientHello();

/** What a peer says before it says nothing more, and leaves its end open. */
const STALLS: Record<string, (conn: Deno.TcpConn) => Promise<void>> = {
  "nothing at all": () => Promise.resolve(),
  "a byte": async (conn) => void await conn.write(HELLO.subarray(0, 1)),
  "half a ClientHello": async (conn) => void await conn.write(HELLO.subarray(0, 90)),
  "a ClientHello, byte by byte": async (conn) => {
    // For longer than it has: the deadline is absolute.
    for (const byte of HELLO) {
      await conn.write(new Uint8Array([byte]));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  },
  "a whole ClientHello, and nothing when the server has answered": async (conn) => {
    await conn.write(HELLO);
    await conn.read(new Uint8Array(8192));
  },
};

for (const [what, say] of Object.entries(STALLS)) {
  Deno.test({ name: `a peer that says ${what} costs no descriptor for long`, ignore }, async () => {
    await using place = new Place();
    const server = await place.serve({ args: ["--handshake-timeout", "1s"] });
    const ana = place.client("ana", server.address);
    await done(ana, "list");
    const before = descriptors(server);
    const { port } = server;
    const peers = await Promise.all(
      Array.from({ length: PEERS }, () => Deno.connect({ hostname: "127.0.0.1", port })),
    );
    const saying = peers.map((peer) => say(peer).catch(() => {}));
    await until("descriptors", () => descriptors(server) > before);
    // The peers hold their ends open; it is the server that lets go.
    await until("end of all", () => descriptors(server) <= before);
    await Promise.all(saying);
    for (const peer of peers) peer.close();
    await server.running.waitFor(/timeout: The TLS handshake took too long\./);
    await done(ana, "list");
  });
}

Deno.test({ name: "a peer that greets nobody costs no descriptor for long", ignore }, async () => {
  await using place = new Place();
  const server = await place.serve({ args: ["--handshake-timeout", "1s"] });
  await done(place.client("ana", server.address), "list");
  const before = descriptors(server);
  const peers = await Promise.all(Array.from({ length: PEERS }, () => rawPeer(server.address)));
  await until("end of all", () => descriptors(server) <= before);
  for (const peer of peers) peer.abort();
});

Deno.test({
  name: `a peer that does not take what it asked for costs no descriptor for long (seed ${seed})`,
  ignore,
}, async () => {
  await using place = new Place();
  const server = await place.serve({ args: ["--frame-timeout", "10s"] });
  const ana = place.client("ana", server.address);
  writeFile(server.path("shared_files/big.bin"), new Random(seed).bytes(64 * MiB));
  await done(ana, "list");
  const before = descriptors(server);
  // A real client on a wire that stops: it has begun to read and then does not.
  await using relay = new Relay({ port: server.port });
  relay.onBytes = (_, passed) => passed > MiB && relay.stall("down");
  const client = place.client("slow", relay.address);
  const running = client.start("get", "big.bin", "--retries", "0");
  await until("bytes", () => relay.passed.down > MiB);
  assert.ok(descriptors(server) > before);
  await until("end", () => descriptors(server) <= before);
  await server.running.waitFor(/timeout: The other side does not take what is sent\./);
  running.kill();
  await running.finished;
  await done(ana, "get", "big.bin");
});
