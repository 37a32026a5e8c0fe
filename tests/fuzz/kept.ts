/**
 * Values that once failed, one in each file of tests/fuzz/kept/: JSON with the name of the target
 * that tries it, a sentence on what was wrong, and the value. Bytes stand there as
 * `{"hex": "..."}`.
 *
 * @module
 */
import assert from "node:assert/strict";

const FOLDER = new URL("./kept/", import.meta.url);

/** A value that failed. */
export interface Kept {
  readonly target: string;
  readonly why: string;
  readonly value: unknown;
}

function fromPlain(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const keys = Object.keys(value);
  if (keys.length !== 1 || keys[0] !== "hex") return value;
  return Uint8Array.fromHex((value as { hex: string }).hex);
}

function toPlain(_key: string, value: unknown): unknown {
  return value instanceof Uint8Array ? { hex: value.toHex() } : value;
}

/** The text of a file that keeps a value. */
export function textOfKept(kept: Kept): string {
  return `${JSON.stringify(kept, toPlain, 2)}\n`;
}

/** What such a text keeps. */
export function parseKept(text: string): Kept {
  const { target, why, value } = JSON.parse(text, fromPlain);
  assert.ok(typeof target === "string" && typeof why === "string" && why !== "");
  return { target, why, value };
}

/** What the file of a value of a target may be called. */
export function fileOfKept(target: string): string {
  return `${target.replaceAll(" ", "_")}_WHAT.json`;
}

/** All that is kept, by the name of its file. */
export function readKept(): Map<string, Kept> {
  const names = [...Deno.readDirSync(FOLDER)].map(({ name }) => name).sort();
  return new Map(
    names.map((name) => [name, parseKept(Deno.readTextFileSync(new URL(name, FOLDER)))]),
  );
}
