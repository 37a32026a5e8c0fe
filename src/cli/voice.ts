/**
 * In which way a command speaks: in words, or with `--json` in lines.
 *
 * @module
 */
import { type FtError, toFailure } from "../error.ts";
import type { TransferEvent } from "../mod.ts";
import { VERSION } from "../version.ts";
import { type ItemLine, JsonLines } from "./json.ts";
import { failureText } from "./report.ts";
import { err, out, outLine, OutputClosed, speakJson } from "./shell.ts";

let lines: JsonLines | undefined;
/** Why no more lines are written. That ends a list, but no transfer. */
let ended: OutputClosed | FtError | undefined;

function write(line: string): void {
  try {
    if (ended === undefined) outLine(line);
  } catch (thrown) {
    ended = thrown instanceof OutputClosed ? thrown : toFailure(thrown);
  }
}

/** Throws FtError when there were lines that could not be written; a reader may leave. */
export function requireWritten(): void {
  if (ended !== undefined && !(ended instanceof OutputClosed)) throw ended;
}

/** From here on lines are written; standard error has the words, unless it is to be quiet. */
export function openLines(command: string | null, isQuiet: boolean): void {
  speakJson(isQuiet);
  lines = new JsonLines(write, () => performance.now());
  lines.start(command, VERSION);
}

/** Writes the last line, where lines are written. */
export function closeLines(exit: number): void {
  lines?.end(exit);
}

/** Whether lines are written in place of words. */
export function hasLines(): boolean {
  return lines !== undefined;
}

/** Shows what was asked for: as words, or as one line for each item. */
export function show(text: () => string, items: () => Iterable<ItemLine>): void {
  if (lines === undefined) return out(text());
  for (const item of items()) {
    lines.item(item);
    if (ended !== undefined) throw ended;
  }
}

/** Shows a text as it is. */
export function showText(text: string): void {
  show(() => text, () => [{ what: "text", text }]);
}

/** Tells a failure; `of` says whose it is where it is not the command's own. */
export function tellFailure(failure: FtError, of?: { readonly name: string }): void {
  err(failureText(failure));
  lines?.error(failure, of);
}

/** Writes the line of a failure whose words are told with those of others. */
export function lineOfFailure(failure: FtError, of: { readonly name: string }): void {
  lines?.error(failure, of);
}

/** Counts files that the command was to move and did not come to. */
export function leaveFiles(files: number): void {
  lines?.leave(files);
}

/** Takes what a transfer tells. */
export function lineOfEvent(event: TransferEvent): void {
  lines?.listen(event);
}
