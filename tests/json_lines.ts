/**
 * Lines of `--json`, held against their schema.
 *
 * @module
 */
import assert from "node:assert/strict";
import { type Schema, Validator } from "@cfworker/json-schema";
import schema from "../src/cli/json.schema.json" with { type: "json" };

const validator = new Validator(schema as Schema, "2020-12", false);

/** One line. */
export interface Line {
  readonly v: number;
  readonly kind: string;
  // deno-lint-ignore no-explicit-any
  readonly [member: string]: any;
}

/** The lines of an output; fails unless each is one that the schema knows. */
export function linesOf(output: string): Line[] {
  if (output === "") return [];
  assert.ok(output.endsWith("\n"), output);
  return output.slice(0, -1).split("\n").map((text) => {
    const line = JSON.parse(text);
    const { valid } = validator.validate(line);
    assert.ok(valid, `not in the schema: ${text}`);
    return line;
  });
}

/** The lines of a command that has ended, which are framed by `started` and `summary`. */
export function wholeLines(output: string, code: number): Line[] {
  const lines = linesOf(output);
  const kinds = lines.map(({ kind }) => kind);
  assert.equal(kinds.indexOf("started"), 0, output);
  assert.equal(kinds.lastIndexOf("started"), 0, output);
  assert.equal(kinds.indexOf("summary"), kinds.length - 1, output);
  assert.equal(lines.at(-1)?.["exit"], code, output);
  return lines;
}
