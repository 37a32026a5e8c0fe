import { invitesOf } from "../../verbs/serving.ts";
import type { Options } from "../arguments.ts";
import { joinLines } from "../invitation.ts";
import { rootOf } from "../root.ts";
import { out } from "../shell.ts";

/** `ft invite [--new]` */
export function runInvite(_operands: readonly string[], options: Options): number {
  out(joinLines(invitesOf(rootOf(options), options.new)));
  return 0;
}
