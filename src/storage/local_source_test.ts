import { deepEqual, equal, notEqual, ok, throws } from "node:assert/strict";
import { untilNextSecond } from "../../tests/fixtures/change_time.ts";
import { temporaryFolder } from "../../tests/fixtures/staged.ts";
import { type LocalSource, openLocal, stampOf, tagOf } from "./local_source.ts";

function opened(path: string): LocalSource & Disposable {
  const source = openLocal(path);
  return Object.assign(source, { [Symbol.dispose]: () => source.close() });
}

/** A file that nobody changes now. */
const SETTLED = Deno.execPath();

Deno.test("openLocal() names the version of a settled file the same every time", () => {
  using first = opened(SETTLED);
  using second = opened(SETTLED);
  ok(first.version !== undefined);
  equal(first.version, second.version);
  equal(first.version, stampOf(Deno.statSync(SETTLED)));
});

Deno.test("openLocal() gives a file that changed just now a version used only once", () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/file`;
  Deno.writeTextFileSync(path, "x");
  using first = opened(path);
  using second = opened(path);
  ok(first.version !== undefined);
  notEqual(first.version, second.version);
});

Deno.test("isUnchanged() notices other content under restored times by the change time", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/file`;
  Deno.writeTextFileSync(path, "before");
  const { atime, mtime } = Deno.statSync(path);
  using source = opened(path);
  await untilNextSecond(path);
  ok(source.isUnchanged());
  Deno.writeTextFileSync(path, "after!");
  Deno.utimeSync(path, atime ?? 0, mtime ?? 0);
  equal(Deno.statSync(path).mtime?.getTime(), source.mtime);
  equal(Deno.statSync(path).size, source.size);
  ok(!source.isUnchanged());
});

const CHANGES: Readonly<Record<string, (path: string) => void>> = {
  "growth": (path) => Deno.writeTextFileSync(path, "more", { append: true }),
  "shrinking": (path) => Deno.truncateSync(path, 3),
  "another modification time": (path) => Deno.utimeSync(path, new Date(), new Date(1000)),
};

for (const [says, change] of Object.entries(CHANGES)) {
  Deno.test(`isUnchanged() notices ${says}`, () => {
    using folder = temporaryFolder();
    const path = `${folder.path}/file`;
    Deno.writeTextFileSync(path, "content");
    using source = opened(path);
    ok(source.isUnchanged());
    change(path);
    ok(!source.isUnchanged());
  });
}

const RENAMINGS: Readonly<Record<string, (path: string) => void>> = {
  "is gone": (path) => Deno.removeSync(path),
  "is replaced": (path) => {
    Deno.writeTextFileSync(`${path} 2`, "another");
    Deno.renameSync(`${path} 2`, path);
  },
};

for (const [says, change] of Object.entries(RENAMINGS)) {
  Deno.test(`isUnchanged() of a file that ${says} is about its bytes, isUntouched() is not`, async () => {
    using folder = temporaryFolder();
    const path = `${folder.path}/file`;
    Deno.writeTextFileSync(path, "content");
    using source = opened(path);
    await untilNextSecond(path);
    ok(source.isUntouched());
    change(path);
    ok(!source.isUntouched());
    ok(source.isUnchanged());
    const bytes = new Uint8Array(7);
    equal(source.read(0, bytes), 7);
    equal(new TextDecoder().decode(bytes), "content");
  });
}

Deno.test("isUnchanged() does not know what became of a file that got a second name", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/file`;
  Deno.writeTextFileSync(path, "content");
  using source = opened(path);
  await untilNextSecond(path);
  Deno.linkSync(path, `${path} 2`);
  ok(!source.isUnchanged());
});

Deno.test("isUnchanged() notices what is written to a file that is gone", () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/file`;
  Deno.writeTextFileSync(path, "content");
  using source = opened(path);
  using writer = Deno.openSync(path, { write: true, append: true });
  Deno.removeSync(path);
  writer.writeSync(new Uint8Array(1));
  ok(!source.isUnchanged());
});

Deno.test("read() gives fewer bytes when the file has become shorter", () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/file`;
  Deno.writeTextFileSync(path, "content");
  using source = opened(path);
  Deno.truncateSync(path, 4);
  equal(source.read(2, new Uint8Array(5)), 2);
});

Deno.test("tagOf() changes when a file is written or replaced", () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/file`;
  const tags = [1, 2, 3].map((number) => {
    Deno.writeTextFileSync(path, "x".repeat(number === 3 ? 2 : 1));
    Deno.utimeSync(path, new Date(), new Date(number * 1000));
    return tagOf(Deno.statSync(path));
  });
  equal(new Set(tags).size, 3);
  Deno.writeTextFileSync(`${path} 2`, "xx");
  Deno.utimeSync(`${path} 2`, new Date(), new Date(3000));
  notEqual(tagOf(Deno.statSync(`${path} 2`)), tags[2]);
});

Deno.test("openLocal() refuses what is no regular file, and does not wait for a pipe", async () => {
  using folder = temporaryFolder();
  const { path } = folder;
  Deno.mkdirSync(`${path}/folder`);
  ok((await new Deno.Command("mkfifo", { args: [`${path}/pipe`] }).output()).success);
  Deno.writeTextFileSync(`${path}/file`, "x");
  Deno.symlinkSync("nowhere", `${path}/dangling`);
  Deno.symlinkSync("file", `${path}/link`);
  const failures = ["folder", "pipe", "missing", "dangling", "file/x", "\ufffd"].map((name) => {
    let code = "";
    throws(() => openLocal(`${path}/${name}`), (thrown: { code: string }) => {
      code = thrown.code;
      return true;
    });
    return code;
  });
  deepEqual(failures, ["bad_name", "bad_name", "not_found", "not_found", "not_found", "bad_name"]);
  // The user's own links are the user's own affair.
  openLocal(`${path}/link`).close();
});
