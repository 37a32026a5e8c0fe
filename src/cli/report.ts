/**
 * How failures are told, and the exit code that several of them make.
 *
 * @module
 */
import { type FailureCode, FAILURES, type FtError } from "../error.ts";
import { escapeText } from "./text.ts";

/** When several files failed for different reasons, the first of these that occurred counts. */
const EXIT_ORDER: readonly number[] = [8, 7, 4, 3, 6, 5];

const GOES_ON = "Run the same again: it goes on where it stopped.";
const ASK = "Ask whoever runs the server to look at its folder.";
/** What to do next after a failure that does not say it itself. */
const NEXT: Partial<Record<FailureCode, string>> = {
  lost: GOES_ON,
  timeout: GOES_ON,
  closing: GOES_ON,
  busy: "Try again a little later.",
  protocol: "Check that ft is what listens there, and of the same version.",
  disk_full: "Once there is space again, run the same: it goes on where it stopped.",
  read_only: ASK,
  io: ASK,
};

/** The token of an invite, wherever one stands in an error: what it is worth is not for a log. */
const INVITED = /((?:ft:\/\/[^\s'#]*|\/(?:[\w-]{43}|system|plain))#)[^\s']+/g;

/** What to do next after a failure, where there is something. */
export function hintFor({ hint, code }: FtError): string | undefined {
  return hint ?? NEXT[code];
}

/** Text as it is shown: harmless, and without the token of an invite. */
export function shown(text: string): string {
  return escapeText(text.replace(INVITED, "$1..."));
}

/** What happened, and on which side where it could have been on either. */
export function happenedText({ message, code, side, sentence }: FtError): string {
  const where = side === "there" && FAILURES[code].exit === 8 ? " (on the server)" : "";
  return `${shown(message === "" ? sentence : message)}${where}`;
}

/** A failure as the user reads it: what happened, then what to do next. */
export function failureText(failure: FtError): string {
  const lines = [`Error: ${happenedText(failure)}`];
  const next = hintFor(failure);
  if (next !== undefined) lines.push(`  ${shown(next)}`);
  return `${lines.join("\n")}\n`;
}

/** The exit code for the failures of several files; 0 when there are none. */
export function exitFor(failures: readonly FtError[]): number {
  const codes = new Set(failures.map((failure) => failure.exit));
  if (codes.has(130)) return 130;
  return EXIT_ORDER.find((code) => codes.has(code)) ?? [...codes][0] ?? 0;
}

/** The failures of several files as a table. */
export function failureTable(failures: readonly { name: string; error: FtError }[]): string {
  const rows = failures.map(({ name, error }) => `  ${shown(name)}: ${happenedText(error)}\n`);
  const hints = new Set(failures.flatMap(({ error }) => hintFor(error) ?? []));
  const next = [...hints].map((hint) => `  ${shown(hint)}\n`);
  return `Error: ${failures.length} ${failures.length === 1 ? "file" : "files"} failed:\n` +
    rows.join("") + next.join("");
}
