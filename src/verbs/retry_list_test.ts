import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { temporaryFolder } from "../../tests/fixtures/staged.ts";
import { exists, writeFile } from "../../tests/files.ts";
import { FtError } from "../error.ts";
import { failedItems, type RetryItem, RetryMemory } from "./retry_list.ts";

const HOW = { command: "put", server: "nas", folder: "/home/ana", options: ["--plain"] } as const;

function keep(memory: RetryMemory, items: readonly RetryItem[]): void {
  memory.keep({ ...HOW, items });
}

Deno.test("RetryMemory gives back what it kept last, and nothing once nothing failed", () => {
  using folder = temporaryFolder();
  const memory = new RetryMemory(`${folder.path}/state`);
  equal(memory.get(), undefined);
  keep(memory, [{ operand: "before" }]);
  const items = [{ operand: "-odd \u{1f600}\n'" }, { operand: "d", paths: ["a", "b/c"] }];
  keep(memory, items);
  deepEqual(new RetryMemory(`${folder.path}/state`).get(), { ...HOW, items, more: 0 });
  memory.keep({ ...HOW, server: undefined, items });
  equal(memory.get()?.server, undefined);
  keep(memory, []);
  equal(memory.get(), undefined);
  equal(exists(`${folder.path}/state/retry.json`), false);
  keep(memory, []);
});

Deno.test("failedItems() gives what failed, of folders each path", () => {
  const error = new FtError("io");
  const receipt = { name: "a", size: 0, digest: "", outcome: "new" } as const;
  const files = { new: 1, replaced: 0, same: 0, skipped: 0 };
  const tree = (...paths: string[]) => ({
    name: "t",
    files,
    bytes: 0,
    failures: paths.map((path) => ({ path, error })),
  });
  deepEqual(
    failedItems([
      { name: "well", receipt },
      { name: "b", error },
      { name: "whole/", tree: tree() },
      { name: "part/", tree: tree("x", "y/z") },
      { name: "part//x", error },
      { name: "part//y/z", error },
      { name: "c", error },
    ]),
    [{ operand: "b" }, { operand: "part/", paths: ["x", "y/z"] }, { operand: "c" }],
  );
});

Deno.test("failedItems() gives the folder of what has to be renamed", () => {
  const error = new FtError("bad_name");
  const files = { new: 1, replaced: 0, same: 0, skipped: 0 };
  const failed = (...paths: string[]) => {
    const failures = paths.map((path) => ({ path, error }));
    const tree = { name: "t", files, bytes: 0, failures };
    return failedItems([{ name: "t", tree }, ...paths.map((name) => ({ name, error }))]);
  };
  deepEqual(failed("a/b\\c", "a/d\\e", "f/g/\ufffd"), [{ operand: "t", paths: ["a", "f/g"] }]);
  deepEqual(failed("a/b\\c", "top\\level"), [{ operand: "t" }]);
});

Deno.test("RetryMemory keeps a bounded number of names, and counts the others", () => {
  using folder = temporaryFolder();
  const memory = new RetryMemory(folder.path);
  const many = (count: number) => Array.from({ length: count }, (_, index) => String(index));
  keep(memory, many(10_003).map((operand) => ({ operand })));
  deepEqual([memory.get()?.items.length, memory.get()?.more], [10_000, 3]);
  keep(memory, [{ operand: "d", paths: many(10_001) }, { operand: "e", paths: many(10_000) }]);
  const [whole, part] = memory.get()?.items ?? [];
  deepEqual([whole, part?.paths?.length], [{ operand: "d" }, 10_000]);
  keep(memory, many(3000).map((operand) => ({ operand: operand.padEnd(4000, "x") })));
  const { items = [], more = 0 } = memory.get() ?? {};
  equal(items.length + more, 3000);
  ok(items.length < 2200 && Deno.statSync(`${folder.path}/retry.json`).size < 9 * 1024 * 1024);
});

Deno.test({
  name: "RetryMemory is read by nobody else",
  ignore: Deno.build.os === "windows",
  fn() {
    using folder = temporaryFolder();
    keep(new RetryMemory(`${folder.path}/state`), [{ operand: "x" }]);
    equal((Deno.statSync(`${folder.path}/state/retry.json`).mode ?? 0) & 0o777, 0o600);
    equal((Deno.statSync(`${folder.path}/state`).mode ?? 0) & 0o777, 0o700);
  },
});

Deno.test("RetryMemory does not go on with what is damaged", () => {
  using folder = temporaryFolder();
  const list = { format: 1, ...HOW, items: [{ operand: "x" }], more: 0 };
  const damages: unknown[] = [
    null,
    [],
    { ...list, format: 2 },
    { ...list, command: "serve" },
    { ...list, folder: 7 },
    { ...list, options: "--plain" },
    { ...list, options: [7] },
    { ...list, items: undefined },
    { ...list, items: [null] },
    { ...list, items: [{ operand: 1 }] },
    { ...list, items: [{ operand: "x", paths: [1] }] },
    { ...list, more: "1" },
  ];
  for (const text of ["", "{", ...damages.map((damage) => JSON.stringify(damage))]) {
    writeFile(`${folder.path}/retry.json`, text);
    throws(() => new RetryMemory(folder.path).get(), { code: "io", message: /damaged/ }, text);
  }
});
