/**
 * The manifests of the folders that a server sends and receives. Each is kept in memory until its
 * folder is done, so there is only so much room for those of one client, and for all of them.
 *
 * @module
 */
import { FtError } from "../error.ts";
import { OPEN_CHARACTERS, OWNER_CHARACTERS } from "../protocol/limits.ts";

/** The manifests of all open folders. */
export class OpenManifests {
  readonly #clients = new Map<string, number>();
  #all = 0;

  /** The manifest of one more folder of a client. */
  open(client: string): OpenManifest {
    return new OpenManifest((characters) => this.#add(client, characters));
  }

  #add(client: string, characters: number): void {
    const own = (this.#clients.get(client) ?? 0) + characters;
    const all = this.#all + characters;
    if (characters > 0 && (own > OWNER_CHARACTERS || all > OPEN_CHARACTERS)) {
      throw new FtError("busy", "The lists of open folders take up all the memory for them.", {
        hint: "Try again once other folders are done.",
      });
    }
    this.#all = all;
    if (own > 0) this.#clients.set(client, own);
    else this.#clients.delete(client);
  }
}

/** What the manifest of one folder takes. */
export class OpenManifest {
  readonly #add: (characters: number) => void;
  #characters = 0;

  /** `add` takes so many characters more, or gives them back where they are negative. */
  constructor(add: (characters: number) => void) {
    this.#add = add;
  }

  /**
   * Takes so many characters more.
   *
   * @throws FtError `busy` when there is no room for them.
   */
  take(characters: number): void {
    this.#add(characters);
    this.#characters += characters;
  }

  /** The folder is done. */
  close(): void {
    this.#add(-this.#characters);
    this.#characters = 0;
  }
}
