import { FtError } from "../../error.ts";
import { describeKey, MOST_INVITE } from "../../verbs/invite.ts";
import { join, type Joined } from "../../verbs/join.ts";
import type { Options } from "../arguments.ts";
import { stateFolder, tellPlain, tellTyped } from "../contact.ts";
import { LineReader } from "../line_reader.ts";
import { failureText } from "../report.ts";
import { err, out, withSignals } from "../shell.ts";
import { escapeText, quoteShell } from "../text.ts";

/** `ft join INVITE [NAME]`, `ft join - [NAME]` */
export async function runJoin(operands: readonly string[], options: Options): Promise<number> {
  const [operand = "", name] = operands;
  if (operand !== "-") tellTyped(options);
  const invite = operand === "-" ? await readInvite() : operand;
  const { plain } = options;
  const joined = await withSignals((signal) =>
    join(invite, { state: stateFolder(options), name, plain, signal })
  );
  if (plain) tellPlain("what travels");
  out(joinedText(joined));
  if (joined.unverified !== undefined) {
    err(
      failureText(joined.unverified).replace(/^Error: /, "Not verified yet: ") +
        "  It is saved, and will be verified before anything is said to it.\n",
    );
  }
  return 0;
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
async function readInvite(): Promise<string> {
  if (Deno.stdin.isTerminal()) err("Paste the invite: ");
  const lines = new LineReader(Deno.stdin.readable);
  try {
    const line = (await lines.read())?.trim() ?? "";
    if (line !== "") return line.slice(0, MOST_INVITE + 1);
  } finally {
    await lines.close();
  }
  throw new FtError("usage", "There is no invite on standard input.", {
    hint: "Paste the line ft://... and press Enter, or pipe it in.",
  });
}
