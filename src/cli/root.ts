import type { Options } from "./arguments.ts";

/** The folder of the server that a command is about. */
export function rootOf({ root }: Pick<Options, "root">): string {
  return root ?? ".";
}
