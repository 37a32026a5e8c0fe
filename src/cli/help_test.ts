import { ok, strictEqual, throws } from "node:assert/strict";
import { FAILURES, FtError } from "../error.ts";
import { helpText } from "./help.ts";
import {
  type Command,
  type CommandName,
  COMMANDS,
  isTypedFor,
  type Option,
  OPTIONS,
  optionsOf,
  variableOf,
} from "./table.ts";

const names = Object.keys(COMMANDS);

/** The text with every run of white space as one space: wrapping does not matter to it. */
function flat(text: string): string {
  return text.replace(/\s+/g, " ");
}

Deno.test("helpText() is plain text of at most 80 columns and ends with one newline", () => {
  for (const name of [undefined, ...names]) {
    const text = helpText(name);
    ok(/[^\n]\n$/.test(text), name);
    for (const line of text.split("\n")) ok(/^[ -~]{0,80}$/.test(line) && !/ $/.test(line), line);
  }
});

Deno.test("helpText() of the whole has every command, exit code and variable", () => {
  const text = helpText(undefined);
  for (const [name, { summary }] of Object.entries<Command>(COMMANDS)) {
    ok(flat(text).includes(` ${name} ${summary} `), name);
  }
  for (const [code, { exit }] of Object.entries(FAILURES)) {
    const row = text.split("\n").find((line) => line.startsWith(`  ${exit} `));
    ok(row?.includes(code.replaceAll("_", " ")), code);
  }
  ok(/^ {2}0 +done$/m.test(text));
  for (const variable of ["FT_SERVER", "FT_STATE", "FT_TOKEN", "FT_CONFIG", "NO_COLOR"]) {
    ok(text.includes(variable));
  }
  for (const option of ["-h, --help", "--version"]) ok(text.includes(option));
});

Deno.test("helpText() of a command says all that its rows say", () => {
  for (const [name, row] of Object.entries<Command>(COMMANDS)) {
    const text = flat(helpText(name));
    ok(text.startsWith(`Usage: ft ${name} `), name);
    ok(text.includes(`${row.summary}. ${row.about}`), name);
    for (const { help } of row.operands) ok(text.includes(help), help);
    for (const { sentence } of row.examples) ok(text.includes(`${sentence} ft ${name}`), sentence);
    for (const long of optionsOf(name as CommandName)) {
      const option: Option = OPTIONS[long];
      const notes: string[] = [option.help];
      if (option.kind !== "flag" && option.default !== undefined) {
        notes.push(`[default: ${option.default}]`);
      }
      const variable = variableOf(long);
      const isTyped = isTypedFor(name as CommandName, long);
      if (variable !== undefined && !isTyped) notes.push(`[env: ${variable}]`);
      strictEqual(text.includes(`[env: ${variable}]`), variable !== undefined && !isTyped, long);
      ok(text.includes(notes.join(" ")), `${name} --${long}`);
      ok(text.includes(option.short ? ` -${option.short}, --${long} ` : ` --${long} `), long);
    }
  }
});

Deno.test("helpText() of one command looks as it should", () => {
  strictEqual(
    helpText("sum"),
    `Usage: ft sum FILE... [OPTION]...

Show the digest of local files. It is the digest that ft compares, so equal
digests are equal bytes. Nothing is sent.

Operands:
  FILE...  A file of this machine.

Options:
      --timeout DURATION  How long the whole command may take, all waiting
                          included; then it fails with 'timeout', and what has
                          arrived is kept. No limit by default.
                          [env: FT_TIMEOUT]
      --state DIR         Folder for what ft remembers, such as keys and lists.
                          By default the user's own. [env: FT_STATE]
  -q, --quiet             Say only what was asked for, and what failed.
                          [env: FT_QUIET]
      --json              Write one JSON object a line to standard output, and
                          nothing else. [env: FT_JSON]
  -h, --help              Show this help.
      --version           Show the version.

Examples:
  Show the digest of one file.
    ft sum report.pdf
`,
  );
});

Deno.test("helpText() refuses an unknown command as usage", () => {
  throws(
    () => helpText("sevre"),
    (error) => error instanceof FtError && error.code === "usage" && /serve/.test(error.hint ?? ""),
  );
});
