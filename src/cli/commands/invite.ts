import { invitesOf } from "../../verbs/serving.ts";
import type { Options } from "../arguments.ts";
import { joinLines } from "../invitation.ts";
import { rootOf } from "../root.ts";
import { show } from "../voice.ts";

/** `ft invite [--new]` */
export function runInvite(_operands: readonly string[], options: Options): number {
  const invites = invitesOf(rootOf(options), options.new);
  show(() => joinLines(invites), () => invites.map((invite) => ({ what: "invite", invite })));
  return 0;
}
