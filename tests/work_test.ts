/** What transfers cost, counted in work instead of time, so that it does not creep up. */
import assert from "node:assert/strict";
import { get, put, type Result, serve } from "../src/mod.ts";
import { CountedCalls, WORKS } from "./fixtures/counted.ts";
import { writeFile } from "./files.ts";

const KiB = 1024;
const MiB = 1024 * KiB;

/**
 * The most that both sides together may need: what they need, with room where a count depends on how
 * bytes come through a socket and on how long the disk takes. Who makes one less makes the number
 * smaller here. In order: looks at files and folders, changes of them, reads and writes of their
 * bytes, syncs, reads and writes of sockets, calls of the database, messages, signs of life and of
 * what is verified, MiB copied.
 */
const MOST: Record<string, readonly number[]> = {
  "put a file of 16 MiB": [102, 16, 36, 6, 300, 12, 23, 20, 8],
  "get a file of 16 MiB": [115, 20, 37, 6, 300, 6, 23, 20, 8],
  "put 1,000 files of 1 KiB": [4_060, 5_030, 2_010, 1_020, 60, 1_050, 12, 10, 1.1],
  "get 1,000 files of 1 KiB": [3_100, 5_035, 2_010, 1_020, 60, 20, 17, 10, 1.1],
  "put 200 files of 1 KiB in 10 folders": [1_010, 857, 402, 220, 60, 230, 10, 10, 0.3],
  "get 200 files of 1 KiB in 10 folders": [850, 863, 402, 220, 60, 20, 15, 10, 0.3],
};

/**
 * What the clock asks for, in each second: tokens are looked at and what has come is noted and told,
 * more often in all the slower the machine.
 */
const BY_CLOCK: Partial<Record<typeof WORKS[number], number>> = {
  looks: 8,
  changes: 8,
  pieces: 8,
  syncs: 8,
  records: 8,
  signs: 12,
};

/** What is counted: a file, and files right in a folder and below it. */
const SENT: Record<string, readonly (readonly [string, number])[]> = {
  "a file of 16 MiB": [["", 16 * MiB]],
  "1,000 files of 1 KiB": Array.from({ length: 1_000 }, (_, at) => [`/${at}`, KiB]),
  "200 files of 1 KiB in 10 folders": Array.from(
    { length: 200 },
    (_, at) => [`/${at % 10}/${at}`, KiB],
  ),
};

function holds(name: string, counted: CountedCalls, seconds: number): void {
  for (const [at, work] of WORKS.entries()) {
    const count = work === "copied" ? counted.sum(work) / MiB : counted.sum(work);
    const most = (MOST[name]?.[at] ?? 0) + Math.floor((BY_CLOCK[work] ?? 0) * seconds);
    assert.ok(count > 0, `${work} is not counted`);
    assert.ok(count <= most, `${work} rose to ${count}, of ${most} at most: ${counted}`);
  }
}

function succeeded(results: readonly Result[]): void {
  for (const result of results) assert.ok(!("error" in result));
}

const ignore = Deno.build.os !== "linux";
Deno.test(
  "work: a transfer calls, says and copies no more than it needs",
  { ignore },
  async (t) => {
    const folder = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "ft-work-" }));
    const root = `${folder}/root`;
    const where = { hostname: "127.0.0.1", port: 0, root };
    // Sockets of the system are counted, and TLS has its own.
    const server = await serve({ ...where, security: { kind: "plain" } });
    const { hostname, port } = server.endpoint;
    const socket = await Deno.connect({ hostname, port });
    socket.close();
    const client = { server: server.address, state: `${folder}/client`, plain: true };
    // What is made once, by the first transfer of all, is not counted.
    writeFile(`${folder}/first`, new Uint8Array(1));
    succeeded(await put([`${folder}/first`], client));

    for (const [name, files] of Object.entries(SENT)) {
      for (const place of [`${folder}/${name}`, `${root}/shared_files/${name}`]) {
        for (const [path, size] of files) writeFile(place + path, new Uint8Array(size).fill(97));
      }
      const verbs = {
        put: () => put([`${folder}/${name}`], client),
        get: () => get([name], { ...client, output: `${folder}/downloads` }),
      };
      for (const [verb, work] of Object.entries(verbs)) {
        await t.step(`${verb} ${name}`, async () => {
          using counted = new CountedCalls(socket);
          const begun = performance.now();
          succeeded(await work());
          holds(`${verb} ${name}`, counted, (performance.now() - begun) / 1000);
        });
      }
    }
    await server.stop();
    Deno.removeSync(folder, { recursive: true });
  },
);
