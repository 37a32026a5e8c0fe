/**
 * The files of tests/vectors/ as its README describes them.
 *
 * @module
 */
import assert from "node:assert/strict";

type Bytes = Uint8Array<ArrayBuffer>;

const FOLDER = new URL("./vectors/", import.meta.url);

/** One scenario. */
export interface Vector {
  readonly kind: string;
  readonly expect: string;
  readonly encode: boolean;
  /** The values of a key of the body, in order. */
  all(key: string): string[];
  /** The value of a key that the body has once. */
  one(key: string): string;
}

/** The files' names, sorted. */
export function vectorNames(): string[] {
  return [...Deno.readDirSync(FOLDER)].map(({ name }) => name)
    .filter((name) => name.endsWith(".txt")).sort();
}

/** The vector in the file of that name. */
export function readVector(name: string): Vector {
  const [header = "", body = ""] = Deno.readTextFileSync(new URL(name, FOLDER)).split("\n\n");
  const lines = (part: string) =>
    part.split("\n").filter((line) => line !== "").map((line) => {
      const [, key, value] = /^([a-z]+):(?: (.*))?$/.exec(line) ?? [];
      assert.ok(key !== undefined, `not a line of a vector: ${line}`);
      return { key, value: value ?? "" };
    });
  const head = new Map(lines(header).map(({ key, value }) => [key, value]));
  const fields = lines(body);
  const all = (key: string) => fields.filter((field) => field.key === key).map((f) => f.value);
  return {
    kind: head.get("kind") ?? "",
    expect: head.get("expect") ?? "",
    encode: head.get("encode") !== "no",
    all,
    one(key) {
      const [value, ...more] = all(key);
      assert.ok(value !== undefined && more.length === 0, `one ${key} is needed`);
      return value;
    },
  };
}

/** The bytes that hexadecimal words and runs stand for. */
export function bytesOf(text: string): Bytes {
  return join(
    text.split(" ").filter((word) => word !== "").map((word) => {
      const [hex = "", times] = word.split("*");
      const run = Uint8Array.fromHex(hex);
      return times === undefined ? run : new Uint8Array(Number(times)).fill(run[0] ?? 0);
    }),
  );
}

/** Pieces as one. */
export function join(pieces: readonly Bytes[]): Bytes {
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
