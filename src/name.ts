/**
 * Canonical wire names: how a file is called between two machines. A name is accepted or refused,
 * never repaired, so that both sides always mean the same file.
 *
 * @module
 */
import { FtError } from "./error.ts";

/** Longest name in UTF-8 bytes; leaves room for the path of a room below the usual 4096. */
export const NAME_BYTES = 2048;
/** Longest part between slashes in UTF-8 bytes: what the common file systems hold. */
export const PART_BYTES = 255;
/** Most parts of one name. */
export const NAME_PARTS = 128;
/** The folder of ft's own records; never a part of a name, in any case of its letters. */
export const RESERVED_PART = ".ft";

const encoder = new TextEncoder();

/** Controls (C0, DEL, C1), line and paragraph separators, and what turns the direction of text. */
const FORBIDDEN = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u;
/** What some file systems (HFS+) do not see when they compare names. */
const IGNORABLE = /\p{Default_Ignorable_Code_Point}/gu;
const PLAIN = /^[ -~]*$/;

function partFault(part: string, isPlain: boolean): string | undefined {
  if (part === "") return "it has an empty part";
  if (part === "." || part === "..") return `"${part}" is no name`;
  const seen = isPlain ? part : part.replace(IGNORABLE, "");
  if (seen.length === RESERVED_PART.length && seen.toLowerCase() === RESERVED_PART) {
    return "the name .ft is reserved";
  }
  if (part.length > PART_BYTES || !isPlain && bytesOf(part) > PART_BYTES) {
    return `a part is longer than ${PART_BYTES} bytes`;
  }
  return undefined;
}

/** Whether `text` is longer than any name. */
export function isOverlong(text: string): boolean {
  if (text.length > NAME_BYTES) return true;
  // A unit of UTF-16 has at most three bytes.
  return 3 * text.length > NAME_BYTES && bytesOf(text) > NAME_BYTES;
}

/** Why `text` cannot be a name, or undefined when it can. */
export function nameFault(text: string): string | undefined {
  if (text === "") return "it is empty";
  if (text.length > NAME_BYTES) return `it is longer than ${NAME_BYTES} bytes`;
  if (text.includes("\\")) return "it contains a backslash";
  // Most names are, and all of them are looked at several times.
  const isPlain = PLAIN.test(text);
  if (!isPlain) {
    if (!text.isWellFormed()) return "it is not valid Unicode";
    if (FORBIDDEN.test(text)) return "it contains control characters";
    if (text.normalize("NFC") !== text) return "it is not in Unicode's normal form C";
    if (bytesOf(text) > NAME_BYTES) return `it is longer than ${NAME_BYTES} bytes`;
    // Deno lists bytes that are not UTF-8 as U+FFFD, under which they cannot be opened.
    if (text.includes("\ufffd")) return "it is not valid Unicode";
  }
  const parts = text.split("/");
  if (parts.length > NAME_PARTS) return `it has more than ${NAME_PARTS} parts`;
  for (const part of parts) {
    const fault = partFault(part, isPlain);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/**
 * The name itself, when it is canonical.
 *
 * @throws FtError `bad_name` that says why not. It quotes the name as it came: escape it to show it.
 */
export function acceptName(text: string): string {
  const fault = nameFault(text);
  if (fault === undefined) return text;
  throw new FtError("bad_name", `Cannot use the name '${text.slice(0, 300)}': ${fault}.`, {
    hint: "Rename the file and try again.",
  });
}

/**
 * The canonical name of what a list shows: that of a folder has a slash at its end there.
 *
 * @throws FtError `bad_name`.
 */
export function listedName(shown: string): string {
  return acceptName(withoutSlash(shown));
}

/** A name as it was typed or shown, without the slashes that say that it is of a folder. */
export function withoutSlash(shown: string): string {
  return shown.replace(/(?<=.)\/+$/, "");
}

/** A canonical name for a local file's own name, which may be in another normal form. */
export function toName(local: string): string {
  return acceptName(local.isWellFormed() ? local.normalize("NFC") : local);
}

/**
 * `report (2).pdf` for `report.pdf` and 2: the name a further file of the same name gets. Where the
 * limits leave no room for the number, whole characters are cut from the end of the stem.
 *
 * @throws FtError `bad_name` when the folders of the name leave no room at all.
 */
export function numberedName(name: string, number: number): string {
  const slash = name.lastIndexOf("/") + 1;
  const folder = name.slice(0, slash);
  const room = Math.min(PART_BYTES, NAME_BYTES - bytesOf(folder));
  const dot = name.lastIndexOf(".");
  const mark = ` (${number})`;
  // A dot at the start makes a hidden file, and an ending that fills the room is no ending.
  const hasEnding = dot > slash && bytesOf(mark + name.slice(dot)) < room;
  const at = hasEnding ? dot : name.length;
  const stem = cutTo(name.slice(slash, at), room - bytesOf(mark + name.slice(at)));
  const numbered = folder + stem + mark + name.slice(at);
  if (nameFault(numbered) !== undefined) throw tooLong();
  return numbered;
}

/** The failure of a name that is one, and has no room for the number that it needs. */
export function tooLong(): FtError {
  // Neither the name nor why it needs one: who hears it may not know what else is there.
  return new FtError("bad_name", "The name is too long to be kept.", {
    hint: "Choose a shorter name.",
  });
}

function bytesOf(text: string): number {
  return encoder.encode(text).length;
}

/** The start of `text` that fits into `room` bytes, cut between what readers see as characters. */
function cutTo(text: string, room: number): string {
  if (bytesOf(text) <= room) return text;
  let end = 0;
  let used = 0;
  for (const { segment, index } of new Intl.Segmenter().segment(text)) {
    used += bytesOf(segment);
    if (used > room) break;
    end = index + segment.length;
  }
  return text.slice(0, end);
}
