import { mine } from "../../verbs/list.ts";
import type { Options } from "../arguments.ts";
import { listing, listOptions, shower } from "./list.ts";

/** `ft mine` */
export async function runMine(_operands: readonly string[], options: Options): Promise<number> {
  const more = { ...listOptions(options), onItems: shower(true, false) };
  await listing(options, (common) => mine({ ...common, ...more }));
  return 0;
}
