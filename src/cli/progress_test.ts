import assert from "node:assert/strict";
import fc from "fast-check";
import { FtError } from "../error.ts";
import type { TransferEvent } from "../session/event.ts";
import { Progress } from "./progress.ts";
import { displayWidth } from "./text.ts";

const seed = Date.now() & 0x7fffffff;
const digest = "sha256:00";

/** A Progress with a clock set by hand, and everything it wrote. */
function watch(options: { terminal?: boolean; columns?: number; color?: boolean } = {}) {
  const state = { now: 0, columns: options.columns ?? 80, written: [] as string[] };
  const progress = new Progress({
    write: (text) => void state.written.push(text),
    terminal: options.terminal ?? false,
    columns: () => state.columns,
    color: options.color ?? false,
    now: () => state.now,
  });
  const at = (now: number, event: TransferEvent) => {
    state.now = now;
    progress.listen(event);
  };
  return { progress, state, at, all: () => state.written.join("") };
}

// deno-lint-ignore no-control-regex -- reading control codes is what a terminal does.
const CODES = /\x1b\[(\d+)A|(\x1b\[[^A-Za-z]*[A-Za-z])|(.)/gsu;

/** What a terminal shows after `text`: enough of one for what Progress writes. */
function screen(text: string): string[] {
  const lines = [""];
  let row = 0;
  let column = 0;
  for (const [, up, code, char] of text.matchAll(CODES)) {
    const line = lines[row] ?? "";
    if (up) row -= Number(up);
    else if (code === "\x1b[K") lines[row] = line.slice(0, column);
    else if (code === "\x1b[J") lines.splice(row, lines.length, line.slice(0, column));
    else if (char === "\r") column = 0;
    else if (char === "\n") [row, column] = [row + 1, 0];
    else if (char !== undefined) {
      lines[row] = line.slice(0, column) + char + line.slice(column + char.length);
      column += char.length;
    }
    assert.ok(row >= 0, "above the top");
    lines[row] ??= "";
  }
  return lines;
}

const started = (id: number, name: string, size?: number, held = 0): TransferEvent => (
  { kind: "started", id, name, size, held }
);
const verified = (id: number, verified: number): TransferEvent => (
  { kind: "progress", id, verified }
);
const done = (
  id: number,
  name: string,
  size: number,
  outcome: "new" | "replaced" | "same" | "skipped" = "new",
): TransferEvent => ({ kind: "done", id, receipt: { name, size, digest, outcome } });

const MIB = 1024 * 1024;

Deno.test("Progress off a terminal writes a line when a file starts and when it is done", () => {
  const { at, all } = watch();
  at(0, started(1, "report.pdf", 1.5 * MIB));
  at(100, verified(1, MIB));
  at(400, done(1, "report.pdf", 1.5 * MIB));
  assert.equal(
    all(),
    "report.pdf  started  1.5 MiB\n" +
      "report.pdf  100 %  1.5 MiB  in 0.4 s  3.8 MiB/s\n",
  );
});

Deno.test("Progress counts what was held into the percent, but not into the rate", () => {
  const { at, all } = watch();
  at(0, started(1, "big.iso", 100 * MIB, 42 * MIB));
  at(1000, done(1, "big.iso", 100 * MIB));
  assert.equal(
    all(),
    "big.iso  started  100.0 MiB, resuming at 42 %\n" +
      "big.iso  100 %  100.0 MiB  in 1.0 s  58.0 MiB/s\n",
  );
  const first = watch({ terminal: true });
  first.at(0, started(1, "big.iso", 100 * MIB, 42 * MIB));
  assert.match(first.all(), /\[#+-+\] {2}42 % {3}42\.0 MiB of 100\.0 MiB +-- B\/s +ETA --:--/);
  first.at(1000, verified(1, 52 * MIB));
  assert.match(first.all(), /52 % .* 10\.0 MiB\/s +ETA 4\.8 s/);
});

Deno.test("Progress off a terminal writes at most one line of progress in ten seconds", () => {
  const { at, state } = watch();
  at(0, started(1, "a", 1000 * MIB));
  for (let second = 1; second <= 35; second++) at(second * 1000, verified(1, second * MIB));
  assert.deepEqual(state.written.slice(1), [
    "a  1 %  10.0 MiB of 1000.0 MiB  1.0 MiB/s  ETA 16:30\n",
    "a  2 %  20.0 MiB of 1000.0 MiB  1.0 MiB/s  ETA 16:20\n",
    "a  3 %  30.0 MiB of 1000.0 MiB  1.0 MiB/s  ETA 16:10\n",
  ]);
});

Deno.test("Progress says what became of a file: there already, skipped, saved under a name", () => {
  const { at, all } = watch();
  at(0, done(1, "a", 10, "same"));
  at(0, done(2, "b", 10, "skipped"));
  at(0, started(3, "c.txt", 10));
  at(2000, done(3, "c (2).txt", 10));
  assert.equal(
    all(),
    "a  100 %  10 B  (already there)\nb  (skipped)\nc.txt  started  10 B\n" +
      "c.txt  100 %  10 B  in 2.0 s  5 B/s  (saved as c (2).txt)\n",
  );
});

Deno.test("Progress says when a held version changed, a try is made again, a file failed", () => {
  const { at, all } = watch();
  at(0, { kind: "changed", id: 1, name: "x", held: 10 * MIB, kept: 3 * MIB });
  const lost = new FtError("lost");
  at(0, { kind: "retrying", attempt: 2, of: 5, seconds: 2, error: lost });
  at(0, { kind: "retrying", attempt: 3, of: 5, seconds: 0.5, error: new FtError("busy") });
  at(0, { kind: "failed", id: 1, name: "x\x1b[2J", error: new FtError("io", "Bad\ndisk.") });
  assert.equal(
    all(),
    "x changed since the last run: 3.0 MiB of 10.0 MiB held still match\n" +
      "connection lost; trying again in 2 s (2 of 5)\n" +
      "The server is at its limit just now; trying again in 0.5 s (3 of 5)\n" +
      "x\\u{1b}[2J  failed: Bad\\u{a}disk.\n",
  );
});

Deno.test("Progress goes on counting when a file starts again after a lost connection", () => {
  const { at, all } = watch();
  at(0, started(1, "a", 10 * MIB));
  at(1000, verified(1, 6 * MIB));
  at(2000, started(1, "a", 10 * MIB, 5 * MIB));
  at(4000, done(1, "a", 10 * MIB));
  assert.match(all(), /resuming at 50 %/);
  assert.match(all(), /100 % {2}10\.0 MiB {2}in 4\.0 s {2}2\.8 MiB\/s/);
});

Deno.test("Progress on a terminal redraws one line per file, ten times a second at most", () => {
  const { at, state, all } = watch({ terminal: true });
  at(0, started(1, "a", 1000));
  for (let now = 1; now <= 1000; now++) at(now, verified(1, now));
  assert.equal(state.written.length, 11);
  assert.equal(screen(all()).length, 1);
  assert.match(screen(all())[0] ?? "", /^a {2}\[#+-\] {2}99 % /);
  at(1001, done(1, "a", 1000));
  assert.deepEqual(screen(all()), ["a  100 %  1000 B  in 1.0 s  999 B/s", ""]);
});

Deno.test("Progress on a terminal shows a few files and a total", () => {
  const { at, progress, all } = watch({ terminal: true });
  for (let id = 1; id <= 7; id++) at(id, started(id, `file ${id}`, MIB));
  at(500, verified(7, MIB / 2));
  at(1000, done(7, "file 7", MIB));
  const lines = screen(all());
  assert.equal(lines.length, 6);
  assert.match(lines[0] ?? "", /^file 7 {2}100 %/);
  assert.match(lines[1] ?? "", /^file 1 {8}\[-+\] {3}0 % /);
  assert.match(lines[5] ?? "", /^1 of 7 files {2}\[#+-+\] {2}14 % +1\.0 MiB of 7\.0 MiB/);
  progress.line("hint: x");
  assert.deepEqual(screen(all()).slice(0, 2), [lines[0], "hint: x"]);
  assert.equal(screen(all()).length, 7);
  progress.close();
  assert.deepEqual(screen(all()), [lines[0], "hint: x", ""]);
});

Deno.test("Progress shows bytes and rate alone where the size is unknown", () => {
  const { at, all } = watch({ terminal: true });
  at(0, started(1, "-", undefined));
  at(1000, verified(1, 3 * MIB));
  assert.deepEqual(screen(all()), ["-     3.0 MiB    3.0 MiB/s"]);
});

Deno.test("Progress leaves out the least on a narrow terminal", () => {
  const { at, all, state } = watch({ terminal: true, columns: 40 });
  at(0, started(1, "a long name of a file.txt", 10 * MIB));
  assert.deepEqual(screen(all()), ["a long name …  [----------------]   0 %"]);
  state.columns = 16;
  at(200, verified(1, 5 * MIB));
  assert.deepEqual(screen(all()), ["a long n…  50 %"]);
});

Deno.test("Progress draws ten thousand files in bounded writes", () => {
  const { at, state } = watch({ terminal: true });
  for (let id = 0; id < 10_000; id++) at(id / 100, started(id, `f${id}`, 10));
  for (let id = 0; id < 10_000; id++) at(100 + id / 100, done(id, `f${id}`, 10));
  assert.ok(state.written.length < 10, `${state.written.length} writes`);
  const lines = screen(state.written.join(""));
  assert.match(lines[9999] ?? "", /^f9999 {2}100 %/);
  assert.match(lines[10_000] ?? "", /^10000 of 10000 files .* 99 %/);
});

const number = fc.oneof(
  fc.nat({ max: 2 ** 31 }),
  fc.constantFrom(0, 1, -1, NaN, Infinity, -Infinity, Number.MAX_SAFE_INTEGER),
);
const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 50 }),
  fc.constantFrom("report.pdf", "日本語".repeat(20), "❤️🎈".repeat(20), "x".repeat(300), "\x1b[2J"),
);
const id = fc.nat({ max: 8 });
const error = text.map((message) => new FtError("io", message));
const event: fc.Arbitrary<TransferEvent> = fc.oneof(
  fc.record({
    kind: fc.constant("started" as const),
    id,
    name: text,
    size: fc.option(number, { nil: undefined }),
    held: number,
  }),
  fc.record({ kind: fc.constant("progress" as const), id, verified: number }),
  fc.record({ kind: fc.constant("changed" as const), id, name: text, held: number, kept: number }),
  fc.record({
    kind: fc.constant("done" as const),
    id,
    receipt: fc.record({
      name: text,
      size: number,
      digest: fc.constant(digest),
      outcome: fc.constantFrom("new", "replaced", "same", "skipped"),
    }),
  }),
  fc.record({ kind: fc.constant("failed" as const), id, name: text, error }),
  fc.record({
    kind: fc.constant("retrying" as const),
    attempt: fc.nat(),
    of: fc.nat(),
    seconds: number,
    error,
  }),
);
const step = fc.record({ wait: fc.constantFrom(0, 1, 99, 100, 5000, 20_000), event });
const steps = fc.array(step, { maxLength: 60 });

Deno.test(`Progress never writes as wide as the terminal is (seed ${seed})`, () => {
  fc.assert(
    fc.property(steps, fc.integer({ min: 3, max: 120 }), fc.boolean(), (steps, columns, color) => {
      const { at, state, progress } = watch({ terminal: true, columns, color });
      let now = 0;
      for (const { wait, event } of steps) at(now += wait, event);
      progress.close();
      for (const written of state.written) {
        // deno-lint-ignore no-control-regex -- taking off control codes.
        const plain = written.replaceAll(/\x1b\[[0-9]*[A-Za-z]/g, "");
        assert.doesNotMatch(plain, /(?![\r\n])[\p{Cc}\p{Cf}]/u);
        assert.doesNotMatch(plain, /NaN|Infinity|undefined/);
        for (const line of plain.split("\n")) {
          const cells = displayWidth(line.replace("\r", ""));
          assert.ok(cells < columns, `${cells} of ${columns}: ${JSON.stringify(line)}`);
        }
      }
      const shown = screen(state.written.join(""));
      assert.equal(shown.at(-1), "", "a bar is left");
    }),
    { seed },
  );
});

Deno.test(`Progress never writes a control code off a terminal (seed ${seed})`, () => {
  fc.assert(
    fc.property(steps, fc.boolean(), (steps, color) => {
      const { at, all, progress } = watch({ color });
      let now = 0;
      for (const { wait, event } of steps) at(now += wait, event);
      progress.line("x\x1b[2J");
      progress.close();
      assert.doesNotMatch(all(), /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    }),
    { seed },
  );
});

Deno.test("Progress.aside() leaves the screen to a question, and shows afterwards what came", async () => {
  for (const terminal of [true, false]) {
    const { progress, at, all, state } = watch({ terminal });
    at(0, started(1, "a.bin", 1000));
    at(500, verified(1, 100));
    const answer = await progress.aside(() => {
      const shown = screen(all());
      assert.equal(shown.at(-1), "", "the bars are still there");
      const { length } = state.written;
      at(1000, verified(1, 200));
      at(20_000, verified(1, 300));
      at(20_100, { kind: "failed", id: 2, name: "b.bin", error: new FtError("io") });
      progress.line("a line");
      assert.equal(state.written.length, length, "something was written");
      return Promise.resolve("answer");
    });
    assert.equal(answer, "answer");
    const shown = screen(all());
    const lines = shown.filter((line) => /^a line|^b\.bin +failed/.test(line));
    assert.equal(lines.length, 2, shown.join("\n"));
    if (terminal) assert.match(shown.at(-2) ?? "", /^a\.bin +30 %/);
    await assert.rejects(progress.aside(() => Promise.reject(new Error("left"))), /left/);
    progress.line("the end");
    assert.ok(screen(all()).includes("the end"));
  }
});
