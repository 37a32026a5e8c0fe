/**
 * Streams as sources: what comes out of a pipe is there once, and ends when it ends.
 *
 * @module
 */
import { FtError } from "../error.ts";
import type { Source } from "./store.ts";
import type { StreamEnd } from "./stream_end.ts";

/** The bytes of one stream, however many attempts are made to send them. */
export class StreamFeed {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #name: string;
  readonly #end: StreamEnd;
  #front: Promise<Uint8Array | undefined> | undefined;
  #taken = 0;

  /** `name` is for errors; `end` judges whether the stream may end where it does. */
  constructor(stream: ReadableStream<Uint8Array>, name: string, end: StreamEnd) {
    this.#reader = stream.getReader();
    this.#name = name;
    this.#end = end;
  }

  /** Whether nothing has been taken yet: only then can it be sent from its beginning. */
  get isWhole(): boolean {
    return this.#taken === 0;
  }

  /**
   * The bytes that come next, at least one; undefined at the end. The same until some are taken.
   *
   * @throws FtError `changed` when the end comes too early, else what the stream fails with.
   */
  peek(): Promise<Uint8Array | undefined> {
    return this.#front ??= this.#pull();
  }

  /** Takes the first `count` of `bytes`, which are what {@linkcode peek} gave. */
  take(bytes: Uint8Array, count: number): void {
    this.#taken += count;
    const rest = bytes.subarray(count);
    this.#front = rest.length === 0 ? undefined : Promise.resolve(rest);
  }

  /** Tells whoever writes to the stream that nothing more of it is wanted. */
  async close(): Promise<void> {
    this.#front?.catch(() => {});
    await this.#reader.cancel().catch(() => {});
  }

  async #pull(): Promise<Uint8Array | undefined> {
    for (;;) {
      const { done, value } = await this.#read();
      if (done) {
        await this.#end.check();
        return undefined;
      }
      if (value.length === 0) continue;
      await this.#end.pass(value);
      return value;
    }
  }

  async #read(): Promise<ReadableStreamReadResult<Uint8Array>> {
    try {
      return await this.#reader.read();
    } catch (thrown) {
      if (thrown instanceof FtError) throw thrown;
      const reason = thrown instanceof Error ? thrown.message : String(thrown);
      throw new FtError("io", `Reading '${this.#name}' failed: ${reason}`, {
        hint: "Nothing of it was published.",
        cause: thrown,
      });
    }
  }
}

/** One attempt to send a stream. */
export class StreamSource implements Source {
  readonly size: undefined;
  readonly mtime: undefined;
  readonly version: undefined;
  readonly digest: undefined;
  readonly #feed: StreamFeed;
  readonly #stopped = Promise.withResolvers<never>();
  #ended = false;

  /** The feed is not closed with it: where nothing was taken, another attempt may be made. */
  constructor(feed: StreamFeed) {
    this.#feed = feed;
    this.#stopped.promise.catch(() => {});
  }

  /** Fills `into` with what comes next: a stream is read from its beginning to its end. */
  async read(_offset: number, into: Uint8Array): Promise<number> {
    let filled = 0;
    while (filled < into.length && !this.#ended) {
      const bytes = await Promise.race([this.#stopped.promise, this.#feed.peek()]);
      if (bytes === undefined) {
        this.#ended = true;
        break;
      }
      const count = Math.min(bytes.length, into.length - filled);
      into.set(bytes.subarray(0, count), filled);
      this.#feed.take(bytes, count);
      filled += count;
    }
    return filled;
  }

  /** Whether all of it was read: that of a file without end, a part is the largest file there is. */
  isUnchanged(): boolean {
    return this.#ended;
  }

  stop(): void {
    this.#stopped.reject(new FtError("interrupted"));
  }

  close(): void {
    this.stop();
  }
}
