import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { FtError } from "../error.ts";
import type { TransferEvent } from "../mod.ts";
import { JsonLines } from "./json.ts";

/** Lines of a clock that stands where it is put. */
function watch(): { lines: JsonLines; at: (ms: number) => void; texts: string[] } {
  const texts: string[] = [];
  let time = 0;
  const lines = new JsonLines((line) => void texts.push(line), () => time);
  return { lines, texts, at: (ms) => void (time = ms) };
}

function progress(id: number, verified: number): TransferEvent {
  return { kind: "progress", id, verified };
}

Deno.test("JsonLines writes progress at most four times a second, all files together", () => {
  const { lines, texts, at } = watch();
  for (const id of [1, 2, 3]) {
    lines.listen({ kind: "started", id, name: `${id}`, size: 10_000, held: 0 });
  }
  for (let ms = 0; ms < 2000; ms += 10) {
    at(ms);
    for (const id of [1, 2, 3]) lines.listen(progress(id, ms));
  }
  strictEqual(texts.length, 8);
  const last = JSON.parse(texts.at(-1) ?? "");
  deepStrictEqual([last.open, last.files, last.size], [3, 0, 30_000]);
  ok(last.verified > 3 * 1700 && last.rate > 2_500 && last.rate < 3_500, texts.at(-1));
});

Deno.test("JsonLines counts what was held into what is verified, but not into the rate", () => {
  const { lines, texts, at } = watch();
  lines.listen({ kind: "started", id: 1, name: "a", size: undefined, held: 1_000_000 });
  at(1000);
  lines.listen(progress(1, 1_000_100));
  const { verified, size, rate } = JSON.parse(texts[0] ?? "");
  deepStrictEqual([verified, size, rate], [1_000_100, null, 100]);
});

Deno.test("JsonLines has one line for each file of a folder, also when it is sent again", () => {
  const { lines, texts } = watch();
  const file = (name: string, outcome: "new" | "same" | FtError): TransferEvent => {
    return { kind: "file", id: 1, name: `f/${name}`, size: 10, outcome };
  };
  const start: TransferEvent = { kind: "started", id: 1, name: "f", size: 30, held: 0, files: 3 };
  const failed = new FtError("io", "Cannot be read.");
  lines.listen(start);
  lines.listen(file("a", "new"));
  lines.listen(file("b", failed));
  lines.listen(file("c", failed));
  // The connection was lost.
  lines.listen(start);
  lines.listen(file("a", "same"));
  lines.listen(file("b", "new"));
  lines.listen(file("c", failed));
  const failures = ["c", "d"].map((path) => ({ path, error: failed }));
  const files = { new: 1, replaced: 0, same: 1, skipped: 0 };
  lines.listen({
    kind: "tree",
    id: 1,
    name: "f",
    report: { name: "g", files, bytes: 20, failures },
  });
  lines.end(8);
  const told = texts.map((text) => JSON.parse(text));
  deepStrictEqual(told.map(({ kind, name }) => `${kind} ${name}`), [
    "file f/a",
    "error f/b",
    "error f/c",
    "file f/b",
    "error f/d",
    "folder f",
    "summary undefined",
  ]);
  const { saved, failed: missing } = told.at(-2);
  deepStrictEqual([saved, missing], ["g", 2]);
  const sum = told.at(-1);
  deepStrictEqual([sum.files, sum.failed, sum.bytes], [2, 2, 20]);
});

Deno.test("JsonLines tells a file whose name is taken from the one that has it", () => {
  const { lines, texts } = watch();
  const twin = new FtError("bad_name", "Another name is the same in normal form C.");
  for (let attempt = 0; attempt < 2; attempt++) {
    lines.listen({ kind: "started", id: 1, name: "f", size: 10, held: 0, files: 1 });
    lines.listen({ kind: "file", id: 1, name: "f/a", size: 0, outcome: twin });
    lines.listen({ kind: "file", id: 1, name: "f/a", size: 10, outcome: "new" });
  }
  lines.end(6);
  const told = texts.map((text) => JSON.parse(text));
  deepStrictEqual(told.map(({ kind }) => kind), ["error", "file", "summary"]);
  deepStrictEqual([told[2].files, told[2].failed], [1, 1]);
});

Deno.test("JsonLines counts bytes of a folder's files once in its progress", () => {
  const { lines, texts, at } = watch();
  lines.listen({ kind: "started", id: 1, name: "f", size: 100, held: 0, files: 2 });
  at(1000);
  lines.listen({ kind: "file", id: 1, name: "f/a", size: 60, outcome: "new" });
  lines.listen(progress(1, 60));
  const { verified, size, files, open } = JSON.parse(texts.at(-1) ?? "");
  deepStrictEqual([verified, size, files, open], [60, 100, 1, 1]);
});

Deno.test("JsonLines writes whatever is in a name so that a terminal obeys nothing of it", () => {
  const { lines, texts } = watch();
  const name = "\x1b[2J\u202e\u{e0001}\u0085\ud800\n'\"";
  lines.error(new FtError("not_found", name), { name });
  const [text = ""] = texts;
  ok(/^\P{C}+\n$/u.test(text), text);
  strictEqual(JSON.parse(text).name, name);
});

Deno.test("JsonLines says of a failure what its row of the table says", () => {
  const { lines, texts } = watch();
  lines.error(new FtError("busy", "", { side: "there", hint: "Wait." }));
  deepStrictEqual(JSON.parse(texts[0] ?? ""), {
    v: 1,
    kind: "error",
    code: "busy",
    message: "The server is at its limit just now.",
    hint: "Wait.",
    exit: 6,
    retry: true,
    side: "there",
  });
});
