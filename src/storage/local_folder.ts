import { FtError } from "../error.ts";
import { type FileId, isReal, isSame } from "./confine.ts";
import { readFailure } from "./failure.ts";
import { IGNORE_FILE, type IgnoreRules } from "./ignore_rules.ts";

/** Bytes of an ignore file that are read at most. */
const IGNORE_BYTES = 1024 * 1024;

/** A name in a folder. */
export interface Listed {
  /** In normal form C. */
  readonly name: string;
  /** As it is on disk. */
  readonly raw: string;
  readonly isFolder: boolean;
}

/** A folder that is being looked through. */
export interface OpenFolder {
  /** What the paths in it begin with: empty, or with a slash at its end. */
  readonly prefix: string;
  readonly local: string;
  readonly id: FileId;
  readonly names: readonly Listed[];
  /** How many of the names are done. */
  done: number;
  /** Undefined where nothing is left out, whatever ignore files say. */
  readonly rules: IgnoreRules | undefined;
}

/**
 * Reads the names in a folder, and what of them its ignore file leaves out.
 *
 * @throws FtError `changed` when the path led elsewhere meanwhile.
 */
export function openFolder(
  prefix: string,
  local: string,
  id: FileId,
  rules: IgnoreRules | undefined,
): OpenFolder {
  const names: Listed[] = [];
  for (const { name, isDirectory } of Deno.readDirSync(local)) {
    names.push({ name: canonical(name), raw: name, isFolder: isDirectory });
  }
  const hasRules = names.some(({ raw }) => raw === IGNORE_FILE);
  const own = hasRules ? rules?.with(prefix.slice(0, -1), readRules(local, prefix)) : rules;
  if (!isReal(local) || !isSame(Deno.lstatSync(local), id)) {
    throw new FtError("changed", `'${prefix}' is another folder by now.`);
  }
  names.sort(inOrder);
  return { prefix, local, id: { dev: id.dev, ino: id.ino }, names, done: 0, rules: own };
}

/** By name; of names that are one in normal form C, the one that is written so comes first. */
function inOrder(a: Listed, b: Listed): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  return Number(a.raw !== a.name) - Number(b.raw !== b.name);
}

/** Without its rules a folder is not sent at all: they may keep what is secret. */
function readRules(folder: string, prefix: string): string {
  const path = join(folder, IGNORE_FILE);
  let reason = `it is no file of at most ${IGNORE_BYTES} bytes`;
  try {
    const { isFile, size } = Deno.statSync(path);
    if (isFile && size <= IGNORE_BYTES) return Deno.readTextFileSync(path);
  } catch (thrown) {
    reason = readFailure(thrown, "read it").message;
  }
  throw new FtError("io", `Cannot use '${prefix}${IGNORE_FILE}': ${reason}.`, {
    hint: "Mend or remove it; the folder is not sent without it.",
  });
}

function canonical(name: string): string {
  return name.isWellFormed() ? name.normalize("NFC") : name;
}

/** The path of what has that name on disk. */
export function join(folder: string, name: string): string {
  return folder.endsWith("/") ? folder + name : `${folder}/${name}`;
}
