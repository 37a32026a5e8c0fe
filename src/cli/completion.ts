/**
 * What can stand where the cursor is. The shells' completions ask for it; see completion_script.ts.
 *
 * @module
 */
import type { RemoteNames } from "./command.ts";
import {
  type Command,
  type CommandName,
  COMMANDS,
  EVERYWHERE,
  type Operand,
  type Option,
  type OptionName,
  OPTIONS,
  optionsOf,
} from "./table.ts";

/** What fits: some words, or what the shell itself completes best. */
export type Completion =
  | { readonly kind: "words"; readonly words: readonly string[] }
  | { readonly kind: "files" | "folders" };

/** What completion needs to know of the world. */
export interface CompletionWorld {
  /** Names and addresses of the servers that are known. */
  servers(): readonly string[];
  /** Names on the server that the words before the cursor mean. */
  names(which: RemoteNames, before: readonly string[]): Promise<readonly string[]>;
}

/** Everything that no shell can be given as it is, or that a terminal would obey. */
const HARMFUL = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\p{Cs}]/u;

/**
 * What fits at the last of the words after `ft`, which may be empty. Words are whole: what is there
 * to replace the last one.
 */
export async function complete(
  words: readonly string[],
  world: CompletionWorld,
): Promise<Completion> {
  const current = words.at(-1) ?? "";
  const before = words.slice(0, -1);
  const found = await find(before, current, world);
  if (found.kind !== "words") return found;
  // A name that a stranger gave a file must not become an option of the command.
  const mayDash = before.includes("--") || current.startsWith("-");
  const fitting = found.words.filter((word) =>
    word.startsWith(current) && !HARMFUL.test(word) && (mayDash || !word.startsWith("-"))
  );
  return { kind: "words", words: [...new Set(fitting)] };
}

async function find(
  before: readonly string[],
  current: string,
  world: CompletionWorld,
): Promise<Completion> {
  const { command, operands, ended, pending } = readBefore(before);
  if (pending !== undefined) return ofValue(OPTIONS[pending], "", world);
  if (!ended && current.startsWith("-")) {
    const names = command === undefined ? EVERYWHERE : optionsOf(command);
    const [, name, separator] = /^--([^=]*)(=)/.exec(current) ?? [];
    if (separator === undefined) return words(names.map((one) => `--${one}`));
    const isTaken = names.some((one) => one === name);
    return isTaken ? ofValue(OPTIONS[name as OptionName], `--${name}=`, world) : words([]);
  }
  if (command === undefined) return words(Object.keys(COMMANDS));
  return await ofOperand(operandAt(command, operands), before, world);
}

function words(all: readonly string[]): Completion {
  return { kind: "words", words: all };
}

/** What the words before the cursor say. */
interface Before {
  command: CommandName | undefined;
  /** How many operands there are. */
  operands: number;
  /** Whether `--` has ended the options. */
  ended: boolean;
  /** The option whose value comes next. */
  pending: OptionName | undefined;
}

function readBefore(before: readonly string[]): Before {
  const read: Before = { command: undefined, operands: 0, ended: false, pending: undefined };
  for (const word of before) {
    if (read.pending !== undefined) read.pending = undefined;
    else if (!read.ended && word === "--") read.ended = true;
    else if (!read.ended && word.startsWith("-") && word !== "-") read.pending = valued(word);
    else if (read.command !== undefined) read.operands++;
    else if (Object.hasOwn(COMMANDS, word)) read.command = word as CommandName;
  }
  return read;
}

/** The option of a word whose value is the next word. */
function valued(word: string): OptionName | undefined {
  for (const [name, option] of Object.entries<Option>(OPTIONS)) {
    if (option.kind === "flag") continue;
    if (word === `--${name}` || word === `-${option.short}`) return name as OptionName;
  }
  return undefined;
}

function operandAt(command: CommandName, index: number): Operand | undefined {
  const { operands }: Command = COMMANDS[command];
  const last = operands.at(-1);
  return operands[index] ?? (last?.repeatable ? last : undefined);
}

function ofValue(option: Option, prefix: string, world: CompletionWorld): Completion {
  const prefixed = (all: readonly string[]) => words(all.map((word) => prefix + word));
  if (option.kind === "choice") return prefixed(option.choices);
  if (option.kind !== "text") return words([]);
  if (option.names === "server") return prefixed(world.servers());
  if (option.names === undefined) return words([]);
  return { kind: option.names === "folder" ? "folders" : "files" };
}

async function ofOperand(
  operand: Operand | undefined,
  before: readonly string[],
  world: CompletionWorld,
): Promise<Completion> {
  if (operand?.choices !== undefined) return words(operand.choices);
  switch (operand?.names) {
    case "public":
    case "shared":
    case "listed":
    case "mine":
      return words(await world.names(operand.names, before));
    case "command":
      return words(Object.keys(COMMANDS));
    case "server":
      return words(world.servers());
    case "file":
    case "path":
      return { kind: "files" };
    case "folder":
      return { kind: "folders" };
    case undefined:
      return words([]);
  }
}
