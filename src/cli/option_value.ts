/**
 * The values of options: what was written, made a number or refused.
 *
 * @module
 */
import type { Option } from "./options.ts";
import { parseRate, parseSize, RATE_SHAPE, SIZE_SHAPE } from "./size.ts";
import { parseDuration } from "./text.ts";

/** What an option is when nobody says. */
export function defaultValue(
  option: Option,
): string | number | boolean | readonly string[] | undefined {
  if (option.kind === "list") return [];
  if (option.kind === "flag") return false;
  if (option.default === undefined || typeof option.default === "number") return option.default;
  return convert(option, option.default);
}

/** The value, or undefined where the text is none. */
export function convert(option: Option, written: string): string | number | undefined {
  try {
    switch (option.kind) {
      case "integer": {
        const value = /^(0|[1-9]\d*)$/.test(written) ? Number(written) : NaN;
        return value >= option.min && value <= option.max ? value : undefined;
      }
      case "choice":
        return option.choices.includes(written) ? written : undefined;
      case "duration":
        return atLeast(option.min, written, parseDuration);
      case "size":
        return parseSize(written);
      case "rate":
        return atLeast(option.min, written, parseRate);
      case "text":
        return written !== "" && option.shape?.pattern.test(written) !== false
          ? written
          : undefined;
      case "list":
        return written !== "" ? written : undefined;
      case "flag":
        return undefined;
    }
  } catch {
    return undefined; // The parser's error does not know the option; ours does.
  }
}

function atLeast(
  min: string | undefined,
  written: string,
  parse: (text: string) => number,
): number | undefined {
  const value = parse(written);
  return min === undefined || value >= parse(min) ? value : undefined;
}

/** What an option takes, to follow "It takes". */
export function expected(option: Option): string {
  switch (option.kind) {
    case "integer":
      return `a whole number from ${option.min} to ${option.max}`;
    case "choice":
      return `one of ${option.choices.join(", ")}`;
    case "duration":
      return "a whole number and a unit: 45s, 30m, 2h or 7d" +
        (option.min === undefined ? "" : `, at least ${option.min}`);
    case "size":
      return SIZE_SHAPE;
    case "rate":
      return `${RATE_SHAPE}, at least ${option.min}`;
    case "text":
      return option.shape?.sentence ?? option.metavar;
    case "list":
      return option.metavar;
    case "flag":
      return "no value";
  }
}
