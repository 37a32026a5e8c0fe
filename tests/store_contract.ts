/**
 * What every store promises to the sessions, as one suite of tests that each store runs.
 *
 * @module
 */
import { deepEqual, equal, notEqual, ok, rejects } from "node:assert/strict";
import { FtError } from "../src/error.ts";
import type { Item, Receipt, Room, Store } from "../src/storage/store.ts";
import {
  bytesOf,
  chunksOf,
  digestOf,
  fill,
  LARGE_BYTES,
  receive,
  requestOf,
  stageOf,
} from "./fixtures/staged.ts";

/** A store under test and what the suite must know of it. */
export interface StoreUnderTest extends Disposable {
  readonly store: Store;
  /** Whether it knows whose files are whose. */
  readonly isOwned: boolean;
  /** Puts a file into a room by hand. */
  put(room: Room, name: string, bytes: Uint8Array<ArrayBuffer>): void;
  /** Names in the public room that are no regular files: what is at hand of missing, folder, link. */
  readonly oddities: readonly string[];
  /** Files that are kept for partials, now. */
  staged(): number;
}

async function listed(store: Store, room: Room = "shared"): Promise<Item[]> {
  const items: Item[] = [];
  for await (const page of store.pages(room)) items.push(...page);
  return items;
}

async function names(store: Store, room: Room = "shared"): Promise<string[]> {
  return (await listed(store, room)).map(({ name }) => name).sort();
}

async function bytesIn(store: Store, name: string, room: Room = "shared"): Promise<Uint8Array> {
  const source = await store.open(room, name);
  const bytes = new Uint8Array(source.size ?? 0);
  equal(await source.read(0, bytes), bytes.length);
  source.close();
  return bytes;
}

/** Compares without printing megabytes. */
function same(actual: Uint8Array, expected: Uint8Array): void {
  equal(actual.length, expected.length);
  equal(actual.findIndex((byte, at) => byte !== expected[at]), -1, "a byte differs");
}

function failsWith(code: string): (thrown: unknown) => boolean {
  return (thrown) => {
    ok(thrown instanceof FtError, `no FtError but ${thrown}`);
    equal(thrown.code, code, thrown.message);
    return true;
  };
}

const SMALL = bytesOf(1000, 1);
const LARGE = bytesOf(LARGE_BYTES, 2);
const OTHER = bytesOf(LARGE_BYTES, 3);

/** Defines the suite for the store that `makeStore` makes; `name` tells it in the tests' names. */
export function storeContract(name: string, makeStore: () => StoreUnderTest): void {
  const test = (says: string, run: (under: StoreUnderTest) => Promise<void>) =>
    Deno.test(`${name} ${says}`, async () => {
      using under = makeStore();
      await run(under);
    });
  const testOwned = (says: string, run: (under: StoreUnderTest) => Promise<void>) => {
    using under = makeStore();
    if (under.isOwned) test(says, run);
  };

  for (const [size, bytes] of [["empty", SMALL.slice(0, 0)], ["small", SMALL], ["large", LARGE]]) {
    const content = bytes as Uint8Array<ArrayBuffer>;
    test(`shows nothing of a file that is ${size} before publish() and all of it after`, async ({ store }) => {
      const partial = await stageOf(store, requestOf(content.length));
      await fill(partial, await chunksOf(content));
      deepEqual(await names(store), []);
      await rejects(store.open("shared", "report.pdf"), failsWith("not_found"));
      const digest = await digestOf(content);
      deepEqual(await partial.publish(content.length, digest), {
        name: "report.pdf",
        size: content.length,
        digest,
        outcome: "new",
      });
      deepEqual(await names(store), ["report.pdf"]);
      same(await bytesIn(store, "report.pdf"), content);
    });
  }

  test("takes chunks in any order, and chunks in pieces", async ({ store }) => {
    const chunks = await chunksOf(LARGE);
    const partial = await stageOf(store, requestOf(LARGE.length));
    for (const { index, offset, bytes, digest } of chunks.toReversed()) {
      await partial.write(offset, bytes.subarray(0, 3));
      await partial.write(offset + 3, bytes.subarray(3));
      await partial.keep(index, digest);
    }
    await partial.publish(LARGE.length, await digestOf(LARGE));
    same(await bytesIn(store, "report.pdf"), LARGE);
  });

  test("takes a stream whose size is known at its end", async ({ store }) => {
    const partial = await stageOf(store, requestOf(undefined));
    await fill(partial, await chunksOf(LARGE));
    equal((await partial.publish(LARGE.length, await digestOf(LARGE))).outcome, "new");
    same(await bytesIn(store, "report.pdf"), LARGE);
  });

  test("holds nothing of an interrupted stream for the next one", async ({ store, staged }) => {
    const partial = await stageOf(store, requestOf(undefined));
    await fill(partial, await chunksOf(LARGE));
    await partial.close();
    equal(staged(), 0);
    const next = await stageOf(store, requestOf(LARGE.length, { version: "1" }));
    deepEqual(next.held, []);
    await next.close();
  });

  test("gives the held chunks of the same version to a later run, and trusts them", async ({ store }) => {
    const chunks = await chunksOf(LARGE);
    const first = await stageOf(store, requestOf(LARGE.length, { version: "1" }));
    deepEqual([first.held, first.version], [[], "1"]);
    await fill(first, chunks.slice(1, 3));
    await first.close();
    const second = await stageOf(store, requestOf(LARGE.length, { version: "1" }));
    equal(second.version, "1");
    deepEqual([...second.held], chunks.slice(1, 3).map(({ index, digest }) => ({ index, digest })));
    await fill(second, [chunks[0], chunks[3]].flatMap((chunk) => chunk ?? []));
    equal((await second.publish(LARGE.length, await digestOf(LARGE))).outcome, "new");
    same(await bytesIn(store, "report.pdf"), LARGE);
  });

  for (const version of ["2", undefined]) {
    test(`does not say the version of chunks held for version 1 to version ${version}`, async ({ store }) => {
      const chunks = await chunksOf(LARGE);
      const first = await stageOf(store, requestOf(LARGE.length, { version: "1" }));
      await fill(first, chunks.slice(0, 2));
      await first.close();
      const second = await stageOf(store, requestOf(LARGE.length, { version }));
      equal(second.version, undefined);
      deepEqual(second.held.map(({ index }) => index), [0, 1]);
      await second.close();
      // What two versions may be in is of no one version again.
      const third = await stageOf(store, requestOf(LARGE.length, { version: "1" }));
      equal(third.version, undefined);
      deepEqual(third.held.map(({ index }) => index), [0, 1]);
      await third.discard();
    });
  }

  test("does not hold a chunk that was written over and never kept", async ({ store }) => {
    const [one, two] = [await chunksOf(LARGE), await chunksOf(OTHER)];
    const first = await stageOf(store, requestOf(LARGE.length, { version: "1" }));
    await fill(first, one.slice(0, 2));
    await first.close();
    const second = await stageOf(store, requestOf(LARGE.length, { version: "2" }));
    await second.write(0, two[0]?.bytes ?? SMALL);
    await second.close();
    const third = await stageOf(store, requestOf(LARGE.length, { version: "3" }));
    for (const { index, digest } of third.held) {
      // Either it is gone, or its bytes are still those of its digest.
      deepEqual(digest, one[index]?.digest);
    }
    const held = new Set(third.held.map(({ index }) => index));
    await fill(third, one.filter(({ index }) => !held.has(index)));
    await third.publish(LARGE.length, await digestOf(LARGE));
    same(await bytesIn(store, "report.pdf"), LARGE);
  });

  test("does not hold a chunk whose digest was taken back", async ({ store }) => {
    const chunks = await chunksOf(LARGE);
    const first = await stageOf(store, requestOf(LARGE.length, { version: "1" }));
    await fill(first, chunks.slice(0, 2));
    await first.keep(0, new Uint8Array(32));
    await first.close();
    const second = await stageOf(store, requestOf(LARGE.length, { version: "1" }));
    deepEqual(second.held.map(({ index }) => index), [1]);
    await second.discard();
  });

  test("gives each source its own slot, and finds it again", async ({ store }) => {
    const [one, two] = [await chunksOf(LARGE), await chunksOf(OTHER)];
    const first = await stageOf(store, requestOf(LARGE.length, { version: "1" }));
    const second = await stageOf(store, requestOf(OTHER.length, { version: "2" }));
    await fill(first, one);
    await fill(second, two.slice(0, 3));
    await second.close();
    await first.publish(LARGE.length, await digestOf(LARGE));
    const again = await stageOf(store, requestOf(OTHER.length, { version: "2" }));
    equal(again.version, "2");
    deepEqual(again.held.map(({ index }) => index), [0, 1, 2]);
    await fill(again, two.slice(3));
    equal((await again.publish(OTHER.length, await digestOf(OTHER))).name, "report (2).pdf");
    same(await bytesIn(store, "report (2).pdf"), OTHER);
  });

  test("keeps the partials of owners, rooms and names apart", async ({ store }) => {
    const first = await stageOf(store, requestOf(LARGE.length, { version: "1" }));
    await fill(first, (await chunksOf(LARGE)).slice(0, 2));
    await first.close();
    for (const say of [{ owner: "bob" }, { room: "private" }, { name: "other.pdf" }]) {
      const other = await stageOf(store, requestOf(LARGE.length, { version: "1", ...say }));
      deepEqual(other.held, [], JSON.stringify(say));
      await other.discard();
    }
  });

  for (const [says, say] of [["run", { run: "same" }], ["version", { version: "1" }]] as const) {
    test(`supersedes an open partial of the same ${says}`, async ({ store }) => {
      const chunks = await chunksOf(LARGE);
      const old = await stageOf(store, requestOf(LARGE.length, say));
      await fill(old, chunks.slice(0, 2));
      const now = await stageOf(store, requestOf(LARGE.length, say));
      deepEqual(now.held.map(({ index }) => index), [0, 1]);
      await rejects(async () => await old.write(0, SMALL), failsWith("superseded"));
      await rejects(async () => await old.keep(0, SMALL), failsWith("superseded"));
      await rejects(old.publish(LARGE.length, ""), failsWith("superseded"));
      await old.close();
      await old.discard();
      await fill(now, chunks.slice(2));
      equal((await now.publish(LARGE.length, await digestOf(LARGE))).outcome, "new");
      same(await bytesIn(store, "report.pdf"), LARGE);
    });
  }

  test("takes over its own slot even when an earlier one has become free", async ({ store }) => {
    const first = await stageOf(store, requestOf(LARGE.length, { run: "first", version: "1" }));
    const old = await stageOf(store, requestOf(OTHER.length, { run: "second", version: "2" }));
    await fill(old, (await chunksOf(OTHER)).slice(0, 2));
    await first.discard();
    const now = await stageOf(store, requestOf(OTHER.length, { run: "second", version: "2" }));
    deepEqual(now.held.map(({ index }) => index), [0, 1]);
    await rejects(async () => await old.write(0, SMALL), failsWith("superseded"));
    await now.discard();
  });

  test("gives one of several that take over at once the partial", async ({ store }) => {
    const request = () => requestOf(LARGE.length, { run: "same", version: "1" });
    const chunks = await chunksOf(LARGE);
    await fill(await stageOf(store, request()), chunks.slice(0, 2));
    const partials = await Promise.all([1, 2, 3, 4].map(() => stageOf(store, request())));
    const last = partials.pop();
    deepEqual(last?.held.map(({ index }) => index), [0, 1]);
    for (const old of partials) {
      await rejects(async () => await old.write(0, SMALL), failsWith("superseded"));
    }
    await last?.discard();
  });

  test("gives another run with another version a slot beside", async ({ store }) => {
    const first = await stageOf(store, requestOf(LARGE.length, { version: "1" }));
    const second = await stageOf(store, requestOf(OTHER.length, { version: "2" }));
    await fill(first, await chunksOf(LARGE));
    await fill(second, await chunksOf(OTHER));
    const [one, two] = await Promise.all([
      first.publish(LARGE.length, await digestOf(LARGE)),
      second.publish(OTHER.length, await digestOf(OTHER)),
    ]);
    deepEqual(await names(store), ["report (2).pdf", "report.pdf"]);
    same(await bytesIn(store, one.name), LARGE);
    same(await bytesIn(store, two.name), OTHER);
  });

  test("keeps nothing of a small file that was interrupted", async ({ store, staged }) => {
    const bytes = bytesOf(1024 * 1024, 4);
    const first = await stageOf(store, requestOf(bytes.length, { version: "1" }));
    await fill(first, await chunksOf(bytes));
    await first.close();
    equal(staged(), 0);
    const second = await stageOf(store, requestOf(bytes.length, { version: "1" }));
    deepEqual(second.held, []);
    await second.close();
  });

  test("keeps nothing of a partial that has no chunk", async ({ store, staged }) => {
    const partial = await stageOf(store, requestOf(LARGE.length, { version: "1" }));
    await partial.write(0, SMALL);
    await partial.close();
    equal(staged(), 0);
  });

  test("forgets what is discarded", async ({ store, staged }) => {
    const first = await stageOf(store, requestOf(LARGE.length, { version: "1" }));
    await fill(first, (await chunksOf(LARGE)).slice(0, 2));
    await first.discard();
    equal(staged(), 0);
    const second = await stageOf(store, requestOf(LARGE.length, { version: "1" }));
    deepEqual(second.held, []);
    await second.close();
  });

  test("does nothing on close() and discard() after publish()", async ({ store, staged }) => {
    const partial = await stageOf(store, requestOf(LARGE.length));
    await fill(partial, await chunksOf(LARGE));
    await partial.publish(LARGE.length, await digestOf(LARGE));
    await partial.close();
    await partial.discard();
    deepEqual(await names(store), ["report.pdf"]);
    equal(staged(), 0);
  });

  test("renames a further file of a name, also in a folder", async ({ store }) => {
    const name = "a/b/report.pdf";
    const receipts: Receipt[] = [];
    for (const [seed, owner] of [[1, "ann"], [2, "bob"], [3, "ann"]] as const) {
      receipts.push(await receive(store, bytesOf(10, seed), { name, owner }));
    }
    const expected = ["a/b/report.pdf", "a/b/report (2).pdf", "a/b/report (3).pdf"];
    deepEqual(receipts.map(({ name }) => name), expected);
    deepEqual(await names(store), expected.toSorted());
    for (const [at, name] of expected.entries()) {
      same(await bytesIn(store, name), bytesOf(10, at + 1));
    }
  });

  for (const room of ["shared", "private"] as const) {
    testOwned(
      `gives the same receipt for the same bytes of one owner, ${room}`,
      async ({ store }) => {
        const first = await receive(store, LARGE, { room, version: "1" });
        const again = await receive(store, LARGE, { room, version: "2" });
        deepEqual(again, { ...first, outcome: "same" });
        deepEqual(await names(store, room), ["report.pdf"]);
        const other = await receive(store, LARGE, { room, owner: "bob" });
        deepEqual([other.outcome, other.name], ["new", "report (2).pdf"]);
      },
    );

    testOwned(
      `asks for no bytes of a version that is there, ${room}`,
      async ({ store, staged }) => {
        const first = await receive(store, LARGE, { room, version: "1" });
        for (const conflict of ["rename", "overwrite", "skip", "fail"]) {
          const request = requestOf(LARGE.length, { room, version: "1", conflict });
          deepEqual(await store.stage(request), { ...first, outcome: "same" });
        }
        equal(staged(), 0);
        for (const say of [{ owner: "bob" }, { version: "2" }, { version: undefined }]) {
          const request = requestOf(LARGE.length, { room, version: "1", ...say });
          await (await stageOf(store, request)).discard();
        }
      },
    );

    testOwned(`overwrites one's own file, ${room}`, async ({ store }) => {
      await receive(store, LARGE, { room });
      const over = await receive(store, OTHER, { room, conflict: "overwrite" });
      deepEqual([over.outcome, over.name], ["replaced", "report.pdf"]);
      deepEqual(await names(store, room), ["report.pdf"]);
      same(await bytesIn(store, "report.pdf", room), OTHER);
      // It is still one's own.
      equal((await receive(store, SMALL, { room, conflict: "overwrite" })).outcome, "replaced");
    });

    testOwned(`skips and fails for one's own file, ${room}`, async ({ store }) => {
      await receive(store, LARGE, { room });
      const skipped = await receive(store, OTHER, { room, conflict: "skip" });
      deepEqual(skipped, { name: "report.pdf", size: 0, digest: "", outcome: "skipped" });
      await rejects(receive(store, OTHER, { room, conflict: "fail" }), failsWith("exists"));
      deepEqual(await names(store, room), ["report.pdf"]);
      same(await bytesIn(store, "report.pdf", room), LARGE);
    });
  }

  testOwned("overwrites one's own file under the number it got", async ({ store }) => {
    await receive(store, SMALL, { owner: "bob" });
    await receive(store, LARGE);
    const over = await receive(store, OTHER, { conflict: "overwrite" });
    deepEqual([over.outcome, over.name], ["replaced", "report (2).pdf"]);
    same(await bytesIn(store, "report.pdf"), SMALL);
    same(await bytesIn(store, "report (2).pdf"), OTHER);
  });

  testOwned(
    "says of others' files only in the shared room that they are there",
    async ({ store }) => {
      for (const conflict of ["overwrite", "skip", "fail"]) {
        for (const room of ["private", "shared"]) {
          await receive(store, SMALL, { room, name: conflict, owner: "bob" });
        }
        const receipt = await receive(store, OTHER, { room: "private", name: conflict, conflict });
        deepEqual([receipt.name, receipt.outcome], [`${conflict} (2)`, "new"]);
        same(await bytesIn(store, conflict, "private"), SMALL);
      }
      const shared = (conflict: string) => receive(store, OTHER, { name: conflict, conflict });
      await rejects(shared("overwrite"), failsWith("denied"));
      await rejects(shared("fail"), failsWith("exists"));
      equal((await shared("skip")).outcome, "skipped");
      deepEqual(await names(store), ["fail", "overwrite", "skip"]);
    },
  );

  testOwned("says nothing of others' files to who is blind, in no room", async ({ store }) => {
    for (const room of ["private", "shared"] as const) {
      for (const conflict of ["rename", "overwrite", "skip", "fail"]) {
        const name = `folder/${conflict}`;
        const say = { room, name, conflict, blind: true };
        await receive(store, SMALL, { ...say, owner: "bob" });
        const first = await receive(store, OTHER, say);
        deepEqual([first.name, first.outcome], [`folder/${conflict} (2)`, "new"]);
        same(await bytesIn(store, name, room), SMALL);
        // Of its own it is told what everybody is.
        if (conflict === "fail") {
          await rejects(receive(store, LARGE, say), failsWith("exists"));
        } else {
          const again = await receive(store, LARGE, say);
          const told = { rename: "new", overwrite: "replaced", skip: "skipped" }[conflict];
          equal(again.outcome, told, `${room} ${conflict}`);
        }
      }
    }
  });

  testOwned("says in a list with which token a file was shared", async ({ store, put }) => {
    await receive(store, SMALL, { name: "by ana", who: "ana" });
    await receive(store, SMALL, { name: "by nobody" });
    put("shared", "by hand", SMALL);
    const found = (await listed(store)).map(({ name, who }) => [name, who]);
    deepEqual(found.sort(), [["by ana", "ana"], ["by hand", undefined], ["by nobody", undefined]]);
    await receive(store, LARGE, { name: "by ana", conflict: "overwrite" });
    equal((await listed(store)).find(({ name }) => name === "by ana")?.who, undefined);
  });

  test("fails rather than replace what appeared under the name meanwhile", async ({ store, put }) => {
    const partial = await stageOf(store, requestOf(LARGE.length, { conflict: "fail" }));
    await fill(partial, await chunksOf(LARGE));
    put("shared", "report.pdf", SMALL);
    await rejects(partial.publish(LARGE.length, await digestOf(LARGE)), failsWith("exists"));
    await partial.close();
    same(await bytesIn(store, "report.pdf"), SMALL);
    // What arrived is not lost: under another rule it is published without a byte sent again.
    const again = await stageOf(store, requestOf(LARGE.length));
    equal(again.held.length, 4);
    equal((await again.publish(LARGE.length, await digestOf(LARGE))).name, "report (2).pdf");
  });

  test("lists a file put by hand, and notes its digest for as long as it is the same", async (under) => {
    const { store, put } = under;
    put("public", "by hand", SMALL);
    deepEqual(await names(store, "public"), ["by hand"]);
    const source = await store.open("public", "by hand");
    equal(source.digest, undefined);
    equal(source.size, SMALL.length);
    ok(source.isUnchanged());
    store.note("public", "by hand", source, await digestOf(SMALL));
    source.close();
    put("public", "by hand", SMALL.toReversed());
    const other = await store.open("public", "by hand");
    equal(other.digest, undefined);
    other.close();
  });

  testOwned("knows the digest of what was sent", async ({ store }) => {
    await receive(store, LARGE);
    const source = await store.open("shared", "report.pdf");
    equal(source.digest, await digestOf(LARGE));
    source.close();
  });

  test("opens by tag only what was listed", async ({ store, put }) => {
    put("public", "listed", SMALL);
    const [{ tag } = { tag: "" }] = await listed(store, "public");
    (await store.open("public", "listed", tag)).close();
    put("public", "listed", SMALL.slice(1));
    for (const item of await listed(store, "public")) notEqual(item.tag, tag);
    await rejects(store.open("public", "listed", tag), failsWith("stale"));
    await rejects(store.open("public", "never", tag), failsWith("not_found"));
  });

  test("reads a source at any offset, and fewer bytes only at its end", async ({ store, put }) => {
    put("public", "source", SMALL);
    const source = await store.open("public", "source");
    for (const [offset, size] of [[0, 10], [990, 10], [5, 100], [995, 5], [1000, 0], [2000, 0]]) {
      const into = new Uint8Array(offset === 995 ? 10 : Math.max(size ?? 0, 1));
      equal(await source.read(offset ?? 0, into), size);
      deepEqual(into.slice(0, size), SMALL.slice(offset, (offset ?? 0) + (size ?? 0)));
    }
    source.close();
    source.close();
  });

  test("has one answer for all that is no file", async ({ store, oddities }) => {
    for (const name of oddities) {
      await rejects(store.open("public", name), (thrown: unknown) => {
        failsWith("not_found")(thrown);
        ok(thrown instanceof FtError);
        equal(thrown.message, `File '${name}' not found.`);
        return true;
      });
    }
  });
}
