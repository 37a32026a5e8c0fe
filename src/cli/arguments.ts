/**
 * The command line as ft understands it, by the table of commands and options.
 *
 * @module
 */

// Stands in for parseArgs of @std/cli, which is published on JSR only. Its tokens leave every
// judgement to us, so that each mistake gets a sentence of its own.
import { parseArgs } from "node:util";
import { FtError } from "../error.ts";
import type { Config } from "./config.ts";
import { convert, defaultValue, expected } from "./option_value.ts";
import { readStored, type Sources, storedFor } from "./settings.ts";
import {
  ALWAYS,
  type Command,
  type CommandName,
  COMMANDS,
  EVERYWHERE,
  type Operand,
  type Option,
  type OptionName,
  OPTIONS,
  optionsOf,
  usageLine,
} from "./table.ts";
import { closest, escapeText } from "./text.ts";

type Camel<Name extends string> = Name extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : Name;

type Value<Row> = Row extends { kind: "flag" } ? boolean
  : Row extends { kind: "list" } ? readonly string[]
  : Row extends { kind: "integer" | "duration" | "size" | "rate" }
    ? Row extends { default: string | number } ? number : number | undefined
  : Row extends { choices: readonly (infer Choice)[] } ? Choice
  : Row extends { default: string } ? string
  : string | undefined;

/**
 * Every option of the table by its name in camel case (`keepPartials`): flags as booleans,
 * integers as numbers, lists in order, durations in milliseconds, sizes in bytes, rates in bytes for each second. What a command does not take has its default.
 */
export type Options = {
  readonly [
    Name in Exclude<OptionName, typeof EVERYWHERE[number]> as Camel<Name>
  ]: Value<typeof OPTIONS[Name]>;
};

/** What the user asked for. Operands that were left out stand there with their default, if any. */
export type Invocation =
  | { readonly kind: "help"; readonly command: CommandName | undefined }
  | { readonly kind: "version" }
  | {
    readonly kind: "run";
    readonly command: Exclude<CommandName, "help">;
    readonly operands: string[];
    readonly options: Options;
  };

/** The value of one option as it was typed. */
interface Given {
  readonly name: OptionName;
  /** Where it stands, for errors: `--server`, or the name of an operand. */
  readonly source: string;
  /** The word of the command line. */
  readonly word: string;
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
}

/** Commands that do not read the config file, or only to speak of it. */
const WITHOUT_CONFIG: ReadonlySet<CommandName> = new Set([
  "config",
  "completion",
  "manual",
  "help",
]);

/** What parseArgs must know to tell a flag from an option with a value. */
const SHAPES = Object.fromEntries(
  Object.entries<Option>(OPTIONS).map(([name, { kind, short }]) =>
    [
      name,
      { type: kind === "flag" ? "boolean" : "string", ...(short === undefined ? {} : { short }) },
    ] as const
  ),
);

/**
 * Reads the arguments after `ft`. The command line beats the environment, which beats the config
 * file, which beats the default; of an option given twice the last counts, but for lists; `--` ends
 * the options.
 *
 * @param config reads the config file, once it is known that a command is to run.
 * @throws {FtError} "usage", with what to do next as its hint.
 */
export function parseArguments(
  args: readonly string[],
  env: (name: string) => string | undefined,
  config?: () => Config,
): Invocation {
  if (args.length === 0) return { kind: "help", command: undefined };
  const tokens = tokensOf(args);
  const asked = tokens.find((token) =>
    token.kind === "option" && token.value === undefined && within(EVERYWHERE, token.name)
  );
  if (asked?.kind === "option" && asked.name === "version") return { kind: "version" };

  let command: CommandName | undefined;
  const operands: string[] = [];
  const given: Given[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") {
      if (command === undefined) command = commandNamed(token.value);
      else operands.push(token.value);
    } else if (token.kind === "option" && asked === undefined) {
      const { name, value, inlineValue, rawName, index } = token;
      // A group of letters is shown whole: its parts may be halves of a character.
      const word = rawName.startsWith("--") ? rawName : args[index] ?? rawName;
      if (!isOption(name)) throw unknownOption(word, command);
      given.push({ name, source: `--${name}`, word, value, inlineValue });
    }
  }

  if (asked !== undefined) return { kind: "help", command };
  if (command === undefined) {
    throw new FtError("usage", "No command given.", { hint: "See: ft --help" });
  }
  requireTaken(command, given);
  const complete = readOperands(command, operands, given);
  // What only explains must work, whatever the file says.
  const sources = { env, config: WITHOUT_CONFIG.has(command) ? undefined : config?.() };
  const options = readOptions(command, given, sources);
  if (command === "help") {
    const [topic] = complete;
    return { kind: "help", command: topic === undefined ? undefined : commandNamed(topic) };
  }
  return { kind: "run", command, operands: complete, options };
}

/** The command that arguments name, however wrong the rest of them is; null where none is. */
export function commandIn(args: readonly string[]): CommandName | null {
  const first = tokensOf(args).find(({ kind }) => kind === "positional");
  const name = first?.kind === "positional" ? first.value : "";
  return Object.hasOwn(COMMANDS, name) ? name as CommandName : null;
}

function tokensOf(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    options: SHAPES,
    strict: false,
    allowPositionals: true,
    tokens: true,
  }).tokens;
}

/**
 * The command of that name.
 *
 * @throws {FtError} "usage" where there is none, with the nearest name as its hint.
 */
export function commandNamed(name: string): CommandName {
  if (Object.hasOwn(COMMANDS, name)) return name as CommandName;
  const near = closest(name, Object.keys(COMMANDS));
  throw new FtError("usage", `Unknown command '${escapeText(name)}'.`, {
    hint: near === undefined ? "See: ft --help" : `Did you mean ${near}? See: ft --help`,
  });
}

/** The operands, checked and filled up; what is another way to write an option joins `given`. */
function readOperands(
  command: CommandName,
  operands: readonly string[],
  given: Given[],
): string[] {
  const rows: readonly Operand[] = COMMANDS[command].operands;
  const see = `See: ft ${command} --help`;
  const hint = `Usage: ${usageLine(command)}  ${see}`;
  const complete = [...operands];
  rows.forEach(({ name, optional, repeatable, choices, sets, ...row }, index) => {
    const operand = operands[index];
    if (operand === undefined) {
      if (!optional) {
        const many = repeatable ? "at least one" : "a";
        throw new FtError("usage", `'ft ${command}' needs ${many} ${name}.`, { hint });
      }
      if (row.default !== undefined) complete.push(row.default);
    } else if (choices !== undefined && !choices.includes(operand)) {
      throw new FtError("usage", `${name} cannot be '${escapeText(operand)}'.`, {
        hint: `It can be ${choices.join(" or ")}. ${see}`,
      });
    } else if (sets !== undefined) {
      if (given.some((one) => one.name === sets)) {
        throw new FtError("usage", `Both ${name} and --${sets} are given.`, {
          hint: `Leave one of them out. ${see}`,
        });
      }
      given.push({ name: sets, source: name, word: operand, value: operand, inlineValue: true });
    }
  });
  const extra = operands[rows.length];
  if (extra !== undefined && !rows.at(-1)?.repeatable) {
    throw new FtError("usage", `Unexpected operand '${escapeText(extra)}'.`, { hint });
  }
  return complete;
}

/** Throws FtError `usage` for an option that a command does not take. */
function requireTaken(command: CommandName, given: readonly Given[]): void {
  const taken = optionsOf(command);
  const foreign = given.find(({ name }) => !taken.includes(name));
  if (foreign === undefined) return;
  const { word, source } = foreign;
  // A name that begins with the letter of an option reads as that and its value.
  const isGroup = /^-[^-]./s.test(word);
  const shown = isGroup ? escapeText(word) : source;
  throw new FtError("usage", `Option '${shown}' is not for 'ft ${command}'.`, {
    hint: `${isGroup ? dashHint(command) : ""}See: ft ${command} --help`,
  });
}

/** All options: those of this command as given, else as they are stored, else by default. */
function readOptions(command: CommandName, given: readonly Given[], sources: Sources): Options {
  const taken = optionsOf(command);
  const values: Record<string, unknown> = {};
  for (const [name, option] of Object.entries<Option>(OPTIONS) as [OptionName, Option][]) {
    const typed = given.filter((one) => one.name === name);
    const all = typed.map((one) => readGiven(option, one, command));
    let value = all.length === 0 ? defaultValue(option) : inAll(option, all);
    if (within(EVERYWHERE, name)) continue;
    if (typed.length === 0 && taken.includes(name)) {
      const stored = storedFor(command, name, sources);
      if (stored !== undefined) value = readStored(command, name, stored);
    }
    values[camel(name)] = value;
  }
  // Options is made from the rows of the table, and so are these values.
  return values as unknown as Options;
}

/** What values of one option come to: all of a list, of any other the last. */
function inAll<T>(option: Option, values: readonly T[]): T | readonly T[] | undefined {
  return option.kind === "list" ? values : values.at(-1);
}

function readGiven(
  option: Option,
  { source, value, inlineValue }: Given,
  command: CommandName,
): string | number | true {
  const see = `See: ft ${command} --help`;
  if (option.kind === "flag") {
    if (value === undefined) return true;
    throw new FtError("usage", `Option '${source}' takes no value.`, {
      hint: `Leave out '=${escapeText(value)}'. ${see}`,
    });
  }
  if (value === undefined) {
    throw new FtError("usage", `Option '${source}' needs a value.`, {
      hint: `It takes ${expected(option)}. ${see}`,
    });
  }
  // A next word that begins with a dash is more likely the next option than a value.
  if (inlineValue === false && /^-./.test(value)) {
    throw new FtError("usage", `Option '${source}' needs a value.`, {
      hint: `If it is '${escapeText(value)}', write ${source}=${escapeText(value)}. ${see}`,
    });
  }
  return readValue(option, value, source, command);
}

/** The value of what was written; `source` says where: option, variable or operand. */
function readValue(
  option: Option,
  written: string,
  source: string,
  command: CommandName,
): string | number {
  const value = convert(option, written);
  if (value !== undefined) return value;
  throw new FtError("usage", `${source} cannot be '${escapeText(written)}'.`, {
    hint: `It takes ${expected(option)}. See: ft ${command} --help`,
  });
}

function unknownOption(written: string, command: CommandName | undefined): FtError {
  const row: Command | undefined = command && COMMANDS[command];
  const names = row ? [...row.options, ...ALWAYS, ...EVERYWHERE] : Object.keys(OPTIONS);
  const near = written.startsWith("--") ? closest(written.slice(2), names) : undefined;
  const see = `See: ft ${command ? `${command} ` : ""}--help`;
  const dash = command === undefined ? "" : dashHint(command);
  return new FtError("usage", `Unknown option '${escapeText(written)}'.`, {
    hint: (near === undefined ? dash : `Did you mean --${near}? `) + see,
  });
}

function dashHint(command: CommandName): string {
  const { operands }: Command = COMMANDS[command];
  return operands.length > 0 ? "Names that begin with a dash go after --. " : "";
}

function within(words: readonly string[], word: string): boolean {
  return words.includes(word);
}

function isOption(name: string): name is OptionName {
  return Object.hasOwn(OPTIONS, name);
}

function camel(name: string): string {
  return name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}
