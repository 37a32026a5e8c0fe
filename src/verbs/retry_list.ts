/**
 * What failed in the last command that moved files, kept so that just that can be done again. It
 * holds names and options, and never a token.
 *
 * @module
 */
import type { FtError } from "../error.ts";
import { damaged, readState, removeState, replaceState } from "../storage/state_file.ts";
import type { Result } from "./conversation.ts";

/** Most operands that are kept; of more it is only known how many there were. */
const MOST_ITEMS = 10_000;
/** Most paths of one folder; with more the whole folder is done again, which skips what is there. */
const MOST_PATHS = 10_000;
/** Bytes of the file that are read at most; a list is kept far below. */
const MOST_BYTES = 64 * 1024 * 1024;
/** Characters of names that are kept at most. */
const MOST_CHARACTERS = 8 * 1024 * 1024;

/** The commands that move files. */
const COMMANDS = ["put", "share", "get", "fetch"] as const;

/** What failed of one operand. */
export interface RetryItem {
  /** A path of this machine, or a name on the server. */
  readonly operand: string;
  /** Of a folder: what failed in it, where the rest did not. */
  readonly paths?: readonly string[] | undefined;
}

/** What failed in one command. */
export interface RetryList {
  readonly command: typeof COMMANDS[number];
  /** The server as it can be named again; undefined where the environment names it. */
  readonly server: string | undefined;
  /** The folder that the command ran in. */
  readonly folder: string;
  /** The options that say how, as they are typed. */
  readonly options: readonly string[];
  readonly items: readonly RetryItem[];
  /** How many more failed than are kept. */
  readonly more: number;
}

/** The results that failed, as what has to be done again. */
export function failedItems(results: readonly Result[]): RetryItem[] {
  const items: RetryItem[] = [];
  for (let at = 0; at < results.length; at++) {
    const result = results[at] as Result;
    if ("error" in result) items.push({ operand: result.name });
    else if ("tree" in result) {
      const { failures } = result.tree;
      const paths = new Set(failures.map(againFor));
      if (paths.has("")) items.push({ operand: result.name });
      else if (paths.size > 0) items.push({ operand: result.name, paths: [...paths] });
      // Each of them follows as a result of its own.
      at += failures.length;
    }
  }
  return items;
}

/** What is done again for a path: once it has another name, only its folder leads there. */
function againFor({ path, error }: { path: string; error: FtError }): string {
  return error.code === "bad_name" ? path.slice(0, Math.max(path.lastIndexOf("/"), 0)) : path;
}

/** The memory of one user. */
export class RetryMemory {
  readonly #path: string;

  /** @param state the user's state folder. */
  constructor(state: string) {
    this.#path = `${state}/retry.json`;
  }

  /** Keeps what failed, in place of what did before; nothing where nothing failed. */
  keep({ items, ...how }: Omit<RetryList, "more">): void {
    if (items.length === 0) return void removeState(this.#path);
    let characters = 0;
    const kept: RetryItem[] = [];
    for (const { operand, paths } of items) {
      const fitting = paths !== undefined && paths.length <= MOST_PATHS ? paths : undefined;
      for (const name of [operand, ...fitting ?? []]) characters += name.length;
      if (kept.length === MOST_ITEMS || characters > MOST_CHARACTERS) break;
      kept.push(fitting === undefined ? { operand } : { operand, paths: fitting });
    }
    const list = { format: 1, ...how, items: kept, more: items.length - kept.length };
    replaceState(this.#path, JSON.stringify(list), false);
  }

  /**
   * What failed last; undefined when nothing did.
   *
   * @throws FtError `io` when what is kept is damaged.
   */
  get(): RetryList | undefined {
    const text = readState(this.#path, MOST_BYTES);
    if (text === undefined) return undefined;
    const list = parse(text);
    if (list === undefined) throw damaged(this.#path, "Remove it.");
    return list;
  }
}

function parse(text: string): RetryList | undefined {
  try {
    const { format, command, server, folder, options, items, more } = JSON.parse(text);
    const isList = format === 1 && COMMANDS.includes(command) &&
      (server === undefined || typeof server === "string") && typeof folder === "string" &&
      areTexts(options) && Array.isArray(items) && items.every(isItem) &&
      Number.isSafeInteger(more);
    return isList ? { command, server, folder, options, items, more } : undefined;
  } catch {
    return undefined;
  }
}

function isItem(value: unknown): value is RetryItem {
  if (typeof value !== "object" || value === null || !("operand" in value)) return false;
  const paths = "paths" in value ? value.paths : undefined;
  return typeof value.operand === "string" && (paths === undefined || areTexts(paths));
}

function areTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}
