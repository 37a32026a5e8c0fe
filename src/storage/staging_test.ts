import { deepEqual, equal, ok, rejects, throws } from "node:assert/strict";
import {
  bytesOf,
  chunksOf,
  fill,
  LARGE_BYTES,
  requestOf,
  running,
  temporaryFolder,
} from "../../tests/fixtures/staged.ts";
import { CountedCalls } from "../../tests/fixtures/counted.ts";
import type { FolderPartial } from "./folder_partial.ts";
import { Staging } from "./staging.ts";
import type { StageRequest } from "./store.ts";

const BYTES = bytesOf(LARGE_BYTES, 1);
const VERSION = { version: "1" };
const VERSION_OF_NOBODY = { version: "nobody's" };
const DAY = 24 * 60 * 60 * 1000;

function stagingIn(path: string): Staging {
  return new Staging(path, () => {
    throw new Error("nothing is published here");
  });
}

function filesIn(path: string): string[] {
  return [...Deno.readDirSync(path)].map(({ name }) => name).sort();
}

/** Leaves a partial with its first two chunks, and says its path. */
async function interrupt(path: string, say: object = VERSION): Promise<string> {
  const staging = stagingIn(path);
  const partial = await staging.open(requestOf(LARGE_BYTES, say));
  await fill(partial, (await chunksOf(BYTES)).slice(0, 2));
  await partial.close();
  return staging.leftovers().at(-1)?.paths.find((path) => path.endsWith(".part")) ?? "";
}

function age(path: string, milliseconds: number): void {
  const time = new Date(Date.now() - milliseconds);
  for (const file of [path, path.replace(".part", ".journal")]) Deno.utimeSync(file, time, time);
}

async function heldBy(staging: Staging, request: StageRequest): Promise<number[]> {
  const partial = await staging.open(request);
  await partial.close();
  return partial.held.map(({ index }) => index);
}

Deno.test("open() does not touch what another process has, and finds it when that has gone", async () => {
  using folder = temporaryFolder();
  const path = await interrupt(folder.path);
  const staging = stagingIn(folder.path);
  {
    await using _holder = await running(["hold", path]);
    const partial = await staging.open(requestOf(LARGE_BYTES, VERSION));
    deepEqual(partial.held, []);
    const busy = staging.leftovers().map(({ busy, paths }) => [paths.includes(path), busy]);
    deepEqual(busy.sort(), [[false, true], [true, true]]);
    await partial.close();
    age(path, 8 * DAY);
    deepEqual(staging.sweep(7 * DAY), []);
  }
  age(path, DAY);
  deepEqual(await heldBy(staging, requestOf(LARGE_BYTES, VERSION)), [0, 1]);
});

Deno.test("open() works while another process removes the folder whenever it is empty", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/staging`;
  const staging = stagingIn(path);
  await using _remover = await running(["remove", path]);
  for (let round = 0; round < 100; round++) {
    await (await staging.open(requestOf(1))).close();
    await (await staging.open(requestOf(LARGE_BYTES))).close();
  }
});

Deno.test("open() makes a folder that only its owner may enter", async () => {
  using folder = temporaryFolder();
  const staging = stagingIn(`${folder.path}/a/staging`);
  const partial = await staging.open(requestOf(LARGE_BYTES, VERSION));
  if (Deno.build.os !== "windows") {
    equal((Deno.statSync(staging.path).mode ?? 0) & 0o777, 0o700);
  }
  await partial.close();
});

Deno.test("open() refuses a staging folder that is a link, or no folder", async () => {
  using folder = temporaryFolder();
  const { path } = folder;
  Deno.mkdirSync(`${path}/elsewhere`);
  Deno.symlinkSync("elsewhere", `${path}/link`);
  Deno.symlinkSync("nowhere", `${path}/dangling`);
  Deno.writeTextFileSync(`${path}/file`, "");
  for (const name of ["link", "dangling", "file"]) {
    for (const size of [1, LARGE_BYTES]) {
      await rejects(stagingIn(`${path}/${name}`).open(requestOf(size)), { code: "io" }, name);
    }
  }
  deepEqual(filesIn(`${path}/elsewhere`), []);
});

Deno.test("open() refuses a link in the place of a partial", async () => {
  using folder = temporaryFolder();
  const path = await interrupt(folder.path);
  Deno.writeTextFileSync(`${folder.path}/elsewhere`, "precious");
  Deno.removeSync(path);
  Deno.symlinkSync("elsewhere", path);
  await rejects(stagingIn(folder.path).open(requestOf(LARGE_BYTES, VERSION)), { code: "io" });
  equal(Deno.readTextFileSync(`${folder.path}/elsewhere`), "precious");
});

Deno.test("open() does not write into a file that was published just before a crash", async () => {
  using folder = temporaryFolder();
  const path = await interrupt(folder.path);
  Deno.linkSync(path, `${folder.path}/published`);
  const before = Deno.readFileSync(`${folder.path}/published`);
  const partial = await stagingIn(folder.path).open(requestOf(LARGE_BYTES, { version: "2" }));
  deepEqual(partial.held, []);
  await partial.write(0, bytesOf(LARGE_BYTES, 2));
  await partial.discard();
  deepEqual(Deno.readFileSync(`${folder.path}/published`), before);
});

Deno.test("open() reads again what was written long after its journal, and offers what matches", async () => {
  using folder = temporaryFolder();
  const path = await interrupt(folder.path);
  {
    using file = Deno.openSync(path, { write: true });
    file.seekSync(1024 * 1024 + 7, Deno.SeekMode.Start);
    file.writeSync(new Uint8Array(1));
  }
  const staging = stagingIn(folder.path);
  Deno.utimeSync(path, new Date(), new Date(Date.now() + 60_000));
  deepEqual(await heldBy(staging, requestOf(LARGE_BYTES, VERSION)), [0]);
  // What did not match is gone from the journal too.
  Deno.utimeSync(path, new Date(), new Date());
  deepEqual(await heldBy(staging, requestOf(LARGE_BYTES, VERSION)), [0]);
});

Deno.test("open() forgets what is in doubt when it is not told where chunks lie", async () => {
  using folder = temporaryFolder();
  const path = await interrupt(folder.path);
  const { extent: _, ...request } = requestOf(LARGE_BYTES, VERSION);
  deepEqual(await heldBy(stagingIn(folder.path), request), [0, 1]);
  Deno.utimeSync(path, new Date(), new Date(Date.now() + 60_000));
  deepEqual(await heldBy(stagingIn(folder.path), request), []);
});

Deno.test("open() offers no chunk past the end of the bytes, or of the file", async () => {
  using folder = temporaryFolder();
  const path = await interrupt(folder.path);
  const size = 1024 * 1024 + 1;
  deepEqual(await heldBy(stagingIn(folder.path), requestOf(size, { version: "2" })), [0, 1]);
  Deno.truncateSync(path, 1024 * 1024);
  deepEqual(await heldBy(stagingIn(folder.path), requestOf(LARGE_BYTES, VERSION)), [0]);
});

Deno.test("open() starts afresh without a whole journal, and without the bytes", async () => {
  for (const harm of ["no journal", "rubbish", "empty bytes"]) {
    using folder = temporaryFolder();
    const path = await interrupt(folder.path);
    const journal = path.replace(".part", ".journal");
    if (harm === "no journal") Deno.removeSync(journal);
    if (harm === "rubbish") Deno.writeTextFileSync(journal, "rubbish");
    if (harm === "empty bytes") Deno.truncateSync(path);
    deepEqual(await heldBy(stagingIn(folder.path), requestOf(LARGE_BYTES, VERSION)), [], harm);
  }
});

Deno.test("open() says busy when one name has too many transfers, and has room again", async () => {
  using folder = temporaryFolder();
  const staging = stagingIn(folder.path);
  const partials: FolderPartial[] = [];
  for (let number = 0; number < 64; number++) {
    partials.push(await staging.open(requestOf(LARGE_BYTES, { version: `${number}` })));
  }
  await rejects(staging.open(requestOf(LARGE_BYTES, VERSION_OF_NOBODY)), { code: "busy" });
  await (await staging.open(requestOf(LARGE_BYTES, { name: "another" }))).close();
  await partials.pop()?.close();
  await (await staging.open(requestOf(LARGE_BYTES, VERSION_OF_NOBODY))).close();
  for (const partial of partials) await partial.close();
  deepEqual(filesIn(folder.path), []);
});

Deno.test("open() finds what was interrupted behind some free places, and looks at few where all are free", async () => {
  using folder = temporaryFolder();
  const staging = stagingIn(folder.path);
  const versions = ["a", "b", "c", "d"].map((version) => ({ version }));
  const partials: FolderPartial[] = [];
  for (const version of versions) {
    partials.push(await staging.open(requestOf(LARGE_BYTES, version)));
  }
  const last = partials.pop();
  await fill(last as FolderPartial, (await chunksOf(BYTES)).slice(0, 2));
  for (const partial of [...partials, last]) await partial?.close();
  deepEqual(await heldBy(staging, requestOf(LARGE_BYTES, versions[3])), [0, 1]);
  using calls = new CountedCalls();
  await (await staging.open(requestOf(LARGE_BYTES, { name: "another" }))).close();
  ok(calls.sum("looks") <= 30, calls.toString());
});

Deno.test("open() calls onIdle once nothing is open, also when opening failed", async () => {
  using folder = temporaryFolder();
  let idle = 0;
  const staging = new Staging(`${folder.path}/staging`, () => {
    throw new Error("nothing is published here");
  }, () => idle++);
  const first = await staging.open(requestOf(1));
  const second = await staging.open(requestOf(LARGE_BYTES));
  await first.close();
  equal(idle, 0);
  await second.discard();
  equal(idle, 1);
  Deno.removeSync(staging.path);
  Deno.writeTextFileSync(staging.path, "");
  await rejects(staging.open(requestOf(1)), { code: "io" });
  equal(idle, 2);
});

Deno.test("leftovers() says what is there, oldest first", async () => {
  using folder = temporaryFolder();
  deepEqual(stagingIn(`${folder.path}/none`).leftovers(), []);
  const first = await interrupt(folder.path, { ...VERSION, name: "b", room: "private" });
  age(first, 5000);
  await interrupt(folder.path, { ...VERSION, name: "a" });
  Deno.writeTextFileSync(`${folder.path}/stray.part`, "12345");
  age(first, 2 * DAY);
  Deno.utimeSync(`${folder.path}/stray.part`, 1, 1);
  const found = stagingIn(folder.path).leftovers();
  deepEqual(found.map(({ room, name, size, staged, busy }) => [room, name, size, staged, busy]), [
    ["", "", undefined, 5, false],
    ["private", "b", LARGE_BYTES, 2 * 1024 * 1024, false],
    ["shared", "a", LARGE_BYTES, 2 * 1024 * 1024, false],
  ]);
  ok(Math.abs((found[1]?.time ?? 0) - (Date.now() - 2 * DAY)) < 60_000);
  deepEqual(found[1]?.paths, [first.replace(".part", ".journal"), first]);
});

Deno.test("sweep() removes what is old enough and in nobody's hands", async () => {
  using folder = temporaryFolder();
  const old = await interrupt(folder.path, { ...VERSION, name: "old" });
  age(old, 7 * DAY + 5000);
  const young = await interrupt(folder.path, { ...VERSION, name: "young" });
  age(young, 7 * DAY - 60_000);
  const staging = stagingIn(folder.path);
  deepEqual(staging.sweep(7 * DAY).map(({ name }) => name), ["old"]);
  deepEqual(staging.leftovers().map(({ name }) => name), ["young"]);
  const open = await staging.open(requestOf(LARGE_BYTES, { ...VERSION, name: "young" }));
  age(young, 8 * DAY);
  deepEqual(staging.sweep(0), []);
  await open.close();
  deepEqual(staging.sweep(0).map(({ name }) => name), ["young"]);
  deepEqual(filesIn(folder.path), []);
});

Deno.test("sweep() goes by the journal when the bytes have the time of their source already", async () => {
  using folder = temporaryFolder();
  const path = await interrupt(folder.path);
  Deno.utimeSync(path, 1, 1);
  deepEqual(stagingIn(folder.path).sweep(DAY), []);
  equal(filesIn(folder.path).length, 2);
});

Deno.test("sweep() removes at once what was published just before a crash", async () => {
  using folder = temporaryFolder();
  using room = temporaryFolder();
  const path = await interrupt(folder.path);
  Deno.linkSync(path, `${room.path}/published`);
  equal(stagingIn(folder.path).sweep(DAY).length, 1);
  deepEqual(filesIn(folder.path), []);
  equal(Deno.statSync(`${room.path}/published`).size, 2 * 1024 * 1024);
});

Deno.test("sweep() removes at once what nothing vouches for, unless it is under way", async () => {
  using folder = temporaryFolder();
  Deno.writeTextFileSync(`${folder.path}/stray.part`, "12345");
  const staging = stagingIn(folder.path);
  const stream = await staging.open(requestOf(undefined));
  equal(staging.sweep(DAY).length, 1);
  equal(filesIn(folder.path).length, 1);
  await stream.close();
  deepEqual(filesIn(folder.path), []);
});

Deno.test("sweep() removes journals without bytes, unless another has them open, and nothing else", async () => {
  using folder = temporaryFolder();
  const kept = (await interrupt(folder.path)).replace(".part", ".journal");
  Deno.writeTextFileSync(`${kept}.new`, "");
  for (const name of ["a.journal", "b.journal.new", "else"]) {
    Deno.writeTextFileSync(`${folder.path}/${name}`, "");
  }
  stagingIn(folder.path).sweep(DAY);
  const id = kept.slice(folder.path.length + 1).replace(".journal", "");
  deepEqual(filesIn(folder.path), [`${id}.journal`, `${id}.journal.new`, `${id}.part`, "else"]);
});

Deno.test("sweep() calls onIdle when nothing is open", async () => {
  using folder = temporaryFolder();
  let idle = 0;
  const publish = () => {
    throw new Error("nothing is published here");
  };
  const staging = new Staging(`${folder.path}/staging`, publish, () => idle++);
  staging.sweep(DAY);
  equal(idle, 1);
  const partial = await staging.open(requestOf(LARGE_BYTES));
  staging.sweep(DAY);
  equal(idle, 1);
  await partial.close();
  equal(idle, 2);
});

Deno.test("leftovers() and sweep() fail when the staging folder is none", () => {
  using folder = temporaryFolder();
  Deno.writeTextFileSync(`${folder.path}/file`, "");
  const staging = stagingIn(`${folder.path}/file`);
  throws(() => staging.leftovers(), { code: "io" });
  throws(() => staging.sweep(0), { code: "io" });
});
