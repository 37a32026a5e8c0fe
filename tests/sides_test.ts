/** Real clients whose files travel over several connections. */
import assert from "node:assert/strict";
import { SIDE_CONNECTIONS } from "../src/protocol/limits.ts";
import { until } from "./files.ts";
import { done, Place } from "./process.ts";
import { Random, seed } from "./random.ts";
import { Relay } from "./relay.ts";

const KiB = 1024;
const BYTES = new Random(seed).bytes(32 * 1024 * KiB + 1);
const ALL = SIDE_CONNECTIONS + 1;

Deno.test(`sides: where a round trip is long a file takes several connections, which count as one (seed ${seed})`, async () => {
  await using place = new Place();
  const server = await place.serve({ args: ["--max-connections", String(ALL)] });
  await using relay = new Relay({ port: server.port, latency: 10 });
  // Another word for this machine, of which the client does not know that it is near.
  const ana = place.client("ana", relay.address.replace("127.0.0.1", "127.1"));
  ana.write("a", BYTES);
  const putting = ana.start("put", "--trust-first", "a");
  const hasBegun = () =>
    relay.shares.length === ALL && relay.shares.every((bytes) => bytes > 64 * KiB);
  await until("eight connections", hasBegun);
  relay.stall("up");
  const ben = place.client("ben", server.address);
  await done(ben, "list");
  relay.flow();
  const put = await putting.finished;
  assert.equal(put.code, 0, put.stdout + put.stderr);
  assert.deepEqual(Deno.readFileSync(server.path("uploads/a")), BYTES);
  Deno.renameSync(server.path("uploads/a"), server.path("shared_files/a"));
  await done(ana, "get", "a", "--output", "b");
  assert.deepEqual(Deno.readFileSync(ana.path("b")), BYTES);
  // Nothing of it is worth a line beside what was moved.
  assert.equal(server.log.length, 2, server.log.join("\n"));
});
