import { FtError } from "../../error.ts";
import { describeKey, MOST_INVITE } from "../../verbs/invite.ts";
import { join, type Joined } from "../../verbs/join.ts";
import type { Options } from "../arguments.ts";
import { stateFolder, tellPlain, tellTyped } from "../contact.ts";
import type { ItemLine } from "../json.ts";
import { LineReader } from "../line_reader.ts";
import { failureText } from "../report.ts";
import { serverLine } from "../server_line.ts";
import { err, withSignals } from "../shell.ts";
import { escapeText, quoteShell } from "../text.ts";
import { show } from "../voice.ts";

/** `ft join INVITE [NAME]`, `ft join - [NAME]` */
export async function runJoin(operands: readonly string[], options: Options): Promise<number> {
  const [operand = "", name] = operands;
  if (operand !== "-") tellTyped(options);
  const { plain } = options;
  const joined = await withSignals(async (signal) => {
    const invite = operand === "-" ? await readInvite(signal) : operand;
    return await join(invite, { state: stateFolder(options), name, plain, signal });
  });
  if (plain) tellPlain("what travels");
  show(() => joinedText(joined), () => [lineOf(joined)]);
  if (joined.unverified !== undefined) {
    err(
      failureText(joined.unverified).replace(/^Error: /, "Not verified yet: ") +
        "  It is saved, and will be verified before anything is said to it.\n",
    );
  }
  return 0;
}

function lineOf(joined: Joined): ItemLine {
  const { key, unverified, before } = joined;
  return {
    ...serverLine(joined),
    verified: unverified === undefined && key !== "plain",
    before: before ?? null,
  };
}

/** What was saved, and how to use it. */
function joinedText({ name, address, key, unverified, before }: Joined): string {
  const was = before === undefined ? "" : ` in place of ${before}`;
  const state = unverified !== undefined || key === "plain" ? "" : ", verified";
  const what = name === address ? "" : ` as '${name}'`;
  const word = quoteShell(name);
  return escapeText(`Saved ${address}${what}${was}: ${describeKey(key)}${state}.`) + "\n" +
    `Use it with: ft client ${word}, or --server ${word}\n`;
}

/** The first line of standard input. */
async function readInvite(signal: AbortSignal): Promise<string> {
  if (Deno.stdin.isTerminal()) err("Paste the invite: ");
  const lines = new LineReader(Deno.stdin.readable);
  const stop = () => void lines.close();
  signal.addEventListener("abort", stop, { once: true });
  try {
    const line = (await lines.read())?.trim() ?? "";
    signal.throwIfAborted();
    if (line !== "") return line.slice(0, MOST_INVITE + 1);
  } finally {
    signal.removeEventListener("abort", stop);
    await lines.close();
  }
  throw new FtError("usage", "There is no invite on standard input.", {
    hint: "Paste the line ft://... and press Enter, or pipe it in.",
  });
}
