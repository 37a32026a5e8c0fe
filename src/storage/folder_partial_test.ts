import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import {
  bytesOf,
  type Chunk,
  chunksOf,
  digestOf,
  fill,
  hasHoles,
  LARGE_BYTES,
  receive,
  requestOf,
  stageOf,
  temporaryFolder,
  usedBy,
} from "../../tests/fixtures/staged.ts";
import { Random, seed } from "../../tests/random.ts";
import { FtError } from "../error.ts";
import { FolderStore, type FolderStoreOptions } from "./folder_store.ts";
import { decodeJournal } from "./journal.ts";

const MiB = 1024 * 1024;

function storeIn(path: string, say: Partial<FolderStoreOptions> = {}): FolderStore {
  Deno.mkdirSync(`${path}/room`, { recursive: true });
  const rooms = { shared: `${path}/room` };
  return new FolderStore({ rooms, staging: `${path}/staging`, ...say });
}

function filesIn(path: string): string[] {
  return [...Deno.readDirSync(path)].map(({ name }) => name).sort();
}

/** What is on disk at this moment, as a kill would leave it. */
function copyStaged(from: string, to: string): void {
  Deno.mkdirSync(`${to}/staging`, { recursive: true });
  for (const name of filesIn(`${from}/staging`)) {
    Deno.copyFileSync(`${from}/staging/${name}`, `${to}/staging/${name}`);
  }
}

/** How many chunks the journal vouches for; fails unless the bytes beside it are theirs. */
function vouched(path: string, chunks: readonly Chunk[]): number {
  const names = filesIn(`${path}/staging`);
  const journal = names.find((name) => name.endsWith(".journal")) ?? "";
  const { records } = decodeJournal(Deno.readFileSync(`${path}/staging/${journal}`)) ??
    { records: [] };
  const bytes = Deno.readFileSync(`${path}/staging/${journal.replace("journal", "part")}`);
  for (const { index, digest } of records) {
    const chunk = chunks[index];
    deepEqual(digest, chunk?.digest);
    const offset = chunk?.offset ?? 0;
    const there = bytes.subarray(offset, offset + (chunk?.bytes.length ?? 0));
    ok(there.every((byte, at) => byte === chunk?.bytes[at]), `chunk ${index} is not there`);
  }
  return records.length;
}

Deno.test("a kill at any moment leaves a journal only of chunks whose bytes are there", async () => {
  using folder = temporaryFolder();
  const random = new Random(seed);
  const bytes = bytesOf(48 * MiB + 1, seed);
  const chunks = await chunksOf(bytes);
  const partial = await stageOf(storeIn(folder.path), requestOf(bytes.length, { version: "1" }));
  const counts: number[] = [];
  for (const { index, offset, bytes, digest } of chunks) {
    const moments = [
      () => partial.write(offset, bytes.subarray(0, 1000)),
      () => partial.write(offset + 1000, bytes.subarray(1000)),
      () => partial.keep(index, digest),
    ];
    for (const moment of moments.slice(0, bytes.length > 1000 ? 3 : 1)) {
      await moment();
      if (random.between(0, 12) > 0) continue;
      using killed = temporaryFolder();
      copyStaged(folder.path, killed.path);
      counts.push(vouched(killed.path, chunks));
    }
  }
  await partial.close();
  counts.push(vouched(folder.path, chunks));
  ok(counts.some((count) => count > 0), `nothing was journaled with seed ${seed}`);
  equal(counts.at(-1), 48);
});

/** Bytes with long runs of zeros between and after data, and as many in the middle of a chunk. */
function sparseBytes(): Uint8Array<ArrayBuffer> {
  const bytes = bytesOf(12 * MiB + 5, 1);
  return bytes.fill(0, MiB, 5 * MiB).fill(0, 5 * MiB + MiB / 4, 6 * MiB).fill(0, 8 * MiB);
}

Deno.test({
  name: "long runs of zeros take up no space (ignored where the file system has no holes)",
  ignore: !hasHoles(),
  async fn() {
    using folder = temporaryFolder();
    const bytes = sparseBytes();
    await receive(storeIn(folder.path), bytes);
    deepEqual(Deno.readFileSync(`${folder.path}/room/report.pdf`), bytes);
    const used = usedBy(`${folder.path}/room/report.pdf`);
    ok(used < 5 * MiB, `${used} of ${bytes.length} bytes`);
  },
});

Deno.test("a file of zeros alone has its size, also where it was interrupted", async () => {
  using folder = temporaryFolder();
  const bytes = new Uint8Array(5 * MiB);
  const chunks = await chunksOf(bytes);
  const request = requestOf(bytes.length, { version: "1" });
  const first = await stageOf(storeIn(folder.path), request);
  await fill(first, chunks.slice(0, 3));
  await first.close();
  equal(vouched(folder.path, chunks), 3);
  const second = await stageOf(storeIn(folder.path), request);
  equal(second.held.length, 3);
  await fill(second, chunks.slice(3));
  await second.publish(bytes.length, await digestOf(bytes));
  deepEqual(Deno.readFileSync(`${folder.path}/room/report.pdf`), bytes);
});

Deno.test("a kill leaves a journal only of zeros that the file is long enough for", async () => {
  using folder = temporaryFolder();
  const bytes = sparseBytes();
  const chunks = await chunksOf(bytes);
  const partial = await stageOf(storeIn(folder.path), requestOf(bytes.length, { version: "1" }));
  for (let from = 0; from < chunks.length; from += 3) {
    await fill(partial, chunks.slice(from, from + 3));
    using killed = temporaryFolder();
    copyStaged(folder.path, killed.path);
    vouched(killed.path, chunks);
  }
  await partial.close();
  equal(vouched(folder.path, chunks), chunks.length);
});

Deno.test("zeros are written where something else was", async () => {
  using folder = temporaryFolder();
  const store = storeIn(folder.path);
  const zeros = await chunksOf(new Uint8Array(LARGE_BYTES));
  const first = await stageOf(store, requestOf(LARGE_BYTES, { version: "1" }));
  await fill(first, (await chunksOf(bytesOf(LARGE_BYTES, 1))).slice(0, 2));
  // Bytes that were wrong and come again.
  await first.write(0, new Uint8Array(MiB));
  await first.close();
  const second = await stageOf(store, requestOf(LARGE_BYTES, { version: "2" }));
  await fill(second, zeros);
  await second.publish(LARGE_BYTES, await digestOf(new Uint8Array(LARGE_BYTES)));
  deepEqual(Deno.readFileSync(`${folder.path}/room/report.pdf`), new Uint8Array(LARGE_BYTES));
});

Deno.test("a kill while another version is written leaves no chunk of two versions", async () => {
  using folder = temporaryFolder();
  const random = new Random(seed);
  const [old, fresh] = [await chunksOf(bytesOf(8 * MiB, 1)), await chunksOf(bytesOf(8 * MiB, 2))];
  const store = storeIn(folder.path);
  const first = await stageOf(store, requestOf(8 * MiB, { version: "1" }));
  await fill(first, old);
  await first.close();
  const second = await stageOf(store, requestOf(8 * MiB, { version: "2" }));
  for (const { index, offset, bytes, digest } of fresh) {
    await second.write(offset, bytes.subarray(0, random.between(1, MiB)));
    using killed = temporaryFolder();
    copyStaged(folder.path, killed.path);
    // Were the source the first version again, each of its chunks may be held, and must be whole.
    const again = await stageOf(storeIn(killed.path), requestOf(8 * MiB, { version: "1" }));
    if (again.held.length > 0) equal(again.version, undefined);
    for (const held of again.held) {
      // What is verified of the other version is journaled now and then.
      const of = held.index < index ? fresh : old;
      deepEqual(held.digest, of[held.index]?.digest);
      ok(held.index !== index, `chunk ${held.index} was written over with seed ${seed}`);
    }
    const untouched = again.held.filter((held) => held.index > index);
    equal(untouched.length, fresh.length - index - 1);
    await again.close();
    await second.write(offset, bytes);
    await second.keep(index, digest);
  }
  await second.discard();
});

Deno.test("publish() gives the time of the source and leaves nothing staged", async () => {
  using folder = temporaryFolder();
  const store = storeIn(folder.path);
  const mtime = 1_234_567_890_123;
  await receive(store, bytesOf(10, 1), { name: "a/b/c", mtime });
  equal(Deno.statSync(`${folder.path}/room/a/b/c`).mtime?.getTime(), mtime);
  deepEqual(filesIn(`${folder.path}/staging`), []);
});

Deno.test({
  name: "publish() makes a file executable when it was, and leaves it as new files are else",
  ignore: Deno.build.os === "windows",
  async fn() {
    using folder = temporaryFolder();
    const store = storeIn(folder.path);
    Deno.writeTextFileSync(`${folder.path}/new`, "");
    const modeOf = (path: string) => (Deno.statSync(`${folder.path}/${path}`).mode ?? 0) & 0o777;
    const plain = modeOf("new");
    for (const size of [10, LARGE_BYTES]) {
      for (const exec of [true, false, undefined]) {
        const name = `${size} ${exec}`;
        await receive(store, bytesOf(size, 1), { name, ...(exec === undefined ? {} : { exec }) });
        equal(modeOf(`room/${name}`), exec ? plain | (plain & 0o444) >> 2 : plain, name);
      }
    }
  },
});

Deno.test("publish() cuts off what is left of a longer version", async () => {
  using folder = temporaryFolder();
  const store = storeIn(folder.path);
  const first = await stageOf(store, requestOf(LARGE_BYTES, { version: "1" }));
  await fill(first, await chunksOf(bytesOf(LARGE_BYTES, 1)));
  await first.close();
  const bytes = bytesOf(2 * MiB - 1, 2);
  await receive(store, bytes, { version: "2" });
  deepEqual(Deno.readFileSync(`${folder.path}/room/report.pdf`), new Uint8Array(bytes));
});

Deno.test("publish() that fails keeps every chunk of a large file and nothing of a small one", async () => {
  using folder = temporaryFolder();
  const store = storeIn(folder.path);
  const bytes = bytesOf(LARGE_BYTES, 1);
  const [large, small] = [
    await stageOf(store, requestOf(bytes.length, { version: "1" })),
    await stageOf(store, requestOf(10)),
  ];
  await fill(large, await chunksOf(bytes));
  await small.write(0, bytes.subarray(0, 10));
  Deno.renameSync(`${folder.path}/room`, `${folder.path}/away`);
  const gone = { code: "io", message: /The folder of the shared room is gone/ };
  await rejects(large.publish(bytes.length, await digestOf(bytes)), gone);
  await rejects(small.publish(10, ""), gone);
  await rejects(Promise.resolve(store.stage(requestOf(10))), gone);
  equal(filesIn(`${folder.path}/staging`).length, 2);
  Deno.renameSync(`${folder.path}/away`, `${folder.path}/room`);
  const again = await stageOf(store, requestOf(bytes.length, { version: "1" }));
  equal(again.held.length, 4);
  equal((await again.publish(bytes.length, await digestOf(bytes))).outcome, "new");
});

/** Turns a byte of a chunk over that is staged, and restores the time. */
function damage(path: string, chunk: number): void {
  const name = filesIn(`${path}/staging`).find((name) => name.endsWith(".part")) ?? "";
  const { mtime } = Deno.statSync(`${path}/staging/${name}`);
  using file = Deno.openSync(`${path}/staging/${name}`, { read: true, write: true });
  const byte = new Uint8Array(1);
  file.seekSync(chunk * MiB + 4321, Deno.SeekMode.Start);
  file.readSync(byte);
  file.seekSync(chunk * MiB + 4321, Deno.SeekMode.Start);
  file.writeSync(byte.map((bits) => ~bits));
  file.utimeSync(mtime ?? 0, mtime ?? 0);
}

Deno.test("publish() fails for held bytes that were damaged, and only they are sent again", async () => {
  using folder = temporaryFolder();
  const store = storeIn(folder.path);
  const bytes = bytesOf(LARGE_BYTES, 1);
  const chunks = await chunksOf(bytes);
  const first = await stageOf(store, requestOf(bytes.length, { version: "1" }));
  await fill(first, chunks.slice(0, 3));
  await first.close();
  damage(folder.path, 1);
  const second = await stageOf(store, requestOf(bytes.length, { version: "1" }));
  equal(second.held.length, 3);
  await fill(second, chunks.slice(3));
  await rejects(second.publish(bytes.length, await digestOf(bytes)), { code: "digest" });
  deepEqual(filesIn(`${folder.path}/room`), []);
  const third = await stageOf(store, requestOf(bytes.length, { version: "1" }));
  deepEqual(third.held.map(({ index }) => index), [0, 2, 3]);
  equal(third.version, "1");
  await fill(third, chunks.slice(1, 2));
  await third.publish(bytes.length, await digestOf(bytes));
  deepEqual(Deno.readFileSync(`${folder.path}/room/report.pdf`), new Uint8Array(bytes));
});

Deno.test("publish() does not mind damage that was written over", async () => {
  using folder = temporaryFolder();
  const store = storeIn(folder.path);
  const bytes = bytesOf(LARGE_BYTES, 1);
  const chunks = await chunksOf(bytes);
  const first = await stageOf(store, requestOf(bytes.length, { version: "1" }));
  await fill(first, chunks);
  await first.close();
  damage(folder.path, 1);
  const second = await stageOf(store, requestOf(bytes.length, { version: "2" }));
  await fill(second, chunks.slice(1, 2));
  await second.publish(bytes.length, await digestOf(bytes));
  deepEqual(Deno.readFileSync(`${folder.path}/room/report.pdf`), new Uint8Array(bytes));
});

Deno.test("a store asks beforehand whether what is not here yet fits", async () => {
  using folder = temporaryFolder();
  const asked: number[] = [];
  const fits = (bytes: number) => {
    asked.push(bytes);
    throw new FtError("disk_full");
  };
  const store = storeIn(folder.path);
  const strict = storeIn(folder.path, { fits });
  await rejects(Promise.resolve(strict.stage(requestOf(LARGE_BYTES))), { code: "disk_full" });
  deepEqual(asked.splice(0), [LARGE_BYTES]);
  deepEqual(filesIn(`${folder.path}/staging`), []);
  // What is small leaves nothing behind.
  await (await stageOf(strict, requestOf(10))).close();
  deepEqual(asked, []);
  for (const [what, first, kept] of [["holes", 0, 2], ["not journaled", 1, 1]] as const) {
    const bytes = bytesOf(LARGE_BYTES, 1);
    bytes.fill(first, 0, MiB);
    const request = requestOf(bytes.length, { version: "1", name: what });
    const chunks = await chunksOf(bytes);
    const partial = await stageOf(store, request);
    await fill(partial, chunks.slice(0, kept));
    for (const { offset, bytes } of chunks.slice(kept, 2)) await partial.write(offset, bytes);
    await partial.close();
    await rejects(Promise.resolve(strict.stage(request)), { code: "disk_full" });
    const [bytesAsked = 0] = asked.splice(0);
    ok(bytesAsked <= LARGE_BYTES - 2 * MiB && bytesAsked > MiB / 2, `${what}: ${bytesAsked}`);
    // What is kept stays.
    const again = await stageOf(store, request);
    equal(again.held.length, kept);
    await again.close();
  }
});

/** Mounts a small file system in memory; undefined where that is not allowed. */
async function mountSmall(
  path: string,
  options: string,
): Promise<{ mount(options: string): Promise<void> } & AsyncDisposable | undefined> {
  const run = async (command: string, args: string[]) =>
    await new Deno.Command(command, { args, stderr: "null" }).output()
      .then(({ success }) => success, () => false);
  const mount = (options: string) => run("mount", ["-t", "tmpfs", "-o", options, "ft-test", path]);
  if (!await mount(options)) return undefined;
  return {
    async mount(options) {
      ok(await run("mount", ["-o", `remount,${options}`, path]));
    },
    async [Symbol.asyncDispose]() {
      ok(await run("umount", [path]));
    },
  };
}

async function canMount(): Promise<boolean> {
  using folder = temporaryFolder();
  await using mounted = await mountSmall(folder.path, "size=64k");
  if (mounted !== undefined) return true;
  const says = "SKIPPED: a full and a read-only disk are not tested, for mounting is not allowed\n";
  Deno.stderr.writeSync(new TextEncoder().encode(says));
  return false;
}

const ignore = !await canMount();

Deno.test({
  name:
    "a full disk fails with disk_full, keeps what was verified, and goes on once there is space",
  ignore,
  async fn() {
    using folder = temporaryFolder();
    await using mounted = await mountSmall(folder.path, "size=3m");
    const store = storeIn(folder.path);
    const bytes = bytesOf(5 * MiB, 1);
    const chunks = await chunksOf(bytes);
    const partial = await stageOf(store, requestOf(bytes.length, { version: "1" }));
    await rejects(fill(partial, chunks), { code: "disk_full", message: /write what arrives/ });
    await partial.close();
    await mounted?.mount("size=20m");
    const again = await stageOf(store, requestOf(bytes.length, { version: "1" }));
    equal(again.version, "1");
    const held = again.held.map(({ index }) => index);
    ok(held.length >= 1 && held.length < 5, `${held.length} are held`);
    await fill(again, chunks.slice(held.length));
    await again.publish(bytes.length, await digestOf(bytes));
    deepEqual(Deno.readFileSync(`${folder.path}/room/report.pdf`), new Uint8Array(bytes));
  },
});

Deno.test({
  name: "a full disk fails with disk_full when a small file or a journal finds no space",
  ignore,
  async fn() {
    using folder = temporaryFolder();
    await using _mounted = await mountSmall(folder.path, "size=64k");
    const store = storeIn(folder.path);
    Deno.mkdirSync(`${folder.path}/staging`);
    using full = Deno.openSync(`${folder.path}/full`, { write: true, createNew: true });
    try {
      for (;;) full.writeSync(new Uint8Array(4096));
    } catch { /* It is full now. */ }
    const small = await stageOf(store, requestOf(10));
    await rejects(async () => await small.write(0, new Uint8Array(10)), { code: "disk_full" });
    await small.close();
    await rejects(Promise.resolve(store.stage(requestOf(LARGE_BYTES))), { code: "disk_full" });
    // Nothing is locked: once there is space it works.
    full.truncateSync(0);
    await (await stageOf(store, requestOf(LARGE_BYTES))).close();
    deepEqual(filesIn(`${folder.path}/staging`), []);
    deepEqual(filesIn(`${folder.path}/room`), []);
  },
});

Deno.test({
  name: "a read-only disk fails with read_only, and is read all the same",
  ignore,
  async fn() {
    using folder = temporaryFolder();
    await using mounted = await mountSmall(folder.path, "size=8m");
    const store = storeIn(folder.path);
    const bytes = bytesOf(LARGE_BYTES, 1);
    await receive(store, bytes);
    await mounted?.mount("ro");
    for (const size of [10, LARGE_BYTES]) {
      const staged = Promise.resolve(store.stage(requestOf(size)));
      await rejects(staged, { code: "read_only", message: /stage 'report.pdf'/ });
    }
    const source = await store.open("shared", "report.pdf");
    equal(source.size, bytes.length);
    source.close();
  },
});
