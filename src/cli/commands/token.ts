import { FtError } from "../../error.ts";
import { invitesFor, localInterfaces, readServing } from "../../verbs/serving.ts";
import { addToken, listTokens, revokeToken, type Token } from "../../verbs/tokens.ts";
import type { Options } from "../arguments.ts";
import { joinLines } from "../invitation.ts";
import type { ItemLine } from "../json.ts";
import { rootOf } from "../root.ts";
import { err } from "../shell.ts";
import { escapeText, formatTime } from "../text.ts";
import { show } from "../voice.ts";

/** `ft token add|list|revoke [NAME]` */
export async function runToken(operands: readonly string[], options: Options): Promise<number> {
  const [action = "", name] = operands;
  const { quiet } = options;
  const root = rootOf(options);
  if (action === "list") {
    if (name !== undefined) throw misused(`Unexpected operand '${escapeText(name)}'.`);
    const tokens = listTokens(root);
    show(() => listText(tokens), () => tokens.map(lineOf));
    return 0;
  }
  if (name === undefined) throw misused(`'ft token ${action}' needs a NAME.`);
  if (action === "revoke") {
    revokeToken(root, name);
    if (!quiet) err(`Revoked '${name}'.\n`);
    show(() => "", () => [{ what: "forgotten", name }]);
    return 0;
  }
  const { allow, expires } = options;
  if (allow === undefined) throw misused("'ft token add' needs --allow.");
  const until = expires === undefined ? {} : { expires: Date.now() + expires };
  const token = await addToken(root, name, allow.split(","), until);
  const invites = invitesFor(readServing(root), token, localInterfaces());
  // First alone in a line, then as the commands that join with it.
  show(
    () => `${token}\n${joinLines(invites)}`,
    () => [{ what: "token", name, token }, ...invites.map((invite) => inviteLine(invite))],
  );
  if (!quiet) err("It is not kept and cannot be shown again.\n");
  return 0;
}

function inviteLine(invite: string): ItemLine {
  return { what: "invite", invite };
}

function lineOf({ name, verbs, created, expires }: Token): ItemLine {
  return {
    what: "token",
    name,
    allow: verbs,
    created: new Date(created).toISOString(),
    expires: expires === undefined ? null : new Date(expires).toISOString(),
  };
}

function misused(message: string): FtError {
  return new FtError("usage", message, { hint: "See: ft token --help" });
}

/** The tokens in columns: name, what they allow, when they were added, until when they are valid. */
function listText(tokens: readonly Token[]): string {
  if (tokens.length === 0) return "There are no named tokens.\n";
  const width = Math.max(...tokens.map(({ name }) => name.length));
  const allowed = Math.max(...tokens.map(({ verbs }) => verbs.join().length));
  return tokens.map(({ name, verbs, created, expires }) => {
    const end = expires === undefined
      ? "never expires"
      : `${expires <= Date.now() ? "expired" : "expires"} ${formatTime(expires)}`;
    const columns = [name.padEnd(width), verbs.join().padEnd(allowed)];
    return `${[...columns, `added ${formatTime(created)}`, end].join("  ")}\n`;
  }).join("");
}
