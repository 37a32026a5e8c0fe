/**
 * The one table of what can be typed after `ft`: here all commands, whose rows lie beside it by what
 * they are about, and all options, of which options.ts has the same. Parsing, help, completion, the
 * manual page and the config file are made from it.
 *
 * @module
 */

import { ABOUT_FT } from "./about_ft.ts";
import type { Command, Operand } from "./command.ts";
import { KEEPING_SERVERS } from "./keeping_servers.ts";
import { MOVING_FILES } from "./moving_files.ts";
import { ALWAYS, EVERYWHERE, type OptionName } from "./options.ts";
import { SEEING_FILES } from "./seeing_files.ts";

export type { Command, Operand } from "./command.ts";
export type { Option } from "./option.ts";
export * from "./options.ts";

/** Every command by its name. */
export const COMMANDS = {
  ...MOVING_FILES,
  ...SEEING_FILES,
  ...KEEPING_SERVERS,
  ...ABOUT_FT,
} as const satisfies Record<string, Command>;

/** Name of a command. */
export type CommandName = keyof typeof COMMANDS;

/** What a command takes, in the order of its help. */
export function optionsOf(name: CommandName): readonly OptionName[] {
  return [...COMMANDS[name].options, ...ALWAYS, ...EVERYWHERE];
}

/** Whether an option that may be stored for others has to be typed for this command. */
export function isTypedFor(command: CommandName, name: OptionName): boolean {
  const { typed }: Command = COMMANDS[command];
  return typed?.includes(name) === true;
}

/** An operand as usage lines show it: `FILE...`, `[NAME or NUMBER...]`, `[public|shared]`. */
export function operandText(operand: Operand): string {
  const text = (operand.choices?.join("|") ?? operand.name) + (operand.repeatable ? "..." : "");
  return operand.optional ? `[${text}]` : text;
}

/** The usage line of a command, without options: `ft get NAME...`. */
export function usageLine(name: CommandName): string {
  const { operands }: Command = COMMANDS[name];
  return ["ft", name, ...operands.map(operandText)].join(" ");
}
