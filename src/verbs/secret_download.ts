import { FtError, toFailure } from "../error.ts";
import type { ClientSession } from "../session/client_session.ts";
import type { DownloadRequest } from "../session/download.ts";
import { FileSink } from "../session/file_sink.ts";
import { Turn } from "../session/turn.ts";
import type { Partial, Receipt, Terms } from "../storage/store.ts";
import { type Sink, StreamStore } from "../storage/stream_store.ts";
import { acceptCode } from "./age.ts";
import { FORMAT, headDigest, type SecretNote, unsealNote } from "./secret_note.ts";
import { SecretSink } from "./secret_sink.ts";

/** How often somebody may mistype a code. */
const TRIES = 3;

/** Where the code of a secret share comes from. */
export interface CodeOptions {
  /** The code. What is not secret is refused then: somebody may have put it in its place. */
  readonly code?: string | undefined;
  /**
   * Asks for it, by the name on the server; undefined when nobody knows it. `why` is what was wrong
   * with the last answer.
   */
  readonly askCode?: ((name: string, why?: FtError) => Promise<string | undefined>) | undefined;
  /** Hears what its sender says of a secret share, by the name its sender gave it. */
  readonly onNote?: ((name: string, note: string) => void) | undefined;
}

/** The codes that are known in one run, and whoever knows more. */
export class Codes {
  readonly #options: CodeOptions;
  readonly #asking = new Turn();
  #known: string | undefined;

  constructor(options: CodeOptions) {
    this.#options = options;
  }

  /** Whether only what is secret is wanted. */
  get isGiven(): boolean {
    return this.#options.code !== undefined;
  }

  tell(name: string, note: string): void {
    this.#options.onNote?.(name, note);
  }

  /**
   * Opens the note of a secret share; one question at a time, and none where the last code fits.
   *
   * @throws FtError `usage` where there is no code, `denied` where none fits.
   */
  open(name: string, note: string | undefined): Promise<{ code: string; note: SecretNote }> {
    return this.#asking.take(async () => {
      const { code, askCode } = this.#options;
      const tried = async (code: string) => ({ code, note: await unsealNote(note, code) });
      if (code !== undefined) return await tried(await acceptCode(code));
      if (this.#known !== undefined) {
        try {
          return await tried(this.#known);
        } catch {
          // It is that of another share.
        }
      }
      for (let left = TRIES, why: FtError | undefined;;) {
        const answer = await askCode?.(name, why);
        if (!answer) throw needed(name);
        try {
          const opened = await tried(await acceptCode(answer));
          this.#known = opened.code;
          return opened;
        } catch (thrown) {
          if (--left === 0) throw thrown;
          why = toFailure(thrown);
        }
      }
    });
  }
}

function needed(name: string): FtError {
  return new FtError("usage", `'${name}' is secret: its code is needed.`, {
    hint: "Its sender has it. Write it into a file and add --code-file PATH, or set FT_CODE.",
  });
}

/** What is asked of the server, and where what comes of it goes. */
export interface SecretRequest
  extends Omit<DownloadRequest, "store" | "target" | "ordered" | "wants"> {
  readonly codes: Codes;
  /** What the server says of it. */
  readonly terms: Pick<Terms, "secret" | "note">;
  /** Begins a file of this name here, or says where else it goes. */
  readonly begin: (name: string) => Promise<Partial | Receipt | Sink>;
}

/** One secret file on its way in, over as many connections as it takes. */
export class SecretDownload {
  readonly #request: SecretRequest;
  readonly #store: StreamStore;
  readonly #target: string;
  readonly #file: FileSink | undefined;
  readonly #partial: Partial | undefined;
  readonly #settled: Receipt | undefined;

  private constructor(
    request: SecretRequest,
    { code, note }: { readonly code: string; readonly note: SecretNote },
    target: string,
    place: Partial | Receipt | Sink,
  ) {
    this.#request = request;
    this.#target = target;
    this.#settled = "outcome" in place ? place : undefined;
    this.#partial = "publish" in place ? place : undefined;
    this.#file = this.#partial && new FileSink(this.#partial);
    const sink = this.#file ?? place as Sink;
    const isHead = async (head: Uint8Array<ArrayBuffer>) => await headDigest(head) === note.head;
    this.#store = new StreamStore(new SecretSink(sink, code, isHead));
  }

  /** Finds out the code, and with it the true name. Nothing is asked of the server for it. */
  static async of(request: SecretRequest): Promise<SecretDownload> {
    const { name, terms, codes, begin } = request;
    if (terms.secret !== FORMAT) {
      throw new FtError("version", `'${name}' is encrypted in a way that this ft does not know.`, {
        hint: "See whether there is a newer version of ft.",
      });
    }
    const opened = await codes.open(name, terms.note);
    const { name: own, note } = opened.note;
    if (note !== undefined) codes.tell(own, note);
    const target = own.slice(own.lastIndexOf("/") + 1);
    return new SecretDownload(request, opened, target, await begin(target));
  }

  /** Receives what is not here yet. */
  async run(session: ClientSession): Promise<Receipt> {
    if (this.#settled !== undefined) return this.#settled;
    const { terms, name } = this.#request;
    let isSame = true;
    const receipt = await session.download({
      ...this.#request,
      store: this.#store,
      target: this.#target,
      ordered: true,
      wants: ({ secret, note }) => isSame = secret === terms.secret && note === terms.note,
    });
    if (!isSame) {
      throw new FtError("stale", `'${name}' was replaced while it was fetched.`, {
        hint: "Fetch it again.",
      });
    }
    return this.#file?.receipt ?? { ...receipt, name: this.#target };
  }

  /** Nothing more is wanted of it: what is not whole goes. */
  async close(): Promise<void> {
    if (this.#file?.receipt === undefined) await this.#partial?.discard().catch(toFailure);
  }
}
