import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { linesOf, temporaryFolder } from "../../tests/fixtures/staged.ts";
import { DatabaseSync } from "node:sqlite";
import { type FileRecord, holds } from "./file_record.ts";
import { OWNED, Records } from "./records.ts";
import type { TreeRecord } from "./trees.ts";

function rowOf(path: string, say: Partial<FileRecord> = {}): FileRecord {
  const info = Deno.lstatSync(path);
  return {
    name: "a.txt",
    requested: "a.txt",
    size: info.size,
    digest: "digest",
    owner: "ann",
    version: "",
    ino: String(info.ino),
    mtime: info.mtime?.getTime() ?? 0,
    published: 1,
    who: "",
    ...say,
  };
}

const TREE: TreeRecord = {
  ...{ name: "t", requested: "t", owner: "ann", who: "" },
  ...{ published: 1, changed: 1, listed: 1, ino: "", born: null },
};

function unexpected(): never {
  throw new Error("the records are said to be damaged");
}

Deno.test("Records keep rows over a restart", () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/records.db`;
  const file = `${folder.path}/file`;
  Deno.writeTextFileSync(file, "x");
  const row = rowOf(file);
  const first = Records.open(path, unexpected);
  first.put("shared", row);
  first.close();
  const second = Records.open(path, unexpected);
  const kept = second.get("shared", "a.txt", Deno.lstatSync(file));
  deepEqual({ ...kept }, { ...row, room: "shared" });
  equal(second.get("private", "a.txt", Deno.lstatSync(file)), undefined);
  deepEqual(second.own("ann", "shared", "a.txt").length, 1);
  deepEqual(second.own("bob", "shared", "a.txt"), []);
  second.close();
});

Deno.test("Records tell the rows of files apart that have and had one name", () => {
  using folder = temporaryFolder();
  const [old, fresh] = [`${folder.path}/old`, `${folder.path}/fresh`];
  Deno.writeTextFileSync(old, "old");
  Deno.writeTextFileSync(fresh, "fresh");
  const records = Records.open(`${folder.path}/records.db`, unexpected);
  records.put("shared", rowOf(old, { digest: "old" }));
  records.put("shared", rowOf(fresh, { digest: "fresh" }));
  // Whichever of the two has the name now, its row is there.
  equal(records.get("shared", "a.txt", Deno.lstatSync(old))?.digest, "old");
  equal(records.get("shared", "a.txt", Deno.lstatSync(fresh))?.digest, "fresh");
  equal(records.room("shared").get("a.txt")?.length, 2);
  records.forget("shared", rowOf(fresh));
  deepEqual(records.room("shared").get("a.txt")?.map(({ digest }) => digest), ["old"]);
  records.put("shared", rowOf(fresh, { digest: "fresh" }));
  records.forgetOthers("shared", rowOf(fresh));
  deepEqual(records.room("shared").get("a.txt")?.map(({ digest }) => digest), ["fresh"]);
  records.close();
});

Deno.test("holds() only for the inode, size and time the row was written for", () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/file`;
  Deno.writeTextFileSync(path, "x");
  const row = rowOf(path);
  ok(holds(row, Deno.lstatSync(path)));
  Deno.utimeSync(path, new Date(), new Date(5000));
  ok(!holds(row, Deno.lstatSync(path)));
  Deno.utimeSync(path, new Date(), new Date(row.mtime));
  ok(holds(row, Deno.lstatSync(path)));
  Deno.writeTextFileSync(path, "longer");
  Deno.utimeSync(path, new Date(), new Date(row.mtime));
  ok(!holds(row, Deno.lstatSync(path)));
  Deno.writeTextFileSync(`${path} 2`, "x");
  Deno.utimeSync(`${path} 2`, new Date(), new Date(row.mtime));
  ok(!holds(row, Deno.lstatSync(`${path} 2`)));
  Deno.symlinkSync("file", `${path} 3`);
  ok(!holds(row, Deno.lstatSync(`${path} 3`)));
});

const DAMAGE: Readonly<Record<string, (bytes: Uint8Array<ArrayBuffer>) => Uint8Array>> = {
  "is no database": () => new TextEncoder().encode("this is no database".repeat(100)),
  "has a head of zeros": (bytes) => bytes.fill(0, 0, 100),
  "has pages of rubbish": (bytes) => bytes.fill(0xa5, 4096),
  "is cut short": (bytes) => bytes.slice(0, 6000),
  "may be read but not written": (bytes) => bytes.fill(3, 18, 19),
};

for (const [says, damage] of Object.entries(DAMAGE)) {
  Deno.test(`Records.open() sets a file aside that ${says}, and begins anew`, () => {
    using folder = temporaryFolder();
    const path = `${folder.path}/records.db`;
    const file = `${folder.path}/file`;
    Deno.writeTextFileSync(file, "x");
    const first = Records.open(path, unexpected);
    for (let number = 0; number < 100; number++) {
      first.put("shared", rowOf(file, { name: `${number}`, requested: `${number}` }));
    }
    first.close();
    const damaged = damage(Deno.readFileSync(path)).slice();
    Deno.writeFileSync(path, damaged);
    const asides: string[] = [];
    const second = Records.open(path, (aside) => asides.push(aside));
    equal(asides.length, 1);
    deepEqual(Deno.readFileSync(asides[0] ?? ""), damaged);
    equal(second.room("shared").size, 0);
    second.put("shared", rowOf(file));
    equal(second.room("shared").size, 1);
    second.close();
    Records.open(path, unexpected).close();
  });
}

Deno.test("Records take the writes of several processes at once", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/records.db`;
  const count = 200;
  const workers = ["1", "2", "3"];
  const said = await Promise.all(
    workers.map((who) => linesOf(["records", path, who, String(count)])),
  );
  deepEqual(said, [[], [], []]);
  const records = Records.open(path, unexpected);
  equal(records.room("shared").size, count * workers.length);
  records.close();
});

/** The database as the first version of ft made it, with a row in it. */
function firstLayout(path: string, row: FileRecord): void {
  const database = new DatabaseSync(path);
  database.exec(`pragma journal_mode = wal;
    create table file (
      room text not null, name text not null, requested text not null, size integer not null,
      digest text not null, owner text not null, version text not null, ino text not null,
      mtime integer not null, published integer not null, primary key (room, name, ino)
    ) strict, without rowid;
    create index file_by_owner on file (owner, room, requested);
    pragma user_version = 1;`);
  const { name, requested, size, digest, owner, version, ino, mtime, published } = row;
  database.prepare("insert into file values ('shared', ?, ?, ?, ?, ?, ?, ?, ?, ?)")
    .run(name, requested, size, digest, owner, version, ino, mtime, published);
  database.close();
}

Deno.test("Records.open() brings an older database to this layout and loses no row", () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/records.db`;
  Deno.writeTextFileSync(`${folder.path}/file`, "x");
  const row = rowOf(`${folder.path}/file`);
  firstLayout(path, row);
  for (let opened = 0; opened < 2; opened++) {
    const records = Records.open(path, unexpected);
    deepEqual(records.own("ann", "shared", "a.txt").map((found) => ({ ...found })), [
      { ...row, room: "shared" },
    ]);
    records.close();
  }
  const records = Records.open(path, unexpected);
  records.put("shared", rowOf(`${folder.path}/file`, { name: "b.txt", who: "ana" }));
  equal(records.room("shared").get("b.txt")?.[0]?.who, "ana");
  deepEqual(records.tokens.all(), []);
  records.close();
});

Deno.test("Records.open() keeps the trees of an older database, whichever their folders are", () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/records.db`;
  const first = Records.open(path, unexpected);
  first.trees.put("shared", TREE);
  first.close();
  const older = new DatabaseSync(path);
  older.exec(`alter table tree drop column ino; alter table tree drop column born;
    pragma user_version = 3`);
  older.close();
  const records = Records.open(path, unexpected);
  const { published } = records.trees.get("shared", "t", Deno.lstatSync(folder.path)) ?? {};
  equal(published, TREE.published);
  equal(records.trees.get("shared", "t", undefined), undefined);
  records.close();
});

Deno.test("a tree is the folder that it was bound to, not one that has its inode since", () => {
  using folder = temporaryFolder();
  const records = Records.open(`${folder.path}/records.db`, unexpected);
  const { trees } = records;
  trees.put("shared", TREE);
  const info = Deno.lstatSync(folder.path);
  const bornAt = (birthtime: Date | null) => ({ ...info, birthtime });
  const isThere = (info: Deno.FileInfo) => trees.get("shared", "t", info) !== undefined;
  trees.bind("shared", "t", bornAt(new Date(5000)));
  ok(isThere(bornAt(new Date(5000))));
  ok(!isThere(bornAt(new Date(5001))));
  // As on systems where a folder is never born after it was changed.
  ok(isThere(bornAt(new Date(4000))));
  ok(isThere(bornAt(null)));
  ok(!isThere({ ...bornAt(new Date(5000)), ino: Number(info.ino) + 1 }));
  ok(!isThere({ ...bornAt(new Date(5000)), isDirectory: false }));
  trees.bind("shared", "t", bornAt(null));
  ok(isThere(bornAt(new Date(5001))));
  records.close();
});

Deno.test("Records.open() by several processes brings an older database up once", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/records.db`;
  Deno.writeTextFileSync(`${folder.path}/file`, "x");
  firstLayout(path, rowOf(`${folder.path}/file`));
  const said = await Promise.all(
    ["1", "2", "3"].map((who) => linesOf(["records", path, who, "5"])),
  );
  deepEqual(said, [[], [], []]);
  const records = Records.open(path, unexpected);
  equal(records.room("shared").size, 16);
  records.close();
});

Deno.test("Records.open() leaves a database of a later version alone", () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/records.db`;
  Records.open(path, unexpected).close();
  const later = new DatabaseSync(path);
  later.exec("pragma user_version = 99");
  later.close();
  throws(() => Records.open(path, unexpected), { code: "io", message: /later version of ft/ });
  equal([...Deno.readDirSync(folder.path)].some(({ name }) => name.includes("damaged")), false);
});

Deno.test("Records find the files of an owner without looking through the room", () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/records.db`;
  Records.open(path, unexpected).close();
  using database = new DatabaseSync(path);
  const plan = (sql: string) => database.prepare(`explain query plan ${sql}`).get()?.["detail"];
  equal(plan(OWNED), "SEARCH file USING INDEX file_by_owner (owner=? AND room=?)");
  equal(
    plan(`${OWNED} and requested = ?`),
    "SEARCH file USING INDEX file_by_owner (owner=? AND room=? AND requested=?)",
  );
});
