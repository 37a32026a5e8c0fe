/**
 * A command line as bash reads it, as far as completion needs it, and words as bash takes them.
 * Nothing is expanded: what a variable or a command would make of a word is not known here.
 *
 * @module
 */

/** How the text at the cursor is quoted. */
type Quote = "" | "'" | '"';

/** The words of a line up to the cursor. */
export interface BashLine {
  /** Without quotes, from the command's name on; the last one is that at the cursor. */
  readonly words: readonly string[];
  /** The last one as it is typed. */
  readonly raw: string;
  /** The quote that is open at the cursor. */
  readonly quote: Quote;
}

/** Reads a line; undefined where a word of it is not what it says: `$HOME`, `$(...)`, `*`. */
export function readBashLine(line: string): BashLine | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let start = 0;
  let quote: Quote = "";
  for (let at = 0; at < line.length; at++) {
    const char = line.charAt(at);
    if (quote === "" && /[ \t\n]/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
      continue;
    }
    if (word === undefined) start = at;
    word ??= "";
    if (char === quote) quote = "";
    else if (quote === "" && (char === "'" || char === '"')) quote = char;
    else if (quote !== "'" && (char === "$" || char === "`")) return undefined;
    else if (quote !== "'" && char === "\\") {
      const next = line.charAt(++at);
      word += quote === '"' && !/["\\$`]/.test(next) ? `\\${next}` : next;
    } else word += char;
  }
  const raw = word === undefined ? "" : line.slice(start);
  const all = [...words, word ?? ""];
  // Variables that are set for the command alone come before its name.
  while (all.length > 1 && /^\w+=/.test(all[0] ?? "")) all.shift();
  return { words: all, raw, quote };
}

/**
 * Texts that bash puts in the place of `tail`, the end of the word at the cursor that it replaces:
 * quoted as the word is, without the quote that is open.
 */
export function bashReplies(
  { raw, quote }: BashLine,
  tail: string,
  words: readonly string[],
): string[] {
  const head = raw.endsWith(tail) ? raw.slice(0, raw.length - tail.length) : "";
  // A quote that is opened in the head is still open where the tail begins.
  const kept = readBashLine(head)?.words.at(-1) ?? "";
  return words.flatMap((word) => {
    if (!word.startsWith(kept)) return [];
    return inQuote(word.slice(kept.length), quote) ?? [];
  });
}

function inQuote(text: string, quote: Quote): string | undefined {
  if (quote === "'") return text.replaceAll("'", `'\\''`);
  if (quote === "") return text.replace(/[^\w@%+:,./=\u0080-\u{10ffff}-]/gu, "\\$&");
  // Between double quotes nothing keeps bash from looking for this in its history.
  return text.includes("!") ? undefined : text.replace(/["\\$`]/g, "\\$&");
}
