/**
 * The shape of a row in the table of options.
 *
 * @module
 */

interface OptionBase {
  /** The letter after a single dash. */
  readonly short?: string;
  /** Consents to something or destroys: it has to be typed, and nothing else may stand for it. */
  readonly typed?: true;
  /** What it does, as sentences without the default. */
  readonly help: string;
}

/** What a word names on this machine: a file, a folder, either, or a server that is saved. */
export type Named = "file" | "folder" | "path" | "server";

/** One row of the option table; defaults are written as a user would write them. */
export type Option =
  & OptionBase
  & (
    | { readonly kind: "flag" }
    | {
      readonly kind: "text";
      readonly metavar: string;
      readonly default?: string;
      /** What of this machine it names. */
      readonly names?: Named;
      /** What the text must look like, and how to say so after "It takes". */
      readonly shape?: { readonly pattern: RegExp; readonly sentence: string };
    }
    | {
      readonly kind: "integer";
      readonly metavar: string;
      readonly default?: number;
      readonly min: number;
      readonly max: number;
    }
    | {
      readonly kind: "choice";
      readonly choices: readonly string[];
      readonly default: string;
      /** Those of the choices that destroy: they have to be typed. */
      readonly typedChoices?: readonly string[];
    }
    | {
      readonly kind: "duration";
      readonly metavar: string;
      readonly default?: string;
      readonly min?: string;
      readonly max?: string;
    }
    /** May be given many times: all of them count, in order. */
    | { readonly kind: "list"; readonly metavar: string; readonly default?: undefined }
    | { readonly kind: "size"; readonly metavar: string; readonly default?: string }
    | {
      readonly kind: "rate";
      readonly metavar: string;
      readonly default?: string;
      readonly min: string;
    }
  );
