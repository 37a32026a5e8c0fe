import { FtError } from "../../error.ts";
import { describeKey } from "../../verbs/invite.ts";
import { forgetTrust, listTrust } from "../../verbs/trust.ts";
import type { KnownServer } from "../../mod.ts";
import type { Options } from "../arguments.ts";
import { stateFolder } from "../contact.ts";
import { serverLine } from "../server_line.ts";
import { escapeText } from "../text.ts";
import { show } from "../voice.ts";

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
  show(
    () => `Forgotten: ${escapeText(forgotten.join(", "))}.\n`,
    () => forgotten.map((name) => ({ what: "forgotten", name })),
  );
  return 0;
}

function list(state: string): void {
  const known = listTrust(state);
  show(
    () => known.length === 0 ? "No server is known.\n" : known.map(lineText).join(""),
    () => known.map((server) => serverLine(server)),
  );
}

function lineText({ name, address, key }: KnownServer): string {
  const words = name === undefined || name === address ? [address] : [name, address];
  return `${escapeText([...words, describeKey(key)].join("  "))}\n`;
}
