/**
 * Sizes and rates as a user writes them.
 *
 * @module
 */
import { FtError } from "../error.ts";
import { escapeText } from "./text.ts";

const BYTES: ReadonlyMap<string, number> = new Map([
  ["B", 1],
  ["KB", 1e3],
  ["kB", 1e3],
  ["MB", 1e6],
  ["GB", 1e9],
  ["TB", 1e12],
  ["KiB", 2 ** 10],
  ["MiB", 2 ** 20],
  ["GiB", 2 ** 30],
  ["TiB", 2 ** 40],
]);

/** What a size looks like, to follow "It takes". */
export const SIZE_SHAPE =
  "bytes as a whole number, or a number and a unit, such as 500MB or 1.5GiB";
/** What a rate looks like, to follow "It takes". */
export const RATE_SHAPE = "a size for each second, such as 50MB/s or 10MiB/s";

/**
 * Bytes of a size: "1GiB", "500MB", "1.5GiB", "20", "0". Parts of a byte are dropped.
 *
 * @throws {FtError} "usage" for anything else, and for more than a number can count exactly.
 */
export function parseSize(text: string): number {
  const whole = /^(?:0|[1-9]\d*)$/.test(text) ? `${text}B` : text;
  const [, digits = "", unit = ""] = /^(\d+(?:\.\d+)?)([kKMGT]?i?B)$/.exec(whole) ?? [];
  const bytes = Math.floor(Number(digits) * (BYTES.get(unit) ?? NaN));
  if (Number.isSafeInteger(bytes)) return bytes;
  throw new FtError("usage", `'${escapeText(text)}' is not a size.`, {
    hint: `Write ${SIZE_SHAPE}.`,
  });
}

/**
 * Bytes for each second of a rate: "50MB/s"; a size with its unit means the same.
 *
 * @throws {FtError} "usage" for anything else.
 */
export function parseRate(text: string): number {
  try {
    // A number alone could be meant in bits.
    if (/^[1-9]\d*(?:\/s)?$/.test(text)) throw new FtError("usage");
    return parseSize(text.replace(/\/s$/, ""));
  } catch {
    throw new FtError("usage", `'${escapeText(text)}' is not a rate.`, {
      hint: `Write ${RATE_SHAPE}.`,
    });
  }
}

/** A rate of whole bytes for each second, as {@linkcode parseRate} reads it. */
export function rateText(rate: number): string {
  const exact = [...BYTES].filter(([, size]) => rate % size === 0);
  const [unit, size] = exact.reduce((best, one) => one[1] > best[1] ? one : best);
  return `${rate / size}${unit}/s`;
}
