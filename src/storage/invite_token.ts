import { createState, readState, replaceState } from "./state_file.ts";

/** Stands in until there is one. */
export class InviteToken {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  read(): string | undefined {
    return readState(this.#path)?.trim();
  }

  make(): string {
    createState(this.#path, `${this.replace()}\n`);
    return this.read() ?? "";
  }

  replace(): string {
    const token = crypto.getRandomValues(new Uint8Array(16)).toBase64({
      alphabet: "base64url",
      omitPadding: true,
    });
    replaceState(this.#path, `${token}\n`, true);
    return token;
  }
}
