import type { Terms } from "../storage/store.ts";
import { acceptCode, type Envelope, seal } from "./age.ts";
import { FORMAT, headDigest, sealNote } from "./secret_note.ts";
import { SecretSource } from "./secret_source.ts";
import type { Attempt, UploadItem } from "./upload_item.ts";

/** How something is kept secret from the server. */
export interface Secrecy {
  /** What opens it: of {@linkcode makeCode}. The server never sees it. */
  readonly code: string;
  /** Whether its name is a secret, too: the server sees a random one. */
  readonly hideName?: boolean | undefined;
}

/** One attempt to send a file encrypted. */
interface SecretAttempt extends Attempt {
  /** The name that whoever sends it knows it by. */
  readonly title: string;
  readonly terms: Terms;
  /** Whether nothing of it can be on the server: its envelope is new. */
  readonly isNew: boolean;
}

/** A file that goes to the server encrypted. */
export class SecretUpload {
  readonly #item: UploadItem;
  readonly #secrecy: Secrecy;
  readonly #terms: Terms;
  readonly #hiddenName = crypto.randomUUID();
  /** What the envelope was used for: another version of the file gets another one. */
  #sealed: { readonly version: string | undefined; readonly envelope: Envelope } | undefined;

  constructor(item: UploadItem, secrecy: Secrecy, terms: Terms) {
    this.#item = item;
    this.#secrecy = secrecy;
    this.#terms = terms;
  }

  /** Opens it for one attempt, as {@linkcode UploadItem.open} does. */
  async open(): Promise<SecretAttempt> {
    const { source: inner, name } = this.#item.open();
    try {
      const code = await acceptCode(this.#secrecy.code);
      const before = this.#sealed?.envelope;
      const envelope = await this.#envelope(inner.version, code);
      const head = await headDigest(envelope.head);
      const note = await sealNote({ name, note: this.#terms.note, head }, code);
      // Short, as the version of a file may not be, and never the same for another envelope.
      const version = inner.version === undefined ? undefined : `age ${head}`;
      return {
        source: new SecretSource(inner, envelope, version),
        name: this.#secrecy.hideName ? this.#hiddenName : name,
        title: name,
        terms: { ...this.#terms, note, secret: FORMAT },
        isNew: envelope !== before,
      };
    } catch (thrown) {
      inner.close();
      throw thrown;
    }
  }

  /**
   * The envelope for a version of the file. Two contents in one envelope would show where they
   * differ; so what the platform cannot tell apart gets another one each time.
   */
  async #envelope(version: string | undefined, code: string): Promise<Envelope> {
    if (this.#sealed !== undefined && version !== undefined && this.#sealed.version === version) {
      return this.#sealed.envelope;
    }
    const envelope = await seal(code);
    this.#sealed = { version, envelope };
    return envelope;
  }
}
