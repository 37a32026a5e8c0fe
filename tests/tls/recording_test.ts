/** Who records every byte of a session learns no name, no token and no content. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { assertBytes, writeFile } from "../files.ts";
import { done, Place } from "../process.ts";
import { Random, seed } from "../random.ts";
import { Relay } from "../relay.ts";

const MiB = 1024 * 1024;
const NAMES = ["my_private_report.txt", "offered_by_the_owner.txt", "great_idea_of_mine.txt"];
const WORDS = "the quick brown secret jumps over the lazy listener";

for (const plain of [false, true]) {
  const how = plain ? ["--plain"] : [];
  // Without encryption the same recording shows all of it: so the test sees what there is to see.
  const title = plain ? "a plain session shows what it moves" : "an encrypted one shows nothing";
  Deno.test(`a recording of every byte: ${title} (seed ${seed})`, async () => {
    await using place = new Place();
    const server = await place.serve({ args: ["--require-token", ...how] });
    await using relay = new Relay({ port: server.port });
    const [, printed = ""] = /ft join '(ft:[^']+)'/.exec(server.running.stdout) ?? [];
    const token = printed.slice(printed.indexOf("#") + 1);
    assert.match(token, /^[\w-]{22}$/);
    const invite = printed.replace(server.address, relay.address);
    const recorded: Uint8Array[] = [];
    relay.onBytes = (_, __, bytes) => recorded.push(bytes.slice());

    const ana = place.client("ana", "nas");
    const big = new Random(seed).bytes(3 * MiB);
    const [report = "", offered = "", idea = ""] = NAMES;
    ana.write(report, `${WORDS} 1`);
    ana.write(idea, `${WORDS} 2`);
    ana.write("big.bin", big);
    writeFile(server.path(`shared_files/${offered}`), `${WORDS} 3`);
    const joined = await ana.piped(`${invite}\n`, "join", "-", "nas", ...how);
    assert.equal(joined.code, 0, joined.stderr);
    await done(ana, "put", report, "big.bin", ...how);
    await done(ana, "share", idea, ...how);
    await done(ana, "list", ...how);
    await done(ana, "get", offered, ...how);
    await done(ana, "fetch", idea, ...how);
    assertBytes(server.path("uploads/big.bin"), big);

    const all = Buffer.concat(recorded);
    assert.ok(all.length > 3 * MiB, `${all.length} bytes were recorded`);
    const owner = Deno.readTextFileSync(
      [...Deno.readDirSync(`${place.path}/state of ana/owners`)]
        .map(({ name }) => `${place.path}/state of ana/owners/${name}`)[0] ?? "",
    );
    const secrets = [...NAMES, token, WORDS, owner, "big.bin", big.subarray(MiB, MiB + 32)];
    for (const secret of secrets) {
      const shown = all.includes(typeof secret === "string" ? secret : Buffer.from(secret));
      assert.equal(shown, plain, typeof secret === "string" ? secret : "content");
    }
  });
}
