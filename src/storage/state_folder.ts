/**
 * The user's own folder: the secrets that make them owners, the lists they were last shown, and
 * the servers and keys they know. Many processes may use it at once: every file appears whole, in
 * one step.
 *
 * @module
 */
import { FtError } from "../error.ts";
import { KeyedFolder } from "./keyed_folder.ts";
import { createState, readState, replaceState } from "./state_file.ts";
import type { Room } from "./store.ts";

const SECRET_BYTES = 32;
/** Bytes of a list that are read at most: the longest that a client takes has fewer. */
const LIST_BYTES = 640 * 1024 * 1024;
/** base64url of {@linkcode SECRET_BYTES} bytes. */
const SECRET = /^[A-Za-z0-9_-]{43}$/;

/** One line of a list as it was shown: its number is its place. */
export interface Listed {
  readonly name: string;
  readonly tag: string;
}

/**
 * Where the user's state is kept when nobody says otherwise.
 *
 * @param env reads an environment variable.
 * @throws FtError `usage` when the environment names no home.
 */
export function defaultStateFolder(env: (name: string) => string | undefined): string {
  const home = env("HOME");
  const candidates: Partial<Record<typeof Deno.build.os, string | undefined>> = {
    windows: env("LOCALAPPDATA"),
    darwin: home && `${home}/Library/Application Support`,
  };
  // An empty variable counts as unset.
  const base = Deno.build.os in candidates
    ? candidates[Deno.build.os]
    : env("XDG_STATE_HOME") || home && `${home}/.local/state`;
  if (!base) {
    throw new FtError("usage", "No home folder is known.", {
      hint: "Say where ft may keep its state: --state DIR, or FT_STATE.",
    });
  }
  return `${base}/ft`;
}

/** The state of one user. */
export class StateFolder {
  readonly #path: string;

  /** The folder at `path` is made when something is first kept. */
  constructor(path: string) {
    this.#path = path;
  }

  /** The secret that owns what is uploaded to `server`: made at first contact, then the same. */
  owner(server: string): string {
    const path = this.#file("owners", server);
    const found = readState(path);
    if (found !== undefined) return checkedSecret(found, path);
    const secret = crypto.getRandomValues(new Uint8Array(SECRET_BYTES))
      .toBase64({ alphabet: "base64url", omitPadding: true });
    return createState(path, secret) ? secret : checkedSecret(readState(path) ?? "", path);
  }

  /** Keeps the list of a room as it was shown. */
  keepList(server: string, room: Room, list: readonly Listed[]): void {
    const path = this.#file("lists", `${server} ${room}`);
    replaceState(path, JSON.stringify(list.map(({ name, tag }) => [name, tag])), false);
  }

  /** The list of a room as it was last shown; undefined when none was. */
  list(server: string, room: Room): Listed[] | undefined {
    const text = readState(this.#file("lists", `${server} ${room}`), LIST_BYTES);
    if (text === undefined) return undefined;
    try {
      const pairs: unknown = JSON.parse(text);
      if (!Array.isArray(pairs) || !pairs.every(isPair)) return undefined;
      return pairs.map(([name, tag]) => ({ name, tag }));
    } catch {
      return undefined;
    }
  }

  /**
   * A folder of small files of one kind.
   *
   * @param parse what a file says; undefined or any error where that is nothing.
   */
  folder<T>(name: "servers" | "keys", parse: (text: string) => T | undefined): KeyedFolder<T> {
    return new KeyedFolder(`${this.#path}/${name}`, parse);
  }

  #file(folder: string, key: string): string {
    return `${this.#path}/${folder}/${encodeURIComponent(key)}`;
  }
}

function isPair(value: unknown): value is [string, string] {
  return Array.isArray(value) && value.length === 2 &&
    value.every((part) => typeof part === "string");
}

function checkedSecret(text: string, path: string): string {
  if (SECRET.test(text)) return text;
  throw new FtError("io", `The owner's secret in '${path}' is damaged.`, {
    hint: "Put it back from a copy, or remove it to begin as a new owner.",
  });
}
