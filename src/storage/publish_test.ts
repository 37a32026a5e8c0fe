import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { linesOf, temporaryFolder } from "../../tests/fixtures/staged.ts";
import { lookAt } from "./confine.ts";
import { publishNew, publishOver, renameLocked } from "./publish.ts";

function makeFolders(path: string): { staged: string; final: string } {
  Deno.mkdirSync(`${path}/staging`);
  Deno.mkdirSync(`${path}/room`);
  Deno.writeTextFileSync(`${path}/staging/staged`, "new");
  return { staged: `${path}/staging/staged`, final: `${path}/room/final` };
}

function namesIn(path: string): string[] {
  return [...Deno.readDirSync(path)].map(({ name }) => name).sort();
}

for (const publish of [publishNew, renameLocked]) {
  Deno.test(`${publish.name}() gives a file its name and leaves nothing behind`, () => {
    using folder = temporaryFolder();
    const { staged, final } = makeFolders(folder.path);
    ok(publish(staged, final));
    equal(Deno.readTextFileSync(final), "new");
    equal(Deno.lstatSync(final).nlink, 1);
    deepEqual(namesIn(`${folder.path}/staging`), []);
  });

  for (const there of ["a file", "a folder", "a dangling link", "a link to a file"]) {
    Deno.test(`${publish.name}() does not replace ${there}`, () => {
      using folder = temporaryFolder();
      const { staged, final } = makeFolders(folder.path);
      Deno.writeTextFileSync(`${folder.path}/other`, "old");
      if (there === "a file") Deno.writeTextFileSync(final, "old");
      else if (there === "a folder") Deno.mkdirSync(final);
      else Deno.symlinkSync(there === "a dangling link" ? "nowhere" : "../other", final);
      const before = Deno.lstatSync(final).ino;
      equal(publish(staged, final), false);
      equal(Deno.lstatSync(final).ino, before);
      equal(Deno.readTextFileSync(`${folder.path}/other`), "old");
      equal(Deno.readTextFileSync(staged), "new");
      deepEqual(namesIn(`${folder.path}/staging`), ["staged"]);
    });
  }

  Deno.test(`${publish.name}() among many processes gives each name to one of them`, async () => {
    using folder = temporaryFolder();
    const { path } = folder;
    makeFolders(path);
    Deno.removeSync(`${path}/staging/staged`);
    const count = 200;
    const how = publish === publishNew ? "link" : "rename";
    const workers = Array.from({ length: 4 }, (_, worker) => `worker-${worker}`);
    const won = await Promise.all(
      workers.map((who) => linesOf(["publish", path, who, how, String(count)])),
    );
    const winners = new Map(won.flatMap((numbers, at) => numbers.map((n) => [n, workers[at]])));
    equal(won.flat().length, count, "a name was given twice or never");
    for (const [number, who] of winners) {
      equal(Deno.readTextFileSync(`${path}/room/${number}`), who);
    }
    // Who did not win still has its file.
    equal(namesIn(`${path}/staging`).length, count * (workers.length - 1));
  });
}

Deno.test("publishNew() fails when the folder is gone, and keeps the staged file", () => {
  using folder = temporaryFolder();
  const { staged, final } = makeFolders(folder.path);
  throws(() => publishNew(staged, `${final}/below`), Deno.errors.NotFound);
  equal(Deno.readTextFileSync(staged), "new");
});

Deno.test("publishOver() replaces a file and a link, but no folder", () => {
  using folder = temporaryFolder();
  const { staged, final } = makeFolders(folder.path);
  Deno.writeTextFileSync(`${folder.path}/other`, "old");
  Deno.symlinkSync("../other", final);
  publishOver(staged, final);
  ok(lookAt(final)?.isFile);
  deepEqual([final, `${folder.path}/other`].map((path) => Deno.readTextFileSync(path)), [
    "new",
    "old",
  ]);
  Deno.mkdirSync(`${folder.path}/room/folder`);
  throws(() => publishOver(final, `${folder.path}/room/folder`), { code: "exists" });
});
