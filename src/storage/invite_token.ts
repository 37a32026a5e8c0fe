/**
 * The token of a server's invite: it has no name and lies in a file of its own, in clear, because an
 * invite must be the same after a restart.
 *
 * @module
 */
import { FtError, toFailure } from "../error.ts";
import { storageFailure } from "./failure.ts";
import { writeAll } from "./journal_file.ts";
import { remove } from "./lock.ts";
import { publishNew } from "./publish.ts";
import { acceptToken, newToken } from "./tokens.ts";

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
    let text: string;
    try {
      text = Deno.readTextFileSync(this.#path);
    } catch (thrown) {
      if (toFailure(thrown).code === "not_found") return undefined;
      throw storageFailure(thrown, `read '${this.#path}'`);
    }
    try {
      return acceptToken(text.trim());
    } catch {
      throw new FtError("io", `What is in '${this.#path}' is no token.`, {
        hint: "Remove the file to have a new one made.",
      });
    }
  }

  /** The token, made when there is none: the same for all that ask at once. */
  make(): string {
    const found = this.read();
    if (found !== undefined) return found;
    const token = newToken();
    if (this.#write(token, (fresh) => publishNew(fresh, this.#path))) return token;
    return this.make();
  }

  /** A new token in place of the one there was, which is valid no more. */
  replace(): string {
    const token = newToken();
    this.#write(token, (fresh) => Deno.renameSync(fresh, this.#path));
    return token;
  }

  /** Writes it beside the place and has `place` put it there, so that it is never read in part. */
  #write<T>(token: string, place: (fresh: string) => T): T {
    const fresh = `${this.#path}.${crypto.randomUUID()}`;
    try {
      using file = Deno.openSync(fresh, { write: true, createNew: true, mode: 0o600 });
      writeAll(file, new TextEncoder().encode(`${token}\n`));
      file.syncSync();
      return place(fresh);
    } catch (thrown) {
      throw storageFailure(thrown, `keep the token in '${this.#path}'`);
    } finally {
      remove(fresh);
    }
  }
}
