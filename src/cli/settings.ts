/**
 * Options that were not typed: what the environment and the config file say of them.
 *
 * @module
 */
import { FtError } from "../error.ts";
import type { Config, Stored } from "./config.ts";
import { convertStored, expectedStored } from "./option_value.ts";
import { type CommandName, isTypedFor, type OptionName, OPTIONS, variableOf } from "./table.ts";
import { escapeText } from "./text.ts";

/** Where options come from beside the command line. */
export interface Sources {
  readonly env: (name: string) => string | undefined;
  readonly config?: Config | undefined;
}

/** What is said of an option: in the environment, else in the config file. */
export function storedFor(
  command: CommandName | undefined,
  name: OptionName,
  { env, config }: Sources,
): Stored | undefined {
  if (command !== undefined && isTypedFor(command, name)) return undefined;
  const variable = variableOf(name);
  // An empty variable counts as unset, as it does for most programs.
  const written = variable && env(variable);
  if (variable && written) return { written, origin: "environment", source: variable };
  return config?.get(command, name);
}

/**
 * The value of what is stored.
 *
 * @throws FtError `usage` where it cannot be one.
 */
export function readStored(
  command: CommandName | undefined,
  name: OptionName,
  { written, source }: Stored,
): string | number | boolean | readonly string[] {
  const value = convertStored(OPTIONS[name], written);
  if (value !== undefined) return value;
  const see = command === undefined ? "ft --help" : `ft ${command} --help`;
  throw new FtError("usage", `${source} cannot be '${escapeText(written)}'.`, {
    hint: `It takes ${expectedStored(OPTIONS[name])}. See: ${see}`,
  });
}

/**
 * Whether a command line that is not understood asks for JSON all the same: its failure is told in
 * the way that was asked for.
 */
export function wantsJson(
  args: readonly string[],
  env: (name: string) => string | undefined,
): boolean {
  const end = args.indexOf("--");
  if (args.slice(0, end < 0 ? args.length : end).includes("--json")) return true;
  return convertStored(OPTIONS.json, env("FT_JSON") ?? "") === true;
}
