import { FtError } from "../../error.ts";
import { describeKey } from "../../verbs/invite.ts";
import { forgetTrust, listTrust } from "../../verbs/trust.ts";
import type { Options } from "../arguments.ts";
import { stateFolder } from "../contact.ts";
import { out } from "../shell.ts";
import { escapeText } from "../text.ts";

/** `ft trust [list|forget] [SERVER]` */
export function runTrust(operands: readonly string[], options: Options): number {
  const [action = "", server] = operands;
  const state = stateFolder(options);
  if (action === "list") {
    if (server !== undefined) {
      throw new FtError("usage", `Unexpected operand '${server}'.`, {
        hint: "'ft trust list' lists all of them.",
      });
    }
    list(state);
    return 0;
  }
  if (server === undefined) {
    throw new FtError("usage", "'ft trust forget' needs a SERVER.", {
      hint: "See which are known with: ft trust list",
    });
  }
  const forgotten = forgetTrust(state, server);
  out(`Forgotten: ${escapeText(forgotten.join(", "))}.\n`);
  return 0;
}

function list(state: string): void {
  const known = listTrust(state);
  if (known.length === 0) out("No server is known.\n");
  for (const { name, address, key } of known) {
    const words = name === undefined || name === address ? [address] : [name, address];
    out(`${escapeText([...words, describeKey(key)].join("  "))}\n`);
  }
}
