/**
 * What happens to transfers, in words.
 *
 * @module
 */
import type { TransferEvent, TreeReport } from "../mod.ts";
import { missingOf } from "../verbs/download_tree.ts";
import { count } from "./standing.ts";
import { escapeText } from "./text.ts";

/** A folder that is done, and what became of its files. */
export function treeText(name: string, { files, failures }: TreeReport): string {
  const all = files.new + files.replaced + files.same + files.skipped;
  const parts = [`${escapeText(name)}/  ${all} ${all === 1 ? "file" : "files"}`];
  if (files.same > 0) parts.push(`${files.same} already there`);
  if (files.replaced > 0) parts.push(`${files.replaced} brought up to date`);
  if (files.skipped > 0) parts.push(`${files.skipped} skipped`);
  if (failures.length > 0) parts.push(`${failures.length} failed`);
  return parts.join(", ");
}

/** What a folder lacks on the server; undefined where that is nothing. */
export function missingText(name: string, report: TreeReport): string | undefined {
  const missing = missingOf(report);
  if (missing === undefined) return undefined;
  const lacks = `${missing} ${missing === 1 ? "file is" : "files are"} missing there`;
  return `${name}/  is incomplete on the server: ${lacks}`;
}

/** Why something is tried again, and when. */
export function retryingText(
  { error, seconds, attempt, of }: Extract<TransferEvent, { kind: "retrying" }>,
): string {
  const why = error.code === "lost" ? "connection lost" : error.message.replace(/\.$/, "");
  const pause = Number(count(seconds).toFixed(1));
  return `${why}; trying again in ${pause} s (${attempt} of ${of})`;
}
