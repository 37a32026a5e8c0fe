/**
 * Holds the tables of PROTOCOL.md against the code, both ways.
 *
 * @module
 */
import assert from "node:assert/strict";
import { FAILURES, FtError } from "../src/error.ts";
import * as name from "../src/name.ts";
import * as chunk from "../src/protocol/chunk.ts";
import { frameLimit, toFrame, toMessage } from "../src/protocol/codec.ts";
import { DIGEST_BYTES } from "../src/protocol/digest.ts";
import * as limits from "../src/protocol/limits.ts";
import { FRAME_TYPES, JSON_FIELDS, type Kind } from "../src/protocol/message.ts";

const SPEC = Deno.readTextFileSync(new URL("../src/protocol/PROTOCOL.md", import.meta.url));

type Row = Record<string, string>;

/** The one table of the document whose columns are these. */
function table(...columns: string[]): Row[] {
  const cells = (line: string) => line.split("|").slice(1, -1).map((cell) => cell.trim());
  const found = [...SPEC.matchAll(/(?:^\|.*\n)+/gm)]
    .map(([block]) => block.trim().split("\n").map(cells))
    .filter(([head]) => head?.join() === columns.join());
  assert.equal(found.length, 1, `one table with the columns ${columns}`);
  const [, , ...rows] = found[0] ?? [];
  assert.ok(rows.length > 0);
  return rows.map((row) => {
    assert.equal(row.length, columns.length, row.join(" | "));
    return Object.fromEntries(columns.map((column, at) => [column, row[at] ?? ""]));
  });
}

const NUMBERS: Record<string, unknown> = { ...limits, ...constants(chunk), ...constants(name) };

/** What a module exports in capitals. */
function constants(module: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(module).filter(([key]) => /^[A-Z_]+$/.test(key)));
}

Deno.test("PROTOCOL.md: the table of limits has every constant with its value", () => {
  const shown = (value: unknown) =>
    value instanceof Uint8Array
      ? [...value].map((byte) => byte.toString(16).padStart(2, "0")).join(" ")
      : String(value);
  const code = { ...NUMBERS, DIGEST_BYTES };
  assert.deepEqual(
    Object.fromEntries(table("limit", "value", "meaning").map((r) => [r["limit"], r["value"]])),
    Object.fromEntries(Object.entries(code).map(([key, value]) => [key, shown(value)])),
  );
});

Deno.test("PROTOCOL.md: every constant that its text names is in the table of limits", () => {
  const known = new Set(table("limit", "value", "meaning").map((row) => row["limit"]));
  for (const [word] of SPEC.matchAll(/\b[A-Z]+(?:_[A-Z]+)+\b/g)) {
    assert.ok(known.has(word), word);
  }
});

Deno.test("PROTOCOL.md: the table of errors is the failure table", () => {
  const rows = table("code", "exit", "retry", "kept", "sentence");
  const said = (word: string | undefined) => {
    assert.ok(word === "yes" || word === "no", word);
    return word === "yes";
  };
  const spec = rows.map((row) => [row["code"], {
    exit: Number(row["exit"]),
    retry: said(row["retry"]),
    kept: said(row["kept"]),
    sentence: row["sentence"],
  }]);
  assert.deepEqual(spec, Object.entries(FAILURES));
});

const messages = table("type", "message", "from", "payload", "meaning");
const fields = table("message", "field", "type", "needed", "meaning");

Deno.test("PROTOCOL.md: the table of messages has every type, and JSON where the code has", () => {
  assert.deepEqual(
    messages.map((row) => [row["message"]?.toLowerCase(), Number(row["type"])]),
    Object.entries(FRAME_TYPES),
  );
  for (const row of messages) {
    const isJson = Object.hasOwn(JSON_FIELDS, row["message"]?.toLowerCase() ?? "");
    assert.equal(row["payload"] === "JSON", isJson, row["message"]);
  }
});

Deno.test("PROTOCOL.md: the types it names may fill a frame, all others have CONTROL_BYTES", () => {
  const [, named = ""] =
    /\n((?:[A-Z]+, )+[A-Z]+ and [A-Z]+) may have up to FRAME_BYTES/.exec(SPEC) ??
      [];
  const large = named.split(/, | and /);
  for (const [kind, type] of Object.entries(FRAME_TYPES)) {
    const limit = large.includes(kind.toUpperCase()) ? limits.FRAME_BYTES : limits.CONTROL_BYTES;
    assert.equal(frameLimit(type), limit, kind);
  }
  assert.equal(frameLimit(0xff), limits.CONTROL_BYTES);
});

Deno.test("PROTOCOL.md: the table of the schedule is fullChunk()", () => {
  const rows = table("step", "first chunk", "size of a chunk", "first byte");
  assert.equal(rows.length, chunk.DOUBLINGS + 1);
  for (const row of rows) {
    const extent = { offset: Number(row["first byte"]), size: Number(row["size of a chunk"]) };
    assert.deepEqual(chunk.fullChunk(Number(row["first chunk"])), extent);
  }
  const last = /a file of FILE_BYTES has (\d+)/.exec(SPEC)?.[1];
  assert.equal(chunk.chunkCount(limits.FILE_BYTES), Number(last));
});

interface Samples {
  /** Values at the limits. */
  readonly good: readonly unknown[];
  /** Values just past them, and of other types. */
  readonly bad: readonly unknown[];
}

/** What messages are lists of. */
const PARTS: readonly string[] = ["item", "node", "fault"];
const WRONG = [null, {}, [[]]];

/** Values that fit, and that do not fit, what the column "type" of the table of fields says. */
function samples(type: string): Samples {
  const [, listMax, of] = /^list ≤ (\w+) of (.+)$/.exec(type) ?? [];
  if (listMax !== undefined && of !== undefined) {
    const item = samples(of);
    const full = Array(number(listMax)).fill(item.good[0]);
    return {
      good: [[], full, ...item.good.map((value) => [value])],
      bad: [null, {}, "", [...full, item.good[0]], ...item.bad.map((value) => [value])],
    };
  }
  const [, kind, max] = /^(string|integer) ≤ (\w+)$/.exec(type) ?? [];
  if (kind === "string") {
    const text = "x".repeat(number(max));
    return { good: [text, ""], bad: [`${text}x`, 1, true, ...WRONG] };
  }
  if (kind === "integer") {
    return { good: [0, number(max)], bad: [number(max) + 1, -1, 0.5, "1", true, ...WRONG] };
  }
  const [, least, most] = /^integer (\d+) to (\w+)$/.exec(type) ?? [];
  if (least !== undefined) {
    const [min, max] = [number(least), number(most)];
    return { good: [min, max], bad: [max + 1, min - 1, min + 0.5, "1", true, ...WRONG] };
  }
  if (type === "time") {
    return { good: [0, 8.64e15, -8.64e15], bad: [8.64e15 + 2, 0.5, "1", true, ...WRONG] };
  }
  if (type === "boolean") return { good: [true, false], bad: [0, 1, "true", ...WRONG] };
  if (PARTS.includes(type)) {
    const wrong = fields.filter((row) => row["message"] === type).flatMap((row) =>
      wrongValues(row).map((value) => ({ ...object(type), [row["field"] ?? ""]: value }))
    );
    return { good: [object(type)], bad: [null, "", [], {}, ...wrong] };
  }
  const [, words] = /^one of (.+)$/.exec(type) ?? [];
  assert.ok(words !== undefined, `unknown type: ${type}`);
  const good = words.split(", ");
  return { good, bad: ["", "x", good[0]?.toUpperCase(), 1, ...WRONG] };
}

function number(text: string | undefined): number {
  const value = text !== undefined && text in NUMBERS ? NUMBERS[text] : Number(text);
  assert.ok(typeof value === "number" && Number.isSafeInteger(value), text);
  return value;
}

function wrongValues(row: Row): readonly unknown[] {
  const { bad } = samples(row["type"] ?? "");
  return row["needed"] === "yes" ? [undefined, ...bad] : bad;
}

/** A message or an item with every field that the table has for it. */
function object(of: string): Record<string, unknown> {
  return Object.fromEntries(
    fields.filter((row) => row["message"] === of)
      .map((row) => [row["field"] ?? "", samples(row["type"] ?? "").good[0]]),
  );
}

function check(kind: Kind, value: unknown): unknown {
  return JSON_FIELDS[kind as keyof typeof JSON_FIELDS](value, "");
}

Deno.test("PROTOCOL.md: the table of fields is for the messages that are JSON, and their parts", () => {
  const named = new Set(fields.map((row) => row["message"]));
  const kinds = Object.keys(JSON_FIELDS).map((kind) => kind.toUpperCase());
  assert.deepEqual(named, new Set([...kinds, ...PARTS]));
});

for (const kind of Object.keys(JSON_FIELDS) as (keyof typeof JSON_FIELDS)[]) {
  const rows = fields.filter((row) => row["message"] === kind.toUpperCase());

  Deno.test(`PROTOCOL.md: ${kind.toUpperCase()} has the fields of the code, and no others`, () => {
    const value = object(kind.toUpperCase());
    assert.deepEqual(check(kind, { ...value, ofLaterVersions: 1 }), value);
  });

  for (const row of rows) {
    const { field = "", type = "", needed } = row;
    Deno.test(`PROTOCOL.md: ${kind.toUpperCase()} ${field} is ${type}`, () => {
      const whole = object(kind.toUpperCase());
      for (const value of samples(type).good) {
        assert.deepEqual(check(kind, { ...whole, [field]: value }), { ...whole, [field]: value });
      }
      for (const value of wrongValues(row)) {
        const shown = JSON.stringify(value)?.slice(0, 100);
        assert.throws(() => check(kind, { ...whole, [field]: value }), FtError, shown);
      }
      assert.ok(needed === "yes" || needed === "no", needed);
      if (needed === "no") check(kind, { ...whole, [field]: undefined });
    });
  }
}

Deno.test("PROTOCOL.md: messages at the limits of its fields fit into their frames", () => {
  for (const kind of Object.keys(JSON_FIELDS) as (keyof typeof JSON_FIELDS)[]) {
    // The longest fields cannot all come at once in these: names are canonical and shorter.
    if (kind === "items" || kind === "manifest" || kind === "result") continue;
    const id = ["hello", "welcome"].includes(kind) ? 0 : 1;
    const value = object(kind.toUpperCase());
    // deno-lint-ignore no-explicit-any -- built from the document, checked by the code
    const frame = toFrame({ kind, id, ...value } as any);
    const [payload = new Uint8Array()] = frame.payload;
    assert.ok(payload.length <= frameLimit(frame.type), kind);
    assert.deepEqual(toMessage({ ...frame, payload }), { kind, id, ...value });
  }
});

Deno.test("PROTOCOL.md: its links lead to its own headings", () => {
  const headings = [...SPEC.matchAll(/^#+ (.+)$/gm)].map(([, text = ""]) =>
    text.toLowerCase().replaceAll(" ", "-").replace(/[^\w-]/g, "")
  );
  for (const [, anchor = ""] of SPEC.matchAll(/\]\(#([^)]*)\)/g)) {
    assert.ok(headings.includes(anchor), anchor);
  }
});
