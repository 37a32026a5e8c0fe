/**
 * Patterns for names, as shells know them: `*` is any run of characters, also across `/`, `?` is any
 * one, everything else is itself. Case counts. There is nothing more to it, so that a pattern of a
 * stranger costs no more than its length times that of the name.
 *
 * @module
 */

/**
 * Whether all of `name` fits `pattern`. A character is a code point.
 *
 * @example
 * ```ts
 * import { matchesGlob } from "./glob.ts";
 *
 * if (!matchesGlob("*.pdf", "report.pdf")) throw new Error("no match");
 * ```
 */
export function matchesGlob(pattern: string, name: string): boolean {
  const wanted = [...pattern];
  const given = [...name];
  let at = 0;
  let from = 0;
  /** Where to go on from if what follows the last star does not fit: only the last one matters. */
  let star: { readonly at: number; from: number } | undefined;
  while (from < given.length) {
    const char = wanted[at];
    if (char === "*") {
      star = { at, from };
      at++;
    } else if (char === "?" || char !== undefined && char === given[from]) {
      at++;
      from++;
    } else if (star !== undefined) {
      star.from++;
      at = star.at + 1;
      from = star.from;
    } else {
      return false;
    }
  }
  while (wanted[at] === "*") at++;
  return at === wanted.length;
}
