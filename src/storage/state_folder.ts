/**
 * The user's own folder: the secrets that make them owners, and the lists they were last shown.
 * Many processes may use it at once: every file appears whole, in one step.
 *
 * @module
 */
import { FtError } from "../error.ts";
import { storageFailure } from "./failure.ts";
import { writeAll } from "./journal_file.ts";
import { remove } from "./lock.ts";
import { publishNew } from "./publish.ts";
import type { Room } from "./store.ts";

const SECRET_BYTES = 32;
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
    darwin: home === undefined ? undefined : `${home}/Library/Application Support`,
  };
  const base = Deno.build.os in candidates
    ? candidates[Deno.build.os]
    : env("XDG_STATE_HOME") ?? (home === undefined ? undefined : `${home}/.local/state`);
  if (base === undefined || base === "") {
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
    const found = read(path);
    if (found !== undefined) return checkedSecret(found, path);
    const secret = crypto.getRandomValues(new Uint8Array(SECRET_BYTES))
      .toBase64({ alphabet: "base64url", omitPadding: true });
    const made = this.#write(path, secret, (fresh, file) => {
      file.syncSync();
      return publishNew(fresh, path);
    });
    return made ? secret : checkedSecret(read(path) ?? "", path);
  }

  /** Keeps the list of a room as it was shown. */
  keepList(server: string, room: Room, list: readonly Listed[]): void {
    const path = this.#file("lists", `${server} ${room}`);
    this.#write(path, JSON.stringify(list.map(({ name, tag }) => [name, tag])), (fresh) => {
      Deno.renameSync(fresh, path);
      return true;
    });
  }

  /** The list of a room as it was last shown; undefined when none was. */
  list(server: string, room: Room): Listed[] | undefined {
    const text = read(this.#file("lists", `${server} ${room}`));
    if (text === undefined) return undefined;
    try {
      const pairs: unknown = JSON.parse(text);
      if (!Array.isArray(pairs) || !pairs.every(isPair)) return undefined;
      return pairs.map(([name, tag]) => ({ name, tag }));
    } catch {
      return undefined;
    }
  }

  #file(folder: string, key: string): string {
    return `${this.#path}/${folder}/${encodeURIComponent(key)}`;
  }

  /** Writes beside the place and has `place` put it there; false when another was first. */
  #write(
    path: string,
    text: string,
    place: (fresh: string, file: Deno.FsFile) => boolean,
  ): boolean {
    const fresh = `${path}.${crypto.randomUUID()}`;
    try {
      Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true, mode: 0o700 });
      using file = Deno.openSync(fresh, { write: true, createNew: true, mode: 0o600 });
      writeAll(file, new TextEncoder().encode(text));
      return place(fresh, file);
    } catch (thrown) {
      throw storageFailure(thrown, `keep state in '${this.#path}'`);
    } finally {
      remove(fresh);
    }
  }
}

function read(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch (thrown) {
    if (thrown instanceof Deno.errors.NotFound) return undefined;
    throw storageFailure(thrown, `read '${path}'`);
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
