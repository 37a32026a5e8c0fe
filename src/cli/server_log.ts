/**
 * The server's log: one line a transfer.
 *
 * @module
 */
import type { FtError } from "../error.ts";
import type { TransferReport, TreeReport } from "../mod.ts";
import { ROOM_FOLDERS } from "../verbs/serve.ts";
import { cutText } from "./cut.ts";
import { escapeText, formatBytes, formatDuration, formatRate, formatTime } from "./text.ts";

/** Columns of a name or an address, and of what a failure says: others choose their length. */
const NAME_COLUMNS = 300;
const REASON_COLUMNS = 500;

/** What came from outside, made harmless and no longer than it may be. */
function bounded(text: string, columns: number): string {
  // Cut before it is looked at closely, too: a character has a column at most where it counts.
  return cutText(escapeText(text.slice(0, 4 * columns)), columns);
}

function stamp(): string {
  return formatTime(Date.now());
}

/** Whether somebody asked what there is, and got an answer. */
function isQuestion({ action, failure, receipt, tree, isFolder }: TransferReport): boolean {
  // Whether a name is that of a file or of a folder, a client finds out by asking.
  if ((action === "info" || isFolder) && failure?.code === "not_found") return true;
  const isOut = action === "get" || action === "fetch";
  if (isOut && failure === undefined && receipt === undefined && tree === undefined) return true;
  return failure === undefined && (action === "list" || action === "info");
}

/** Who, what, which room, bytes, time, rate and digest, or why it failed; questions only if they do. */
export function reportLine(report: TransferReport): string | undefined {
  const { action, peer, owner, who, room, name, bytes, milliseconds, receipt, failure, tree } =
    report;
  if (isQuestion(report)) return undefined;
  const seconds = milliseconds / 1000;
  const from = `${peer} (${who === undefined ? owner : `${who} ${owner}`})`;
  const where = action === "list"
    ? ROOM_FOLDERS[room]
    : `${ROOM_FOLDERS[room]}/${bounded(name, NAME_COLUMNS)}`;
  const moved = action === "unshare"
    ? failure === undefined ? "taken back" : "not taken back"
    : `${formatBytes(bytes)} in ${formatDuration(seconds)}` +
      (bytes > 0 ? `, ${formatRate(bytes / seconds)}` : "");
  const end = tree !== undefined
    ? treeText(tree)
    : failure !== undefined
    ? `failed: ${bounded(failure.message || failure.sentence, REASON_COLUMNS)}`
    : receipt?.outcome === "new"
    ? receipt.digest
    : `${receipt?.outcome ?? ""} ${receipt?.digest ?? ""}`.trim();
  return `${stamp()}  ${action}  ${escapeText(`${from}  '${where}'  ${moved}  ${end}`.trimEnd())}`;
}

/** What became of a folder. */
function treeText({ files, failures }: TreeReport): string {
  const parts = [`${files.new} new`];
  for (const outcome of ["replaced", "same", "skipped"] as const) {
    if (files[outcome] > 0) parts.push(`${files[outcome]} ${outcome}`);
  }
  if (failures.length > 0) parts.push(`${failures.length} failed`);
  return `files: ${parts.join(", ")}`;
}

/** A conversation that failed, or trouble of the server's own. */
export function troubleLine(where: string, failure: FtError): string {
  const reason = bounded(failure.message, REASON_COLUMNS);
  return `${stamp()}  ${bounded(where, NAME_COLUMNS)}  ${failure.code}: ${reason}`;
}

/** How many lines there would have been beyond those of a minute. */
export function moreLine(count: number, of: "peers" | "transfers"): string {
  const failed = of === "peers" ? "conversations failed" : "transfers failed";
  return `${stamp()}  ${count} more ${failed} in this minute`;
}
