/**
 * Lists of remote files as they are shown.
 *
 * @module
 */
import type { Item } from "../mod.ts";
import type { RemoteItem } from "./prompt.ts";
import { displayWidth, escapeText, formatAge, formatBytes } from "./text.ts";

function age({ time }: Item): string {
  return `${formatAge(Math.max(0, Date.now() - time))} ago`;
}

/** Who shared it, where the server says so. */
function sharer({ who }: Item): string {
  return who === undefined ? "" : `, from ${who}`;
}

/** What of a folder is missing, and how many files it has. */
function holding({ files, missing }: Item): string {
  if (files === undefined) return "";
  const lacking = missing === undefined ? "" : `, incomplete, ${missing} missing`;
  return `, ${files} ${files === 1 ? "file" : "files"}${lacking}`;
}

/** The name; of a folder with a slash. */
function title({ name, files }: Item): string {
  if (files === undefined) return escapeText(name);
  return `${escapeText(name)}/`;
}

/** The entries of a list as a question offers them. */
export function remoteItems(items: readonly Item[]): RemoteItem[] {
  return items.map((item, at) => ({
    number: at + 1,
    name: item.name,
    detail: `${formatBytes(item.size)}, ${age(item)}${sharer(item)}${holding(item)}`,
  }));
}

/** A list in columns: number, name, size, age, and who shared it where the server says so. */
export function listText(items: readonly Item[]): string {
  const names = items.map(title);
  const digits = String(items.length).length;
  let width = 0;
  for (const name of names) width = Math.min(60, Math.max(width, displayWidth(name)));
  return items.map((item, at) => {
    const name = names[at] ?? "";
    const gap = " ".repeat(Math.max(0, width - displayWidth(name)));
    const size = formatBytes(item.size).padStart(10);
    return `${String(at + 1).padStart(digits)}. ${name}${gap}  ${size}  ${age(item)}${
      escapeText(sharer(item))
    }${holding(item)}\n`;
  }).join("");
}
