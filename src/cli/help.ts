/**
 * Help, written from the table of commands and options.
 *
 * @module
 */

import { FAILURES } from "../error.ts";
import { commandNamed } from "./arguments.ts";
import {
  type Command,
  type CommandName,
  COMMANDS,
  EVERYWHERE,
  isTypedFor,
  operandText,
  type Option,
  type OptionName,
  OPTIONS,
  optionsOf,
  usageLine,
  variableOf,
  VARIABLES,
} from "./table.ts";
import { quoteShell } from "./text.ts";

const WIDTH = 80;

/** What ft is for. */
export const PURPOSE =
  "Move files between machines: nothing half-written, every byte verified, and what was " +
  "interrupted goes on where it stopped.";

/**
 * Help for one command, or for the whole of ft: plain lines of at most 80 columns.
 *
 * @throws {FtError} "usage" for a command that does not exist.
 */
export function helpText(command: string | undefined): string {
  const blocks = command === undefined ? overall() : ofCommand(commandNamed(command));
  return blocks.join("\n\n") + "\n";
}

function overall(): string[] {
  return [
    "Usage: ft COMMAND [OPTION]...",
    wrap(PURPOSE, 0),
    section(
      "Commands",
      Object.entries<Command>(COMMANDS).map(([name, row]) => [name, row.summary]),
    ),
    section("Options of every command", EVERYWHERE.map((name) => optionRow(name))),
    section("Environment", [
      ["FT_OPTION", "Stands for --option, as FT_SERVER and FT_STATE do; each help names its own."],
      ...Object.entries(VARIABLES),
    ]),
    section("Exit codes", exitCodes()),
    "See: ft COMMAND --help",
  ];
}

function ofCommand(name: CommandName): string[] {
  const { summary, about, operands, examples }: Command = COMMANDS[name];
  const blocks = [
    `Usage: ${usageLine(name)} [OPTION]...`,
    wrap(`${summary}. ${about}`, 0),
  ];
  if (operands.length > 0) {
    blocks.push(section(
      "Operands",
      operands.map((row) => {
        const end = row.default === undefined ? "" : ` [default: ${row.default}]`;
        return [operandText(row), row.help + end];
      }),
    ));
  }
  blocks.push(section("Options", optionsOf(name).map((option) => optionRow(option, name))));
  const lines = examples.map(({ args, sentence }) =>
    `  ${sentence}\n    ft ${args.map(quoteShell).join(" ")}`
  );
  blocks.push(`Examples:\n${lines.join("\n")}`);
  return blocks;
}

function optionRow(name: OptionName, command?: CommandName): readonly [string, string] {
  const option: Option = OPTIONS[name];
  const short = option.short === undefined ? "    " : `-${option.short}, `;
  const notes: string[] = [];
  if (option.kind !== "flag" && option.default !== undefined) {
    notes.push(`[default: ${option.default}]`);
  }
  const variable = variableOf(name);
  const isTyped = command !== undefined && isTypedFor(command, name);
  if (variable !== undefined && !isTyped) notes.push(`[env: ${variable}]`);
  let value = "";
  if (option.kind === "choice") value = ` ${option.choices.join("|")}`;
  else if (option.kind !== "flag") value = ` ${option.metavar}`;
  return [`${short}--${name}${value}`, [option.help, ...notes].join(" ")];
}

/** The failure table by exit code, each with the codes that a script may meet. */
export function exitCodes(): (readonly [string, string])[] {
  const codes = new Map<number, string[]>([[0, ["done"]]]);
  for (const [code, { exit }] of Object.entries(FAILURES)) {
    codes.set(exit, [...codes.get(exit) ?? [], code.replaceAll("_", " ")]);
  }
  return [...codes].sort(([a], [b]) => a - b).map(([exit, words]) =>
    [String(exit), words.join(", ")] as const
  );
}

/** Two columns under a title; a left side that is too wide has its right side below it. */
function section(title: string, rows: readonly (readonly [string, string])[]): string {
  const fitting = rows.map(([left]) => left.length).filter((length) => length <= 24);
  const indent = Math.max(...fitting, 0) + 4;
  const lines = rows.map(([left, right]) => {
    const text = wrap(right, indent);
    return left.length + 4 <= indent
      ? `  ${left}`.padEnd(indent) + text.trimStart()
      : `  ${left}\n${text}`;
  });
  return `${title}:\n${lines.join("\n")}`;
}

/** Words as lines of at most the width, all behind the indent. */
function wrap(text: string, indent: number): string {
  const lines: string[] = [];
  let line = "";
  // What stands in brackets stays together.
  for (const word of text.match(/\[[^\]]*\]\S*|\S+/g) ?? []) {
    if (line !== "" && indent + line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = "";
    }
    line += line === "" ? word : ` ${word}`;
  }
  return [...lines, line].map((one) => " ".repeat(indent) + one).join("\n");
}
