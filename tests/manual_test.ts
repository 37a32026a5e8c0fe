/** The manual page, as it is written and as groff reads it. */
import assert from "node:assert/strict";
import { FAILURES } from "../src/error.ts";
import { manualPage } from "../src/cli/manual.ts";
import {
  type Command,
  COMMANDS,
  type OptionName,
  OPTIONS,
  variableOf,
  VARIABLES,
} from "../src/cli/table.ts";
import { exists } from "./files.ts";
import { done, test } from "./process.ts";

const page = manualPage();

/** The page as plain words, as far as its own requests go. */
function plain(roff: string): string {
  const text = roff.split("\n").filter((line) => !/^\.(\\"|TP|PP|RS|RE|nf|fi|TH)/.test(line))
    .map((line) => line.replace(/^\.S[HS] /, "")).join(" ");
  return text.replaceAll(/\\f[BIR]/g, "").replaceAll("\\-", "-").replaceAll("\\(aq", "'")
    .replaceAll("\\(ti", "~").replaceAll("\\(ga", "`").replaceAll("\\&", "").replaceAll(
      /\s+/g,
      " ",
    );
}

Deno.test("the manual page says of every command and option what --help says", () => {
  const text = plain(page);
  for (const [name, { summary, about, operands, examples }] of Object.entries<Command>(COMMANDS)) {
    assert.ok(text.includes(`ft ${name}`), name);
    assert.ok(text.includes(`${summary}. ${about}`), name);
    for (const { help } of operands) assert.ok(text.includes(help), help);
    for (const { sentence } of examples) assert.ok(text.includes(sentence), sentence);
  }
  for (const [name, { help }] of Object.entries(OPTIONS)) {
    assert.ok(text.includes(`--${name}`) && text.includes(help), name);
    const variable = variableOf(name as OptionName);
    if (variable !== undefined) assert.ok(text.includes(`${variable} stands for it.`), name);
  }
  for (const [name, help] of Object.entries(VARIABLES)) assert.ok(text.includes(`${name} ${help}`));
  for (const [code, { exit }] of Object.entries(FAILURES)) {
    assert.ok(text.includes(code.replaceAll("_", " ")) && text.includes(` ${exit} `), code);
  }
});

Deno.test("the manual page has the sections that manuals have, in their order", () => {
  const sections = [...page.matchAll(/^\.SH (.*)$/gm)].map(([, title]) => title);
  assert.deepEqual(sections, [
    "NAME",
    "SYNOPSIS",
    "DESCRIPTION",
    "COMMANDS",
    "OPTIONS",
    "ENVIRONMENT",
    "FILES",
    "EXIT STATUS",
  ]);
  assert.match(page, /^\.TH FT 1 /m);
  assert.match(page, /^ft \\- \S/m);
  // Every line with a dot in front is a request that is meant.
  for (const [request] of page.matchAll(/^[.'][^\n]*/gm)) {
    assert.match(request, /^\.(\\"|TH|SH|SS|TP|PP|RS 4$|RE|nf|fi)/);
  }
  assert.doesNotMatch(page, /\\[^\-ef(&"]|[^\n\x20-\x7e]/);
});

test("ft manual prints the page, which groff reads without a warning", async (place, _, ana) => {
  const { stdout } = await done(ana, "manual");
  assert.equal(stdout, page);
  const path = (Deno.env.get("PATH") ?? "").split(":");
  if (!path.some((folder) => exists(`${folder}/groff`))) return;
  ana.write("ft.1", stdout);
  const command = ["groff", "-man", "-Tascii", "-ww", "-P-c", "-rLL=100n", ana.path("ft.1")];
  const end = await place.start(command).finished;
  assert.deepEqual([end.code, end.stderr], [0, ""]);
  // deno-lint-ignore no-control-regex
  const shown = end.stdout.replaceAll(/.\x08/g, "");
  assert.match(shown, /^ {7}ft - move files between machines$/m);
  assert.match(shown, /^ +--on-conflict rename\|overwrite\|skip\|fail$/m);
  assert.match(shown, /^ +ft put --server nas -- '-odd name\.txt'$/m);
});
