/** Bytes of a line that are kept; what a longer line has beyond is dropped. */
const MAX_LINE = 64 * 1024;

const LF = 0x0a;
const CR = 0x0d;

/** The lines of a byte stream, in bounded memory. */
export class LineReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #rest: Uint8Array = new Uint8Array();

  constructor(input: ReadableStream<Uint8Array>) {
    this.#reader = input.getReader();
  }

  /** The next line without its end, which is LF or CRLF; undefined at the end of input. */
  async read(): Promise<string | undefined> {
    const line = new Uint8Array(MAX_LINE);
    let length = 0;
    for (;;) {
      const end = this.#rest.indexOf(LF);
      const piece = this.#rest.subarray(0, end < 0 ? this.#rest.length : end);
      const room = piece.subarray(0, MAX_LINE - length);
      line.set(room, length);
      length += room.length;
      if (end >= 0) {
        this.#rest = this.#rest.subarray(end + 1);
        break;
      }
      const { done, value } = await this.#reader.read();
      this.#rest = value ?? new Uint8Array();
      if (done && length === 0) return undefined;
      if (done) break;
    }
    if (line[length - 1] === CR) length--;
    return new TextDecoder().decode(line.subarray(0, length));
  }

  /** Leaves what is not read yet. */
  close(): Promise<void> {
    return this.#reader.cancel();
  }
}
