import assert from "node:assert/strict";
import { type Finder, PathFinder, RemoteFinder } from "./finder.ts";

function labels(finder: Finder): string[] {
  return Array.from({ length: finder.count }, (_, i) => finder.label(i));
}

const items = ["b.txt", "A.txt", "12", "Caf\u00e9"].map((name, i) => ({
  number: i + 1,
  name,
  detail: i === 0 ? "1 KiB" : "",
}));

Deno.test("RemoteFinder.find() takes a part of a name, or the start of a number", () => {
  const finder = new RemoteFinder(items);
  assert.deepEqual(labels(finder), ["1. b.txt  1 KiB", "2. A.txt", "3. 12", "4. Café"]);
  finder.find("TXT");
  assert.deepEqual(labels(finder), ["1. b.txt  1 KiB", "2. A.txt"]);
  assert.equal(finder.exact, undefined);
  assert.equal(finder.first, 0);
  finder.find("none");
  assert.deepEqual([finder.count, finder.first, finder.exact], [0, undefined, undefined]);
});

Deno.test("RemoteFinder.exact is a typed name before a typed number", () => {
  const finder = new RemoteFinder(items);
  finder.find("2");
  assert.deepEqual([finder.exact, finder.label(finder.first ?? -1)], ["2", "2. A.txt"]);
  finder.find("12");
  assert.deepEqual([finder.exact, finder.label(finder.first ?? -1)], ["12", "3. 12"]);
  finder.find("Cafe\u0301");
  assert.equal(finder.exact, "Caf\u00e9");
});

Deno.test("RemoteFinder.find() of 100,000 items is quick", () => {
  const many = Array.from({ length: 100_000 }, (_, i) => (
    { number: i + 1, name: `folder/file-${i}.bin`, detail: "" }
  ));
  const finder = new RemoteFinder(many);
  const begun = performance.now();
  for (const text of ["f", "fi", "fil", "9", "99", "99999"]) finder.find(text);
  assert.ok(performance.now() - begun < 2000, `${performance.now() - begun} ms`);
  assert.equal(finder.count, 2);
});

Deno.test("PathFinder completes the shared start, then the one that is left", async () => {
  const root = await Deno.makeTempDir();
  for (const path of ["report.pdf", "reports.txt", ".rc", "näive", "näh"]) {
    await Deno.writeTextFile(`${root}/${path}`, "");
  }
  await Deno.mkdir(`${root}/data`);
  await Deno.symlink(`${root}/data`, `${root}/link`);
  await Deno.symlink(`${root}/nowhere`, `${root}/dangling`);
  const finder = new PathFinder(root);
  finder.find(`${root}/`);
  assert.deepEqual(
    labels(finder),
    ["dangling", "data/", "link/", "näh", "näive", "report.pdf", "reports.txt"],
  );
  const complete = (text: string) => {
    finder.find(text);
    return finder.complete(undefined);
  };
  assert.equal(complete("~/r"), "~/report");
  assert.equal(complete("~/report"), undefined);
  assert.equal(complete("~/reports"), "~/reports.txt");
  assert.equal(complete("~/n"), "~/nä");
  assert.equal(complete("~/.r"), "~/.rc");
  assert.equal(complete("~/dat"), "~/data/");
  assert.equal(complete("~/x"), undefined);
  assert.equal(complete("~/nowhere/x"), undefined);
  finder.find("~/d");
  assert.deepEqual([finder.pick(0), finder.pick(1)], [
    { answer: "~/dangling" },
    { text: "~/data/" },
  ]);
  await Deno.remove(root, { recursive: true });
});

Deno.test("PathFinder never completes a name with a control character, but picks it", async () => {
  const root = await Deno.makeTempDir();
  await Deno.writeTextFile(`${root}/a\nb`, "");
  const finder = new PathFinder(undefined);
  finder.find(`${root}/a`);
  assert.equal(finder.complete(0), undefined);
  assert.deepEqual(finder.pick(0), { answer: `${root}/a\nb` });
  await Deno.remove(root, { recursive: true });
});
