/**
 * Patterns for the names in one folder, as shells know them: `*` any run of characters, `?` any
 * one, `[a-z]` and `[!a-z]` one of some and one of all others.
 *
 * @module
 */

/** What stands for one character; without a test, for any run of them. */
type Token = ((char: string) => boolean) | "run";

const isWindows = Deno.build.os === "windows";

/** Whether text is a pattern, not only a name. */
export function isPattern(text: string): boolean {
  return /[*?]|\[[^].*\]/s.test(text);
}

/** A name written as a pattern: off Windows a backslash takes what follows it as it is. */
export function unquoted(text: string): string {
  return isWindows ? text : text.replace(/\\(.)/gs, "$1");
}

/** One pattern. */
export class Glob {
  readonly #tokens: readonly Token[];
  readonly #isHidden: boolean;

  constructor(pattern: string) {
    this.#tokens = tokensOf([...formOf(pattern)]);
    this.#isHidden = /^\\?\./.test(pattern);
  }

  /** Whether all of a name fits. What begins with a dot is meant only when the pattern does, too. */
  matches(name: string): boolean {
    if (name.startsWith(".") && !this.#isHidden) return false;
    const chars = [...formOf(name)];
    let at = 0;
    let from = 0;
    /** Where to go on when what follows the last run does not fit: no earlier one matters then. */
    let again: { readonly at: number; from: number } | undefined;
    while (from < chars.length) {
      const token = this.#tokens[at];
      if (token === "run") again = { at: ++at, from };
      else if (token?.(chars[from] ?? "")) {
        at++;
        from++;
      } else if (again !== undefined) [at, from] = [again.at, ++again.from];
      else return false;
    }
    return this.#tokens.slice(at).every((token) => token === "run");
  }
}

/** One form for what users take for one name. */
function formOf(text: string): string {
  const form = text.isWellFormed() ? text.normalize("NFC") : text;
  return isWindows ? form.toLowerCase() : form;
}

function tokensOf(chars: readonly string[]): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < chars.length; at++) {
    let char = chars[at] ?? "";
    if (char === "*") tokens.push("run");
    else if (char === "?") tokens.push(() => true);
    else {
      const end = char === "[" ? endOfSet(chars, at) : undefined;
      if (end !== undefined) {
        tokens.push(setOf(chars.slice(at + 1, end)));
        at = end;
        continue;
      }
      if (char === "\\" && !isWindows) char = chars[++at] ?? char;
      tokens.push((other) => other === char);
    }
  }
  return tokens;
}

/** Where a set ends that begins at `start`: a bracket as its first member does not end it. */
function endOfSet(chars: readonly string[], start: number): number | undefined {
  const first = start + 1 + Number("!^".includes(chars[start + 1] ?? " "));
  const end = chars.indexOf("]", first + 1);
  return end < 0 ? undefined : end;
}

function setOf(chars: readonly string[]): (char: string) => boolean {
  const isOther = "!^".includes(chars[0] ?? " ");
  const members = chars.slice(Number(isOther));
  const isMember = (char: string) => {
    for (let at = 0; at < members.length; at++) {
      const low = members[at] ?? "";
      const high = members[at + 1] === "-" ? members[at + 2] : undefined;
      if (high === undefined ? char === low : isWithin(char, low, high)) return true;
      if (high !== undefined) at += 2;
    }
    return false;
  };
  return (char) => isMember(char) !== isOther;
}

function isWithin(char: string, low: string, high: string): boolean {
  const [at = 0, from = 0, to = 0] = [char, low, high].map((one) => one.codePointAt(0));
  return at >= from && at <= to;
}
