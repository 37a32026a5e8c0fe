/**
 * The server's log: one line a transfer.
 *
 * @module
 */
import type { FtError } from "../error.ts";
import type { TransferReport } from "../mod.ts";
import { ROOM_FOLDERS } from "../verbs/serve.ts";
import { escapeText, formatBytes, formatDuration, formatRate, formatTime } from "./text.ts";

function stamp(): string {
  return formatTime(Date.now());
}

/** Who, what, which room, bytes, time, rate and digest, or why it failed; lists only if they do. */
export function reportLine(report: TransferReport): string | undefined {
  const { action, peer, owner, who, room, name, bytes, milliseconds, receipt, failure } = report;
  if (action === "list" && failure === undefined) return undefined;
  const seconds = milliseconds / 1000;
  const from = `${peer} (${who === undefined ? owner : `${who} ${owner}`})`;
  const where = action === "list" ? ROOM_FOLDERS[room] : `${ROOM_FOLDERS[room]}/${name}`;
  const moved = `${formatBytes(bytes)} in ${formatDuration(seconds)}` +
    (bytes > 0 ? `, ${formatRate(bytes / seconds)}` : "");
  const end = failure !== undefined
    ? `failed: ${failure.message || failure.sentence}`
    : receipt?.outcome === "new"
    ? receipt.digest
    : `${receipt?.outcome ?? ""} ${receipt?.digest ?? ""}`.trim();
  return `${stamp()}  ${action}  ${escapeText(`${from}  '${where}'  ${moved}  ${end}`)}`;
}

/** A conversation that failed, or trouble of the server's own. */
export function troubleLine(where: string, failure: FtError): string {
  return `${stamp()}  ${escapeText(`${where}  ${failure.code}: ${failure.message}`)}`;
}
