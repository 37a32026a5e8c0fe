import type { Room, Verified } from "../../mod.ts";
import { verify } from "../../verbs/verify.ts";
import type { Options } from "../arguments.ts";
import { failureMembers, type ItemLine } from "../json.ts";
import { rootOf } from "../root.ts";
import { err, withSignals } from "../shell.ts";
import { escapeText, formatBytes } from "../text.ts";
import { show } from "../voice.ts";

/** The exit code when a file is not what it was: that of the failure `digest`. */
const DAMAGED = 7;
/** That of the failure `io`. */
const UNREADABLE = 8;

const WORDS: { readonly [S in Verified["state"]]: string | undefined } = {
  ok: undefined,
  damaged: "DAMAGED",
  changed: "CHANGED",
  recorded: "recorded",
  unknown: "unknown",
  failed: "FAILED",
};

/** `ft verify [ROOM]` */
export async function runVerify(operands: readonly string[], options: Options): Promise<number> {
  const room = operands[0] as Room | undefined;
  const counts = new Map<Verified["state"], number>();
  let bytes = 0;
  await withSignals((signal) =>
    verify(rootOf(options), {
      room,
      signal,
      onFile: (file) => {
        counts.set(file.state, (counts.get(file.state) ?? 0) + 1);
        bytes += file.size;
        show(() => textOf(file), () => [lineOf(file)]);
      },
    })
  );
  const count = (state: Verified["state"]) => counts.get(state) ?? 0;
  if (!options.quiet) {
    const files = [...counts.values()].reduce((sum, one) => sum + one, 0);
    const said = [...counts].map(([state, number]) => `${number} ${state}`).join(", ");
    err(
      `Read ${files} ${files === 1 ? "file" : "files"} (${formatBytes(bytes)})` +
        `${said === "" ? "" : `: ${said}`}.\n`,
    );
  }
  if (count("damaged") + count("changed") > 0) return DAMAGED;
  return count("failed") > 0 ? UNREADABLE : 0;
}

/** All files have a line, as not everybody wants to know only what is wrong. */
function lineOf({ room, name, size, state, expected, digest, error }: Verified): ItemLine {
  return {
    what: "verified",
    room,
    name,
    size,
    state,
    expected: expected ?? null,
    digest: digest ?? null,
    failure: error === undefined ? null : failureMembers(error),
  };
}

/** What there is to say of a file; nothing of one that is what it was. */
function textOf({ room, name, state, expected, digest, error }: Verified): string {
  const word = WORDS[state];
  if (word === undefined) return "";
  const what = `${word}  ${room}/${name}`;
  const more = error !== undefined
    ? error.message
    : expected === undefined
    ? digest ?? ""
    : `was ${expected}, is ${digest}`;
  return `${escapeText(`${what}  ${more}`)}\n`;
}
