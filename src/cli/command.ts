/**
 * The shape of a row in the table of commands.
 *
 * @module
 */
import type { Named } from "./option.ts";
import type { OptionName } from "./options.ts";

/** Which names of a server: of one room, of both that are listed, or of what one shared oneself. */
export type RemoteNames = "public" | "shared" | "listed" | "mine";

/** One row of what a command is given by position. */
export interface Operand {
  readonly name: string;
  /** What it is, as one sentence. */
  readonly help: string;
  readonly optional?: true;
  /** One or more of it; with `optional` none or more. Only the last operand. */
  readonly repeatable?: true;
  /** The only words it can be. */
  readonly choices?: readonly string[];
  /** What stands there when it is left out. */
  readonly default?: string;
  /** The option it is another way to write. */
  readonly sets?: OptionName;
  /** What it names, for completion: something of this machine, a command, or a remote file. */
  readonly names?: Named | "command" | RemoteNames;
}

/** One row of the command table. */
export interface Command {
  /** What it does, as one line without a full stop. */
  readonly summary: string;
  /** What one has to know beyond that, as sentences. */
  readonly about: string;
  readonly operands: readonly Operand[];
  /** What it takes beside {@linkcode EVERYWHERE}, in the order of its help. */
  readonly options: readonly OptionName[];
  /** Those of the options that consent or destroy here, though not elsewhere. */
  readonly typed?: readonly OptionName[];
  /** Arguments after `ft`, and what they do as one sentence. At least one. */
  readonly examples: readonly { readonly args: readonly string[]; readonly sentence: string }[];
}
