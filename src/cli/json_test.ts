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
