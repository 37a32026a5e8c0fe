import { deepEqual, equal, ok } from "node:assert/strict";
import { temporaryFolder } from "../../tests/fixtures/staged.ts";
import { writeFile } from "../../tests/files.ts";
import { Random, seed } from "../../tests/random.ts";
import { Records } from "./records.ts";
import { RoomItems } from "./room_items.ts";
import type { Item, View } from "./store.ts";
import { TreeListing } from "./tree_listing.ts";

/** So much later than anything was changed that what is known of folders counts. */
const LATER = 1_000_000;

/** A shared room whose lists are made by one that remembers. */
class Room {
  readonly path: string;
  readonly #folder = temporaryFolder();
  readonly records: Records;
  readonly #items: RoomItems;
  now = Date.now() + LATER;
  #changes = 0;

  constructor() {
    this.path = `${this.#folder.path}/shared`;
    Deno.mkdirSync(this.path);
    this.records = this.open();
    this.#items = new RoomItems(this.records, () => this.now);
  }

  open(): Records {
    return Records.open(`${this.#folder.path}/records.db`, () => {});
  }

  outside(name: string): string {
    return `${this.#folder.path}/${name}`;
  }

  pages(view?: View, items: RoomItems = this.#items): AsyncGenerator<readonly Item[]> {
    const trees = new TreeListing("shared", this.path, this.records, view);
    return items.pages("shared", this.path, view, trees);
  }

  async list(view?: View): Promise<Item[]> {
    return (await Array.fromAsync(this.pages(view))).flat();
  }

  /** A list by one that knows nothing yet. */
  async listAnew(): Promise<Item[]> {
    const items = new RoomItems(this.records, () => this.now);
    return (await Array.fromAsync(this.pages(undefined, items))).flat();
  }

  async names(): Promise<string[]> {
    return (await this.list()).map(({ name }) => name);
  }

  /** Writes a file that was last changed at a second. */
  put(name: string, second: number, content = ""): void {
    writeFile(`${this.path}/${name}`, content);
    Deno.utimeSync(`${this.path}/${name}`, second, second);
    this.touchFolders(name);
  }

  /** Makes of one file another one, in one step. */
  replace(name: string, second: number): void {
    writeFile(this.outside("new"), "new");
    Deno.utimeSync(this.outside("new"), second, second);
    Deno.renameSync(this.outside("new"), `${this.path}/${name}`);
    this.touchFolders(name);
  }

  remove(name: string): void {
    Deno.removeSync(`${this.path}/${name}`, { recursive: true });
    this.touchFolders(name);
  }

  /** Changes have times of their own, however coarse the clock of the file system is. */
  touchFolders(name: string): void {
    const parts = name.split("/");
    for (let count = 0; count < parts.length; count++) {
      const folder = [this.path, ...parts.slice(0, count)].join("/");
      Deno.utimeSync(folder, ++this.#changes, this.#changes);
    }
  }

  /** Says whose a file is. */
  record(name: string, owner: string, published: number): string {
    const { size, ino, mtime } = Deno.lstatSync(`${this.path}/${name}`);
    const row = { name, requested: name, size, digest: "", owner, version: "", who: "ana" };
    this.records.put("shared", {
      ...row,
      ino: String(ino),
      mtime: mtime?.getTime() ?? 0,
      published,
    });
    return String(ino);
  }

  [Symbol.dispose](): void {
    this.records.close();
    this.#folder[Symbol.dispose]();
  }
}

/** Counts what is asked of the system while `work` runs. */
async function counting(work: () => Promise<unknown>): Promise<{ folders: number; looks: number }> {
  const { readDirSync, lstatSync } = Deno;
  const count = { folders: 0, looks: 0 };
  Deno.readDirSync = (path) => (count.folders++, readDirSync(path));
  Deno.lstatSync = (path) => (count.looks++, lstatSync(path));
  try {
    await work();
  } finally {
    Object.assign(Deno, { readDirSync, lstatSync });
  }
  return count;
}

Deno.test("RoomItems reads a folder again only when it changed, and looks at every file", async () => {
  using room = new Room();
  for (let file = 0; file < 300; file++) room.put(`${file % 3}/${file}`, file);
  await room.list();
  const unchanged = await counting(() => room.list());
  equal(unchanged.folders, 0);
  ok(unchanged.looks >= 300, `${unchanged.looks} looks`);
  // The first page waits for no more than its own files.
  const first = await counting(async () => {
    const pages = room.pages();
    await pages.next();
    await pages.return(undefined);
  });
  ok(first.looks < 150, `${first.looks} looks`);
  room.put("1/another", 1000);
  equal((await counting(() => room.list())).folders, 1 + 1);
});

Deno.test("RoomItems believes no folder that changed just before it was read", async () => {
  using room = new Room();
  room.put("a", 1);
  room.now = Date.now();
  await room.list();
  equal((await counting(() => room.list())).folders, 1);
});

Deno.test("RoomItems tells at once what was changed by hand, in its order", async () => {
  using room = new Room();
  for (const [second, name] of ["b", "c/d", "c/e/f", "g"].entries()) room.put(name, 10 + second);
  deepEqual(await room.names(), ["b", "c/d", "c/e/f", "g"]);
  room.put("c/first", 1);
  room.remove("b");
  deepEqual(await room.names(), ["c/first", "c/d", "c/e/f", "g"]);
  room.replace("c/d", 20);
  deepEqual(await room.names(), ["c/first", "c/e/f", "g", "c/d"]);
  // Written where it lies: no folder tells of that.
  Deno.writeTextFileSync(`${room.path}/c/e/f`, "longer");
  Deno.utimeSync(`${room.path}/c/e/f`, 30, 30);
  const items = await room.list();
  deepEqual(items.map(({ name }) => name), ["c/first", "g", "c/d", "c/e/f"]);
  deepEqual(items.at(-1), (await room.listAnew()).at(-1));
  equal(items.at(-1)?.size, 6);
  Deno.renameSync(`${room.path}/c/e`, `${room.path}/h`);
  room.touchFolders("c/e");
  deepEqual(await room.names(), ["c/first", "g", "c/d", "h/f"]);
  room.remove("c");
  room.put("c", 5);
  deepEqual(await room.names(), ["c", "g", "h/f"]);
});

Deno.test("RoomItems tells late, and once, of a file whose time was set back", async () => {
  using room = new Room();
  for (let file = 0; file < 250; file++) room.put(`f${file}`, 1000 + file);
  await room.list();
  Deno.utimeSync(`${room.path}/f200`, 1, 1);
  const late = await room.list();
  equal(late.length, 250);
  deepEqual(late.filter(({ time }) => time === 1000).map(({ name }) => name), ["f200"]);
  equal((await room.names())[0], "f200");
});

Deno.test("RoomItems tells nothing of a folder that becomes a link while it is listed", async () => {
  using room = new Room();
  for (let file = 0; file < 250; file++) {
    room.put(`in/f${file}`, file);
    writeFile(room.outside(`out/f${file}`), "secret");
  }
  await room.list();
  const told: Item[] = [];
  for await (const page of room.pages()) {
    if (told.length === 0) {
      Deno.renameSync(`${room.path}/in`, room.outside("was in"));
      Deno.symlinkSync(room.outside("out"), `${room.path}/in`);
    }
    told.push(...page);
  }
  ok(told.length > 0 && told.length < 250);
  ok(told.every(({ size }) => size === 0));
  deepEqual(await room.names(), []);
});

Deno.test("RoomItems knows of records that change, in this process or beside it", async () => {
  using room = new Room();
  for (const name of ["a", "b", "c"]) room.put(name, 50);
  const terms = { owner: "ana's", who: "ana", run: "", note: "", secret: "" };
  const ino = room.record("b", "ana's", 10_000);
  deepEqual(await room.names(), ["b", "a", "c"]);
  const view = { owner: "ana's" };
  deepEqual((await room.list(view)).map(({ mine }) => mine), [true, undefined, undefined]);
  const expires = room.now + 1000;
  room.records.shares.put({ ...terms, name: "b", ino, published: 0, expires, downloads: 2 });
  deepEqual((await room.list())[0]?.downloads, 2);
  room.now = expires - 1;
  deepEqual(await room.names(), ["b", "a", "c"]);
  // Nothing changes but the time.
  room.now = expires;
  deepEqual(await room.names(), ["a", "c"]);
  using beside = { records: room.open(), [Symbol.dispose]: () => beside.records.close() };
  beside.records.shares.put({
    ...terms,
    ...{ name: "b", ino, published: 0, expires: null, downloads: 0 },
  });
  deepEqual(await room.names(), ["a", "c"]);
  beside.records.shares.forget({ name: "b", ino });
  deepEqual(await room.names(), ["b", "a", "c"]);
  beside.records.forget("shared", { name: "b", ino });
  deepEqual(await room.list(), await room.listAnew());
  deepEqual(await room.names(), ["a", "b", "c"]);
});

Deno.test("RoomItems lists folders that were sent as one in their order, with all their files", async () => {
  using room = new Room();
  const put = (name: string, published: number) =>
    room.records.trees.put("shared", {
      ...{ name, requested: name, owner: "ana's", who: "ana" },
      ...{ published, changed: published, listed: 1, ino: "", born: null },
    });
  room.put("before", 1);
  room.put("after", 3);
  for (const file of ["a", "b/c", "d"]) room.put(`tree/${file}`, 100, "12");
  deepEqual(await room.names(), ["before", "after", "tree/a", "tree/b/c", "tree/d"]);
  put("tree", 2_000);
  deepEqual(await room.names(), ["before", "tree", "after"]);
  room.put("tree/more", 100, "1234");
  const [, tree] = await room.list();
  deepEqual([tree?.files, tree?.size], [4, 10]);
  // Gone from the records its files are those of the room.
  room.records.trees.forget("shared", "tree");
  deepEqual(await room.list(), await room.listAnew());
});

Deno.test(`RoomItems that remembers lists what one that does not lists (seed ${seed})`, async () => {
  using room = new Room();
  const random = new Random(seed);
  const names = ["a", "b", "c/a", "c/b", "c/d/a", "e/f/g/h", "e/i"];
  const change = (name: string) => {
    const second = random.between(1, 50);
    switch (random.between(0, 4)) {
      case 0:
        return room.put(name, second, "x".repeat(random.between(0, 3)));
      case 1:
        return room.remove(name);
      case 2:
        return room.remove(name.split("/")[0] ?? "");
      case 3:
        return room.record(name, random.pick(["ana's", "ben's", ""]), second * 1000);
    }
  };
  for (let round = 0; round < 300; round++) {
    for (let some = random.between(1, 4); some > 0; some--) {
      try {
        change(random.pick(names));
      } catch {
        // It is not there.
      }
    }
    const byName = (items: Item[]) => items.sort((a, b) => a.name < b.name ? -1 : 1);
    // In the first list after it was set back a time may be late.
    deepEqual(byName(await room.list()), byName(await room.listAnew()), `round ${round}`);
    deepEqual(await room.list(), await room.listAnew(), `round ${round}`);
  }
});
