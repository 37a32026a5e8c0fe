/** A real client whose file travels over several connections. */
import assert from "node:assert/strict";
import { until } from "./files.ts";
import { Place } from "./process.ts";
import { Random, seed } from "./random.ts";
import { Relay } from "./relay.ts";

const KiB = 1024;
const BYTES = new Random(seed).bytes(24 * 1024 * KiB + 1);

Deno.test(`sides: where a round trip is long a file takes several connections (seed ${seed})`, async () => {
  await using place = new Place();
  const server = await place.serve();
  await using relay = new Relay({ port: server.port, latency: 10, rate: 3 * 1024 * KiB });
  // Another word for this machine, of which the client does not know that it is near.
  const ana = place.client("ana", relay.address.replace("127.0.0.1", "127.1"));
  ana.write("a", BYTES);
  const putting = ana.start("put", "--trust-first", "a");
  const carrying = () => relay.shares.filter((bytes) => bytes > 64 * KiB).length;
  await until("three connections that carry the file", () => carrying() >= 3);
  const put = await putting.finished;
  assert.equal(put.code, 0, put.stdout + put.stderr);
  assert.deepEqual(Deno.readFileSync(server.path("uploads/a")), BYTES);
  // No connection is worth a line beside what was moved.
  assert.equal(server.log.length, 1, server.log.join("\n"));
});
