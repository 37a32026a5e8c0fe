/**
 * Text for terminals and logs: what a stranger wrote made harmless, numbers made readable.
 *
 * @module
 */

import { FtError } from "../error.ts";

/** Everything that moves the cursor, hides, reorders or has no picture. Cs: lone surrogates. */
const HARMFUL = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\p{Cs}]/u;
const HARMFUL_ALL = new RegExp(HARMFUL, "gu");

/**
 * Text from outside (names, error text of a peer, arguments) in a form that a terminal or a log
 * shows without obeying it: harmful characters as `\u{1b}`, lone surrogates as U+FFFD. A backslash
 * stays as it is, so this is for reading, not for getting the original back.
 *
 * @example
 * ```ts
 * import { escapeText } from "./text.ts";
 *
 * if (escapeText("a\x1b[2Jb") !== "a\\u{1b}[2Jb") throw new Error("not escaped");
 * ```
 */
export function escapeText(untrusted: string): string {
  if (!HARMFUL.test(untrusted)) return untrusted;
  return untrusted.toWellFormed().replace(
    HARMFUL_ALL,
    (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`,
  );
}

const UNITS = ["KiB", "MiB", "GiB", "TiB", "PiB"] as const;

/** Bytes in binary units with one decimal: "512 B", "1.5 MiB". */
export function formatBytes(bytes: number): string {
  if (Math.round(bytes) < 1024) return `${Math.round(bytes)} B`;
  let value = bytes;
  let unit = "";
  for (unit of UNITS) {
    value /= 1024;
    // Not 1024: what rounds up to "1024.0 KiB" belongs to the next unit.
    if (value < 1023.95) break;
  }
  return `${value.toFixed(1)} ${unit}`;
}

/** Bytes per second as "1.5 MiB/s"; "-- B/s" while there is no number yet (no time has passed). */
export function formatRate(bytesPerSecond: number): string {
  return Number.isFinite(bytesPerSecond) ? `${formatBytes(bytesPerSecond)}/s` : "-- B/s";
}

/** Seconds as "0.4 s", "42 s", "1:05" or "2:03:10"; "--:--" where they are not known (no rate). */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "--:--";
  if (seconds < 9.95) return `${Math.max(0, seconds).toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const pad = (part: number) => String(part).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes}:${pad(whole % 60)}`;
  return `${Math.floor(minutes / 60)}:${pad(minutes % 60)}:${pad(whole % 60)}`;
}

/** Milliseconds as "12 s", "5 min", "3 h" or "4 days", rounded down; the future is "0 s". */
export function formatAge(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  const days = Math.floor(seconds / 86_400);
  return days === 1 ? "1 day" : `${days} days`;
}

/** A time in milliseconds since 1970 as the clock on the wall shows it: "2026-01-31 09:05:00". */
export function formatTime(milliseconds: number): string {
  const time = new Date(milliseconds);
  const two = (value: number) => String(value).padStart(2, "0");
  const date = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${date} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}

const MILLISECONDS: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Milliseconds of a duration as a user writes it: "45s", "30m", "2h", "7d".
 *
 * @throws {FtError} "usage" for anything else, and for more than a number can count exactly.
 */
export function parseDuration(text: string): number {
  const [, digits = "", unit = ""] = /^(\d+)([smhd])$/.exec(text) ?? [];
  const milliseconds = Number(digits) * (MILLISECONDS[unit] ?? NaN);
  if (!Number.isSafeInteger(milliseconds)) {
    throw new FtError("usage", `'${escapeText(text)}' is not a duration.`, {
      hint: "Write a whole number and a unit: 45s, 30m, 2h or 7d.",
    });
  }
  return milliseconds;
}

/** A whole number of seconds, in milliseconds, as {@linkcode parseDuration} reads it. */
export function durationText(milliseconds: number): string {
  const units = Object.entries(MILLISECONDS).toReversed();
  const [unit, size] = units.find(([, size]) => milliseconds % size === 0) ?? ["s", 1000];
  return `${milliseconds / size}${unit}`;
}

/** No cell of their own: marks, the rest of a Hangul syllable, skin tones after their emoji. */
const ZERO = /[\p{Mn}\p{Me}\u{1160}-\u{11ff}\p{Emoji_Modifier}]/u;
/** Two cells: East Asian Wide and Fullwidth by block, and emoji that are pictures by default. */
const WIDE = new RegExp(
  String.raw`[\u{1100}-\u{115f}\u{2e80}-\u{303e}\u{3041}-\u{4dbf}\u{4e00}-\u{a4cf}` +
    String.raw`\u{a960}-\u{a97c}\u{ac00}-\u{d7a3}\u{f900}-\u{faff}\u{fe10}-\u{fe19}` +
    String.raw`\u{fe30}-\u{fe6b}\u{ff01}-\u{ff60}\u{ffe0}-\u{ffe6}\u{16fe0}-\u{1b2ff}` +
    String.raw`\u{1f200}-\u{1f265}\u{20000}-\u{3fffd}\p{Emoji_Presentation}]`,
  "u",
);

/**
 * Terminal cells that text takes, for columns. Meant for text from {@linkcode escapeText}: joiners
 * are escaped there, so characters can be counted one by one as terminals do, without the
 * segmenter (which counts one cluster where most terminals draw several cells).
 */
export function displayWidth(text: string): number {
  if (/^[ -~]*$/.test(text)) return text.length;
  let width = 0;
  let before = "";
  for (const char of text) {
    // U+FE0F asks for the picture of a character that is one cell wide without it.
    if (char === "\u{fe0f}") width += /\p{Emoji}/u.test(before) && cells(before) === 1 ? 1 : 0;
    else width += cells(char);
    before = char;
  }
  return width;
}

function cells(char: string): number {
  if (ZERO.test(char)) return 0;
  // Half of a flag: two of them make one picture of two cells.
  if (/\p{Regional_Indicator}/u.test(char)) return 1;
  return WIDE.test(char) ? 2 : 1;
}

/**
 * One argument as it can be pasted into a POSIX shell, and shown on a terminal: harmful characters
 * go into `$'...'` as octal bytes (POSIX.1-2024; bash, zsh, ksh and busybox have it, old dash not).
 */
export function quoteShell(text: string): string {
  if (/^[\w@%+:,./-]+$/.test(text)) return text;
  if (!HARMFUL.test(text)) return `'${text.replaceAll("'", `'\\''`)}'`;
  const encoder = new TextEncoder();
  const octal = (char: string) =>
    [...encoder.encode(char)].map((byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("");
  return `$'${text.toWellFormed().replace(/[\\']/g, "\\$&").replace(HARMFUL_ALL, octal)}'`;
}

/** The word that was probably meant: one that begins so, or the nearest by at most two typos. */
export function closest(written: string, words: readonly string[]): string | undefined {
  if (written.length < 2 || written.length > 30) return undefined;
  const begun = words.find((word) => word.startsWith(written));
  if (begun !== undefined) return begun;
  let best: string | undefined;
  let least = written.length < 5 ? 2 : 3;
  for (const word of words) {
    const distance = typos(written, word);
    if (distance < least) [best, least] = [word, distance];
  }
  return best;
}

/** Letters to add, drop, change or swap with their neighbour to make one word of the other. */
function typos(from: string, to: string): number {
  let older: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const same = from[i - 1] === to[j - 1];
      let cost = Math.min(at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + (same ? 0 : 1));
      if (i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]) {
        cost = Math.min(cost, at(older, j - 2) + 1);
      }
      row.push(cost);
    }
    [older, last] = [last, row];
  }
  return at(last, to.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Infinity;
}
