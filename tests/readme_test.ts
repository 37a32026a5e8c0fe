/**
 * Holds the README against the program: its `console` blocks are run from top to bottom in one
 * folder, as a reader would, and its tables are compared with those of the source.
 *
 * @module
 */
import assert from "node:assert/strict";
import { FAILURES } from "../src/error.ts";
import { COMMANDS, type Option, type OptionName, OPTIONS, variableOf } from "../src/cli/table.ts";
import manifest from "../deno.json" with { type: "json" };
import { installFt, Place } from "./process.ts";

const README = Deno.readTextFileSync(new URL("../README.md", import.meta.url));
/** The server of the README, in place of which the test's own is used. */
const ADDRESS = "127.0.0.1:5000";

/** A line that is typed, and what is shown below it. */
interface Step {
  readonly line: string;
  readonly shown: string[];
}

function steps(markdown: string): Step[] {
  const found: Step[] = [];
  for (const [, block = ""] of markdown.matchAll(/^```console\n([^]*?)^```$/gm)) {
    for (const text of block.split("\n")) {
      if (text.startsWith("$ ")) found.push({ line: text.slice(2), shown: [] });
      else if (text !== "") found.at(-1)?.shown.push(text);
    }
  }
  return found;
}

/** The rows of every table, their cells without padding. */
function rows(markdown: string): string[] {
  return markdown.split("\n").filter((line) => line.startsWith("|")).map((line) =>
    line.replaceAll(/ *\| */g, "|")
  );
}

/** What is shown as a pattern: runs of spaces are one, and an ellipsis is anything. */
function pattern(shown: string): RegExp {
  const parts = shown.trim().split("…").map((part) =>
    part.trim().replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&").replaceAll(/ +/g, " +")
  );
  return new RegExp(`^ *${parts.join(".*")} *$`, "m");
}

/** What a reader types after the questions of the menu. */
function answers({ line, shown }: Step): string | undefined {
  if (line !== "ft client") return undefined;
  const typed = shown.flatMap((text) => /^Enter .*: (.+)$/.exec(text)?.[1] ?? []);
  return typed.map((answer) => `${answer}\n`).join("");
}

Deno.test({
  name: "README's console blocks do what they show",
  ignore: Deno.build.os === "windows",
}, async () => {
  await using place = new Place();
  const cwd = `${place.path}/reader`;
  Deno.mkdirSync(cwd);
  for (const name of ["report.pdf", "plan.txt"]) Deno.writeTextFileSync(`${cwd}/${name}`, name);
  const env: Record<string, string> = {
    PATH: `${installFt(place)}:${Deno.env.get("PATH")}`,
    FT_STATE: `${place.path}/state`,
  };

  let address = "";
  for (const step of steps(README)) {
    const { line, shown } = step;
    let said: string;
    if (line.startsWith("ft serve")) {
      const command = ["sh", "-c", `exec ${line} --port 0`];
      const server = place.start(command, { cwd, env });
      [, address = ""] = await server.waitFor(/Listening as (\S+)$[^]*^Waiting/m);
      env["FT_SERVER"] = address;
      said = server.stdout;
    } else {
      const input = answers(step);
      const options = input === undefined ? { cwd, env } : { cwd, env, input };
      const end = await place.start(["sh", "-c", line], options).finished;
      said = end.stdout + end.stderr;
      const fails = shown.some((text) => text.startsWith("Error:"));
      assert.equal(end.code !== 0, fails, `$ ${line}\n${said}`);
    }
    said = said.replaceAll(address, ADDRESS);
    for (const text of shown) {
      const expected = answers(step) === undefined ? text : text.replace(/^(Enter .*:).*$/, "$1");
      assert.match(said, pattern(expected), `$ ${line}`);
    }
  }
});

Deno.test("README has a section for every command, and none for others", () => {
  const sections = [...README.matchAll(/^### ft (\S+)$/gm)].map(([, name]) => name);
  assert.deepEqual(sections.sort(), Object.keys(COMMANDS).sort());
});

Deno.test("README's table of options is that of the program", () => {
  const shown = rows(README).filter((row) => row.startsWith("|`--"));
  assert.equal(shown.length, Object.keys(OPTIONS).length);
  for (const [name, option] of Object.entries<Option>(OPTIONS)) {
    const row = shown.find((row) => row.match(/^\|`--([a-z-]+)/)?.[1] === name);
    assert.ok(row !== undefined, `--${name} is missing`);
    if (option.short !== undefined) assert.ok(row.includes(`\`-${option.short}\``), row);
    const variable = variableOf(name as OptionName);
    assert.ok(row.endsWith(variable === undefined ? "||" : `|\`${variable}\`|`), row);
    if (option.kind === "flag" || option.default === undefined) continue;
    assert.ok(row.includes(`|\`${option.default}\`|`), row);
  }
});

Deno.test("README names no option that ft does not have", () => {
  const named = README.split("\n").filter((line) => !/deno (run|task)/.test(line)).join("\n")
    .matchAll(/(?<![\w-])--([a-z][a-z-]*)/g);
  for (const [, name = ""] of named) assert.ok(Object.hasOwn(OPTIONS, name), `--${name}`);
});

Deno.test("README's failure table is that of the program", () => {
  const word = (yes: boolean) => yes ? "yes" : "no";
  const expected = Object.entries(FAILURES).map(([code, { exit, sentence, retry, kept }]) =>
    `|${exit}|\`${code}\`|${sentence}|${word(retry)}|${word(kept)}|`
  );
  assert.deepEqual(rows(README).filter((row) => /^\|\d/.test(row)), expected);
});

Deno.test("README names the tasks that there are", () => {
  const named = new Set(
    [...README.matchAll(/deno(?:@\S+)? task ([a-z:]+)/g)].map(([, task]) => task),
  );
  assert.deepEqual([...named].sort(), Object.keys(manifest.tasks).sort());
});

Deno.test("README's links within itself lead somewhere", () => {
  const anchors = [...README.matchAll(/^##+ (.*)$/gm)].map(([, title = ""]) =>
    title.toLowerCase().replaceAll(/[^\w -]/g, "").replaceAll(" ", "-")
  );
  for (const [, to = ""] of README.matchAll(/\]\(#([^)]*)\)/g)) {
    assert.ok(anchors.includes(to), `#${to}`);
  }
});
