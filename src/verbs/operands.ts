/**
 * What a user names to be sent: files, folders, and patterns, which not every shell resolves.
 *
 * @module
 */
import { FtError, toFailure } from "../error.ts";
import { NAME_PARTS, toName } from "../name.ts";
import { isAbsent } from "../storage/confine.ts";
import { readFailure } from "../storage/failure.ts";
import { IgnoreRules } from "../storage/ignore_rules.ts";
import { notFound } from "../storage/local_source.ts";
import { Glob, isPattern, unquoted } from "./glob.ts";

/** Most that one pattern may match; a folder as a whole has no such limit. */
const MATCHES = 100_000;
/** Most names that are looked at for one pattern. */
const LOOKED = 5_000_000;
/** Names looked at before other work gets a turn. */
const TURN_NAMES = 1_000;

const isWindows = Deno.build.os === "windows";
/** Windows takes both slashes. */
const SLASH = isWindows ? /[\\/]/ : /\//;
const TRAILING = isWindows ? /(?<=[^:\\/])[\\/]+$/ : /(?<=[^/])\/+$/;

/** A file or a folder of this machine, and the name it is sent under. */
export interface Named {
  readonly kind: "file" | "folder";
  readonly path: string;
  readonly name: string;
}

/** Something that was named and cannot be sent. */
export interface Unnamed {
  readonly path: string;
  readonly error: FtError;
}

/** How operands are read. */
export interface OperandOptions {
  /** Patterns of what is left out, as gitignore(5) has them, here of the operands' own names. */
  readonly exclude?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The files and folders that operands name, in order. A name that is there is that name, also when
 * it could be a pattern; what matches a pattern comes in order of its path. Names may be there
 * twice: where they go, the second gets a number.
 *
 * In a pattern `*`, `?` and `[...]` stand for what they do in a shell, within one name, and `**` for
 * any number of folders, links not followed; at its end for all files below. Hidden names have to be
 * meant: by a dot.
 *
 * @throws FtError `interrupted`, and `limit` for a pattern in `exclude` that takes too long.
 *
 * @example
 * ```ts ignore
 * const [report] = await readOperands(["report.pdf"]);
 * // { kind: "file", path: "report.pdf", name: "report.pdf" }
 * ```
 */
export async function readOperands(
  operands: readonly string[],
  { exclude = [], signal }: OperandOptions = {},
): Promise<(Named | Unnamed)[]> {
  const rules = IgnoreRules.of(exclude);
  await rules.load();
  const found: (Named | Unnamed)[] = [];
  for (const operand of operands) {
    let paths = [operand];
    try {
      if (isPattern(operand) && !isThere(operand)) {
        paths = await new Search(signal).matches(operand);
        if (paths.length === 0) {
          throw new FtError("not_found", `Nothing matches '${operand}'.`, {
            hint: "Check the pattern and the folder you are in.",
          });
        }
      }
    } catch (thrown) {
      const error = toFailure(thrown);
      if (error.code === "interrupted") throw error;
      found.push({ path: operand, error });
      continue;
    }
    for (const path of paths) {
      const named = nameOf(path);
      const isOut = "name" in named && rules.ignores(named.name, named.kind === "folder");
      if (!isOut) found.push(named);
    }
  }
  return found;
}

function isThere(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

function nameOf(path: string): Named | Unnamed {
  try {
    const info = Deno.statSync(path);
    if (!info.isFile && !info.isDirectory) {
      throw new FtError("bad_name", `'${path}' is neither a file nor a folder.`, {
        hint: "Name files and folders.",
      });
    }
    const kind = info.isFile ? "file" : "folder";
    // What lies in a folder is named with a slash of its own.
    return { kind, path: path.replace(TRAILING, ""), name: toName(baseName(path)) };
  } catch (thrown) {
    const error = path === "" || isAbsent(thrown)
      ? notFound(path)
      : readFailure(thrown, `read '${path}'`);
    return { path, error };
  }
}

/** The name of a file or folder itself: what `.` and `..` stand for, for those. */
function baseName(path: string): string {
  const last = (text: string) => text.split(SLASH).findLast((part) => part !== "");
  const written = last(path);
  if (written !== undefined && written !== "." && written !== ".." && !isDrive(written)) {
    return written;
  }
  const real = last(Deno.realPathSync(path));
  if (real !== undefined && !isDrive(real)) return real;
  throw new FtError("bad_name", `'${path}' has no name of its own.`, {
    hint: "Name what is in it instead.",
  });
}

function isDrive(part: string): boolean {
  return isWindows && /^[A-Za-z]:$/.test(part);
}

/** The search for what matches one pattern. */
class Search {
  readonly #signal: AbortSignal | undefined;
  readonly #found: string[] = [];
  #looked = 0;

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
  }

  async matches(pattern: string): Promise<string[]> {
    const parts = pattern.split(SLASH);
    const start = parts[0] === "" ? "/" : "";
    const wanted = parts.filter((part) => part !== "");
    // One `**` says all that several in a row say.
    await this.#search(
      start,
      wanted.filter((part, at) => part !== "**" || wanted[at - 1] !== "**"),
    );
    return this.#found;
  }

  /** Finds in `folder`, which ends with a slash or is empty, what the parts mean. */
  async #search(folder: string, [part, ...rest]: readonly string[], depth = 0): Promise<void> {
    if (part === undefined) return;
    if (part === "**") return await this.#below(folder, rest, depth);
    if (!isPattern(part)) {
      const path = folder + unquoted(part);
      if (rest.length > 0) return await this.#search(`${path}/`, rest, depth);
      if (isThere(path)) this.#take(path);
      return;
    }
    const glob = new Glob(part);
    for (const { name, isFile } of await this.#list(folder)) {
      if (!glob.matches(name)) continue;
      if (rest.length === 0) this.#take(folder + name);
      else if (!isFile) await this.#search(`${folder}${name}/`, rest, depth);
    }
  }

  /** Finds what the parts mean in `folder` and in every folder below; without parts, all files. */
  async #below(folder: string, rest: readonly string[], depth: number): Promise<void> {
    if (rest.length > 0) await this.#search(folder, rest, depth);
    for (const { name, isDirectory } of await this.#list(folder)) {
      if (name.startsWith(".")) continue;
      if (isDirectory && depth < NAME_PARTS) {
        await this.#below(`${folder}${name}/`, rest, depth + 1);
      } else if (rest.length === 0 && !isDirectory) this.#take(folder + name);
    }
  }

  /** What is in a folder, in order; nothing where it cannot be read, as shells have it. */
  async #list(folder: string): Promise<Deno.DirEntry[]> {
    let entries: Deno.DirEntry[];
    try {
      entries = [...Deno.readDirSync(folder || ".")];
    } catch {
      return [];
    }
    const before = this.#looked;
    this.#looked += entries.length + 1;
    if (Math.floor(before / TURN_NAMES) < Math.floor(this.#looked / TURN_NAMES)) {
      await new Promise<void>((turn) => setImmediate(turn));
    }
    const reason = this.#signal?.reason;
    if (this.#signal?.aborted) {
      throw reason instanceof FtError ? reason : new FtError("interrupted");
    }
    if (this.#looked > LOOKED) throw tooMuch(`has more than ${LOOKED} names to look at`);
    return entries.sort((a, b) => a.name < b.name ? -1 : 1);
  }

  #take(path: string): void {
    if (this.#found.length === MATCHES) throw tooMuch(`matches more than ${MATCHES} names`);
    this.#found.push(path);
  }
}

function tooMuch(what: string): FtError {
  return new FtError("limit", `The pattern ${what}.`, {
    hint: "Name the folder instead, and leave out the rest with --exclude.",
  });
}
