/**
 * The values of options: what was written, made a number or refused.
 *
 * @module
 */
import type { Option } from "./option.ts";
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
        return within(option, written, parseDuration);
      case "size":
        return parseSize(written);
      case "rate":
        return within(option, written, parseRate);
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

/** Words for flags where no presence can say it. */
const FLAG_WORDS: ReadonlyMap<string, boolean> = new Map([
  ...["yes", "true", "on", "1"].map((word) => [word, true] as const),
  ...["no", "false", "off", "0"].map((word) => [word, false] as const),
]);

/**
 * The value of what the environment or the config file says, or undefined where it is none. Of a
 * list each line is one value.
 */
export function convertStored(
  option: Option,
  written: string,
): string | number | boolean | readonly string[] | undefined {
  if (option.kind === "list") {
    const values = valuesOf(written);
    return values.length > 0 ? values : undefined;
  }
  if (option.kind === "flag") return FLAG_WORDS.get(written.toLowerCase());
  if (option.kind === "choice" && option.typedChoices?.includes(written)) return undefined;
  return convert(option, written);
}

/** The values of a list that is stored. */
export function valuesOf(written: string): string[] {
  return written.split(/\r?\n/).filter((line) => line !== "");
}

/** What an option takes from the environment or the config file, to follow "It takes". */
export function expectedStored(option: Option): string {
  if (option.kind === "flag") return "yes or no";
  if (option.kind !== "choice" || option.typedChoices === undefined) return expected(option);
  const { choices, typedChoices } = option;
  return `one of ${choices.filter((choice) => !typedChoices.includes(choice)).join(", ")} here; ` +
    `${typedChoices.join(", ")} has to be typed`;
}

function within(
  { min, max }: { readonly min?: string; readonly max?: string },
  written: string,
  parse: (text: string) => number,
): number | undefined {
  const value = parse(written);
  if (min !== undefined && value < parse(min)) return undefined;
  return max === undefined || value <= parse(max) ? value : undefined;
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
        (option.min === undefined ? "" : `, at least ${option.min}`) +
        (option.max === undefined ? "" : `, at most ${option.max}`);
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
