/**
 * Tokens: the secrets that let clients in, and the table of those that have a name. Of a named one
 * only the hash is kept, so that whoever reads the records gets in with none of them. The hash is a
 * plain SHA-256: a token is too long to be found by trying.
 *
 * @module
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { FtError } from "../error.ts";
import { requireHoldable } from "./holdable.ts";

/** 128 bits. */
const TOKEN_BYTES = 16;
/** Printable ASCII without what would need care in an invite or in a shell's quotes. */
const TOKEN = /^(?!.*[#'])[!-~]{16,256}$/;
const NAME = /^[a-z0-9][a-z0-9_-]{0,31}$/;

/** One named token. */
export interface TokenRecord {
  readonly name: string;
  /** SHA-256 of the token, in hexadecimal. */
  readonly hash: string;
  /** What it allows, with commas between. */
  readonly verbs: string;
  /** Milliseconds since 1970. */
  readonly created: number;
  /** Milliseconds since 1970; null when it is valid until it is revoked. */
  readonly expires: number | null;
}

/** A token that nobody can guess. */
export function newToken(): string {
  return crypto.getRandomValues(new Uint8Array(TOKEN_BYTES))
    .toBase64({ alphabet: "base64url", omitPadding: true });
}

/**
 * The token itself, when it can be one.
 *
 * @throws FtError `usage` that says what it must look like, and does not repeat it.
 */
export function acceptToken(text: string): string {
  if (TOKEN.test(text)) return text;
  throw new FtError("usage", "That cannot be a token.", {
    hint: "It has 16 to 256 letters, digits and signs of ASCII, without spaces, # and '.",
  });
}

/**
 * The name of a token, when it can be one: it is also the name of a folder.
 *
 * @throws FtError `usage`, or `bad_name` for a name that this system keeps no folder of.
 */
export function acceptTokenName(text: string): string {
  if (!NAME.test(text)) {
    throw new FtError("usage", `'${text.slice(0, 100)}' cannot be the name of a token.`, {
      hint: "It has 1 to 32 of a-z, 0-9, - and _, and begins with a letter or a digit.",
    });
  }
  requireHoldable(text);
  return text;
}

/** What is kept of a token: its SHA-256. */
export async function hashToken(token: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token)));
}

/** The named tokens of a server. */
export class Tokens {
  readonly #add: StatementSync;
  readonly #remove: StatementSync;
  readonly #all: StatementSync;
  readonly #version: StatementSync;

  /** `database` has the layout of database.ts, and stays open for as long as this is used. */
  constructor(database: DatabaseSync) {
    this.#add = database.prepare(
      "insert or ignore into token (name, hash, verbs, created, expires) values (?, ?, ?, ?, ?)",
    );
    this.#remove = database.prepare("delete from token where name = ?");
    this.#all = database.prepare("select * from token order by name");
    this.#version = database.prepare("pragma data_version");
  }

  /** Adds a token; false when its name or its hash is there already. */
  add({ name, hash, verbs, created, expires }: TokenRecord): boolean {
    return Number(this.#add.run(name, hash, verbs, created, expires).changes) === 1;
  }

  /** Removes a token; false when there is none of the name. */
  remove(name: string): boolean {
    return Number(this.#remove.run(name).changes) === 1;
  }

  /** Every token, by name. */
  all(): TokenRecord[] {
    return this.#all.all() as unknown as TokenRecord[];
  }

  /** Differs from what it was before once another connection to the database has written. */
  version(): number {
    return Number(this.#version.get()?.["data_version"]);
  }
}
