/**
 * The token of a server's invite: it has no name and lies in a file of its own, in clear, because an
 * invite must be the same after a restart.
 *
 * @module
 */
import { acceptToken, newToken } from "./tokens.ts";
import { createState, damaged, readState, replaceState } from "./state_file.ts";

const MOST_BYTES = 4096;

/** The file that holds it, for its owner's eyes only. */
export class InviteToken {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * The token; undefined when none was made.
   *
   * @throws FtError `io` when the file cannot be read or holds no token.
   */
  read(): string | undefined {
    const text = readState(this.#path, MOST_BYTES)?.trim();
    if (text === undefined) return undefined;
    try {
      return acceptToken(text);
    } catch {
      return this.#fail();
    }
  }

  #fail(): never {
    throw damaged(this.#path, "Remove it to have a new token made.");
  }

  /** The token, made when there is none: the same for all that ask at once. */
  make(): string {
    const found = this.read();
    if (found !== undefined) return found;
    const token = newToken();
    if (createState(this.#path, `${token}\n`)) return token;
    // Another was faster; a link that leads nowhere is in the way and is no token either.
    return this.read() ?? this.#fail();
  }

  /** A new token in place of the one there was, which is valid no more. */
  replace(): string {
    const token = newToken();
    replaceState(this.#path, `${token}\n`, true);
    return token;
  }
}
