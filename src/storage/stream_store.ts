/**
 * A place for one file that is handed on while it comes: each chunk once it is verified, in order.
 *
 * @module
 */
import { FtError } from "../error.ts";
import type { Destination, Partial, Receipt, Source, StageRequest } from "./store.ts";

/** Where verified bytes go. */
export interface Sink {
  /** Resolves when there is room for more. */
  write(bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /** All has come, and all of it is verified. */
  close(): Promise<void>;
}

/** A chunk that was handed on. */
interface Passed {
  readonly index: number;
  readonly digest: Uint8Array<ArrayBuffer>;
}

/** A store that keeps nothing. What was handed on counts as held when the connection is made anew. */
export class StreamStore implements Destination {
  readonly isInOrder = true;
  readonly #sink: Sink;
  readonly #passed: Passed[] = [];
  #offset = 0;
  #version: string | undefined;
  #open: StreamPartial | undefined;

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  // deno-lint-ignore require-await -- a store elsewhere has to wait
  async open(_room: unknown, name: string): Promise<Source> {
    throw new FtError("not_found", `File '${name}' not found.`);
  }

  /** An attempt begins when the one before is over: two would hand on the same bytes. */
  async stage(request: StageRequest): Promise<Partial> {
    await this.#open?.close();
    // Of a part of one version and a part of another it would be said that all is of the second.
    const isFirst = this.#passed.length === 0;
    if (isFirst) this.#version = request.version;
    else if (this.#version !== request.version) this.#version = undefined;
    const { name } = request;
    return this.#open = new StreamPartial(request, this.#version, this.#passed, {
      at: this.#offset,
      pass: async (passed, bytes) => {
        for (const piece of bytes) {
          await taken(name, this.#sink.write(piece));
          this.#offset += piece.length;
        }
        this.#passed.push(passed);
      },
      end: () => taken(name, this.#sink.close()),
    });
  }
}

/** What the sink says when it takes no more. */
async function taken(name: string, taking: Promise<void>): Promise<void> {
  try {
    await taking;
  } catch (thrown) {
    if (thrown instanceof FtError) throw thrown;
    throw new FtError("io", `Nobody takes what comes of '${name}' any more.`, {
      hint: "See why that has ended where it goes to.",
      cause: thrown,
    });
  }
}

/** Where the bytes of a partial go. */
interface Way {
  /** Bytes that were handed on before. */
  readonly at: number;
  /** Hands on a chunk that is verified. */
  pass(passed: Passed, bytes: readonly Uint8Array<ArrayBuffer>[]): Promise<void>;
  /** Says that it was the last. */
  end(): Promise<void>;
}

/** One attempt: the chunk that is not verified yet, and those after it. */
class StreamPartial implements Partial {
  readonly held: readonly Passed[];
  readonly version: string | undefined;
  readonly #request: StageRequest;
  readonly #way: Way;
  #waiting: { readonly offset: number; readonly bytes: Uint8Array<ArrayBuffer> }[] = [];
  #end: number;
  #idle: () => Promise<void> = () => Promise.resolve();
  #isOpen = true;

  constructor(
    request: StageRequest,
    version: string | undefined,
    held: readonly Passed[],
    way: Way,
  ) {
    this.#request = request;
    this.version = version;
    this.held = [...held];
    this.#way = way;
    this.#end = way.at;
  }

  attend(idle: () => Promise<void>): void {
    this.#idle = idle;
  }

  write(offset: number, bytes: Uint8Array): void {
    this.#check();
    if (offset < this.#end) throw this.#changed();
    if (offset > this.#end) {
      throw new FtError("protocol", `The server does not send '${this.#request.name}' in order.`, {
        hint: "Fetch it into a file.",
      });
    }
    this.#end += bytes.length;
    // What it lies in is used again before the chunk is verified.
    this.#waiting.push({ offset, bytes: new Uint8Array(bytes) });
  }

  async keep(index: number, digest: Uint8Array): Promise<void> {
    this.#check();
    if (index < this.held.length) throw this.#changed();
    // Pieces of the next chunks may have come already.
    const { offset, size } = this.#request.extent?.(index) ?? { offset: 0, size: Infinity };
    const count = this.#waiting.filter((piece) => piece.offset < offset + size).length;
    const bytes = this.#waiting.splice(0, count).map(({ bytes }) => bytes);
    await this.#way.pass({ index, digest: new Uint8Array(digest) }, bytes);
  }

  async publish(size: number, digest: string): Promise<Receipt> {
    this.#check();
    this.#isOpen = false;
    await this.#way.end();
    return { name: this.#request.name, size, digest, outcome: "new" };
  }

  async close(): Promise<void> {
    await this.#idle();
    this.#isOpen = false;
    this.#waiting = [];
  }

  discard(): Promise<void> {
    return this.close();
  }

  #changed(): FtError {
    const { name } = this.#request;
    return new FtError("changed", `'${name}' changed on the server while it was read.`, {
      hint: "What came before is of the older version: run all of it again.",
    });
  }

  #check(): void {
    if (!this.#isOpen) throw new FtError("superseded");
  }
}
