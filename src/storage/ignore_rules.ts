/**
 * What of a folder is left out: patterns as gitignore(5) writes them, from the command line and
 * from the `.ftignore` files that lie in the folder.
 *
 * @module
 */
import type ignorePackage from "ignore";
import type { Ignore } from "ignore";
import { FtError } from "../error.ts";

/** The file in which a folder says what of it is left out. */
export const IGNORE_FILE = ".ftignore";
/** Paths after which the answers that the package remembers are let go of. */
const REMEMBERED = 10_000;
/** `**` between slashes in one pattern: each multiplies the time that a path can take. */
const GLOBSTARS = 3;

/** The package, once it is loaded: that takes as long as to look through a thousand files. */
let loaded: typeof ignorePackage | undefined;

/** Rules in one order: of those that fit a path the last one counts. */
export class IgnoreRules {
  /** Those of files, of the outermost folder first. */
  readonly #files: readonly string[];
  readonly #exclude: readonly string[];
  #matcher: Ignore | undefined;
  #asked = 0;

  private constructor(files: readonly string[], exclude: readonly string[]) {
    this.#files = files;
    this.#exclude = exclude;
  }

  /**
   * Rules of these patterns alone, each relative to the folder that is walked.
   *
   * @throws FtError `limit` for a pattern with too many `**`.
   */
  static of(exclude: readonly string[]): IgnoreRules {
    const patterns = exclude.map((pattern) => pattern.normalize("NFC"));
    patterns.forEach(requireQuick);
    return new IgnoreRules([], patterns);
  }

  /**
   * These rules and, below `folder`, those of the {@linkcode IGNORE_FILE} that lies in it.
   *
   * @throws FtError `limit` for a pattern with too many `**`.
   */
  with(folder: string, text: string): IgnoreRules {
    const own = patternsBelow(folder, text.normalize("NFC"));
    own.forEach(requireQuick);
    return new IgnoreRules([...this.#files, ...own], this.#exclude);
  }

  /** Whether {@linkcode load} comes before anything is asked. Most folders leave nothing out. */
  get isWaiting(): boolean {
    return loaded === undefined && this.#files.length + this.#exclude.length > 0;
  }

  /** Loads what it takes to answer. */
  async load(): Promise<void> {
    if (this.isWaiting) loaded = (await import("ignore")).default;
  }

  /**
   * Whether a path is left out. What lies in a folder that is left out is, too: nothing can take
   * it back in.
   *
   * @param path relative to the folder that is walked, with slashes.
   */
  ignores(path: string, isFolder: boolean): boolean {
    if (this.#files.length + this.#exclude.length === 0) return false;
    if (this.#asked++ % REMEMBERED === 0) this.#matcher = this.#fresh();
    return this.#matcher?.ignores(isFolder ? `${path}/` : path) === true;
  }

  // What is asked for on the command line beats what any file says.
  #fresh(): Ignore {
    if (loaded === undefined) throw new FtError("unexpected", "The rules are not loaded.");
    const ignoreCase = Deno.build.os === "windows" || Deno.build.os === "darwin";
    return loaded({ ignoreCase }).add(this.#files).add(this.#exclude);
  }
}

/** The patterns of a file in `folder`, written as if they stood in the folder that is walked. */
function patternsBelow(folder: string, text: string): string[] {
  const lines = text.replace(/^\ufeff/, "").split(/\r?\n/);
  const patterns = lines.filter((line) => !/^(#.*|!?\/*\s*)$/.test(line));
  if (folder === "") return patterns;
  const prefix = folder.replace(/[*?[\]\\]/g, "\\$&");
  return patterns.map((pattern) => {
    const isNegative = pattern.startsWith("!");
    // No longer at the start, where alone these two have to be quoted.
    const body = pattern.slice(isNegative ? 1 : 0).replace(/^\\([!#])/, "$1");
    // With a slash before its end it is about one place, else about a name at any depth.
    const isPlace = body.trimEnd().slice(0, -1).includes("/");
    const between = isPlace ? (body.startsWith("/") ? "" : "/") : "/**/";
    return `${isNegative ? "!" : ""}/${prefix}${between}${body}`;
  });
}

function requireQuick(pattern: string): void {
  if ((pattern.match(/\*\*+(?=\/|\s*$)/g)?.length ?? 0) <= GLOBSTARS) return;
  throw new FtError("limit", `The pattern '${pattern.slice(0, 300)}' has too many '**'.`, {
    hint: `Write it with at most ${GLOBSTARS}.`,
  });
}
