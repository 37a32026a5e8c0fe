import { FtError } from "../error.ts";
import { type Verb, VERBS } from "../session/access.ts";
import { lookAt } from "../storage/confine.ts";
import { storageFailure } from "../storage/failure.ts";
import { InviteToken } from "../storage/invite_token.ts";
import type { Records } from "../storage/records.ts";
import {
  acceptToken,
  acceptTokenName,
  hashToken,
  newToken,
  type Tokens,
} from "../storage/tokens.ts";
import { filesBelow } from "../storage/walk.ts";
import { INVITE_TOKEN, ROOM_FOLDERS } from "./root.ts";
import { openRecords, requireRoot } from "./root_records.ts";

/** The latest time that a Date holds. */
const LATEST = 8.64e15;

/** A named token as a list shows it: the token itself is not kept. */
export interface Token {
  readonly name: string;
  readonly verbs: readonly Verb[];
  /** Milliseconds since 1970. */
  readonly created: number;
  /** Milliseconds since 1970; undefined when it is valid until it is revoked. */
  readonly expires: number | undefined;
}

/** What a new token is like. */
export interface AddTokenOptions {
  /** When it expires, in milliseconds since 1970; never when it is not said. */
  readonly expires?: number | undefined;
  /** The token itself; one that nobody can guess when it is not said. */
  readonly token?: string | undefined;
}

/**
 * Adds a named token to a server's root, whether or not the server runs.
 *
 * @param name 1 to 32 of `a-z`, `0-9`, `-` and `_`.
 * @param verbs what it allows: one or more of put, get, share, fetch.
 * @returns the token. It is not kept, so this is the only time it can be seen.
 * @throws FtError `usage`, `not_found` where no server's root is, `exists` when the name is taken.
 */
export async function addToken(
  root: string,
  name: string,
  verbs: readonly string[],
  { expires, token = newToken() }: AddTokenOptions = {},
): Promise<string> {
  acceptTokenName(name);
  acceptToken(token);
  const allowed = acceptVerbs(verbs);
  const created = Date.now();
  if (expires !== undefined && !(expires > created && expires <= LATEST)) {
    throw new FtError("usage", "A token cannot expire then.");
  }
  const bytes = await hashToken(token);
  requireRoot(root);
  const isInvite = new InviteToken(`${root}/${INVITE_TOKEN}`).read() === token;
  const folder = lookAt(`${root}/${ROOM_FOLDERS.private}/${name}`);
  if (folder !== undefined && !folder.isDirectory) {
    throw new FtError("exists", `A file has the name of the folder for '${name}'.`, {
      hint: `Move '${ROOM_FOLDERS.private}/${name}' away, or choose another name.`,
    });
  }
  requireOwnFolder(root, name);
  const record = {
    name,
    hash: bytes.toHex(),
    verbs: allowed.join(),
    created,
    expires: expires ?? null,
  };
  const isAdded = !isInvite && withTokens(root, (tokens) => tokens.add(record));
  if (isAdded) return token;
  const isTaken = withTokens(root, (tokens) => tokens.all()).some((one) => one.name === name);
  if (isTaken) {
    throw new FtError("exists", `There is a token named '${name}'.`, {
      hint: `Choose another name, or revoke it first: ft token revoke ${name}`,
    });
  }
  throw new FtError("exists", "The same token is in use under another name.", {
    hint: "Choose another token.",
  });
}

/**
 * The named tokens of a server's root, by name.
 *
 * @throws FtError `not_found` where no server's root is.
 */
export function listTokens(root: string): Token[] {
  requireRoot(root);
  return withTokens(root, (tokens) => tokens.all()).map(({ name, verbs, created, expires }) => {
    const allowed = verbs.split(",");
    return {
      name,
      verbs: VERBS.filter((verb) => allowed.includes(verb)),
      created,
      expires: expires ?? undefined,
    };
  });
}

/**
 * Revokes a named token. A running server ends what it let in within a second.
 *
 * @throws FtError `not_found` where no server's root or no such token is.
 */
export function revokeToken(root: string, name: string): void {
  requireRoot(root);
  if (withTokens(root, (tokens) => tokens.remove(name))) return;
  throw new FtError("not_found", `There is no token named '${name.slice(0, 100)}'.`, {
    hint: "See which there are with: ft token list",
  });
}

function acceptVerbs(words: readonly string[]): Verb[] {
  const unknown = words.find((word) => !(VERBS as readonly string[]).includes(word));
  if (unknown === undefined && words.length > 0) {
    return VERBS.filter((verb) => words.includes(verb));
  }
  const what = unknown === undefined ? "nothing" : `'${unknown.slice(0, 100)}'`;
  throw new FtError("usage", `A token cannot allow ${what}.`, {
    hint: `It allows one or more of ${VERBS.join(", ")}.`,
  });
}

/** Returns when nothing lies in the folder of a name but what was sent under it before. */
function requireOwnFolder(root: string, name: string): void {
  const files = [...filesBelow(`${root}/${ROOM_FOLDERS.private}/${name}`, `${name}/`)];
  if (files.length === 0) return;
  const rows = withRecords(root, (records) => records.room("private"));
  const isOwn = ({ name: file }: { name: string }) =>
    rows.get(file)?.some(({ who }) => who === name) ?? false;
  if (files.every(isOwn)) return;
  throw new FtError("exists", `There are files of others in the folder for '${name}'.`, {
    hint: `Move '${ROOM_FOLDERS.private}/${name}' away, or choose another name.`,
  });
}

function withTokens<T>(root: string, use: (tokens: Tokens) => T): T {
  return withRecords(root, ({ tokens }) => use(tokens));
}

function withRecords<T>(root: string, use: (records: Records) => T): T {
  const records = openRecords(root);
  try {
    return use(records);
  } catch (thrown) {
    throw storageFailure(thrown, "use the tokens");
  } finally {
    records.close();
  }
}
