/**
 * The terminal as the questions see it: keys that come in, a screen of some size.
 *
 * @module
 */

import { Readable, Writable } from "node:stream";

/** Nothing but the Esc key, once or more. */
// deno-lint-ignore no-control-regex -- it is what is looked for
const ESCAPES = /^\x1b+$/;

/** Where keys come from: `Deno.stdin`. */
export interface KeyboardInput {
  /** Reads bytes; null at the end. */
  read(buffer: Uint8Array): Promise<number | null>;
  /** Whether each key comes at once, and unseen. */
  setRaw(mode: boolean): void;
}

/**
 * Hands keys to one question after the other, none lost between them: what was typed or pasted
 * ahead waits for the next question.
 */
export class Keyboard implements KeyboardInput {
  readonly #input: KeyboardInput;
  readonly #decoder = new TextDecoder();
  #typed = "";
  #ended = false;
  #reading: Promise<void> | undefined;

  constructor(input: KeyboardInput) {
    this.#input = input;
  }

  /** The stream a question listens to. */
  stream(): Readable {
    const setRawMode = (mode: boolean) => this.setRaw(mode);
    return Object.assign(new Readable({ read() {} }), { isTTY: true, setRawMode });
  }

  setRaw(mode: boolean): void {
    try {
      this.#input.setRaw(mode);
    } catch {
      // A terminal that has gone away needs no restoring.
    }
  }

  /** Reads the next key: what is typed after it is for whoever reads then. */
  async read(buffer: Uint8Array): Promise<number | null> {
    while (this.#typed === "" && !this.#ended) await (this.#reading ??= this.#read());
    const [char] = this.#typed;
    if (char === undefined) return null;
    this.#typed = this.#typed.slice(char.length);
    return new TextEncoder().encodeInto(char, buffer).written;
  }

  /** Feeds keys to a stream while it is open; false at the end of input. */
  async feed(stream: Readable, open: () => boolean): Promise<boolean> {
    while (open()) {
      if (ESCAPES.test(this.#typed)) {
        // At the end of a read it is the Esc key. Readline would wait whether it begins a sequence.
        this.#typed = this.#typed.slice(1);
        stream.emit("keypress", undefined, { name: "escape", sequence: "\x1b" });
      } else if (this.#typed !== "") {
        const [char = ""] = this.#typed;
        this.#typed = this.#typed.slice(char.length);
        stream.emit("data", char);
      } else if (this.#ended) {
        return false;
      } else {
        await (this.#reading ??= this.#read());
      }
    }
    return true;
  }

  async #read(): Promise<void> {
    const buffer = new Uint8Array(4096);
    // What cannot be read any more has ended: the terminal was closed.
    const length = await this.#input.read(buffer).catch(() => null);
    this.#ended = length === null;
    const typed = this.#decoder.decode(buffer.subarray(0, length ?? 0), { stream: true });
    // Ctrl-Z: readline would signal the process, which takes a permission that ft does without.
    this.#typed += typed.replaceAll("\x1a", "");
    this.#reading = undefined;
  }
}

/** What a {@linkcode Screen} works on. */
export interface ScreenOptions {
  /** Takes what the user is shown. */
  readonly write: (text: string) => void;
  /** The terminal's size now: `Deno.consoleSize`. */
  readonly size: () => { columns: number; rows: number };
}

/** What clack draws on. */
export class Screen extends Writable {
  readonly #options: ScreenOptions;

  constructor(options: ScreenOptions) {
    super({ decodeStrings: false });
    this.#options = options;
  }

  get columns(): number {
    return this.#options.size().columns;
  }

  get rows(): number {
    return this.#options.size().rows;
  }

  /** Clack writes undefined for a line that is there no more, which a stream takes for an error. */
  override write(chunk: unknown): boolean {
    return super.write(chunk ?? "");
  }

  override _write(chunk: string, _encoding: string, done: () => void): void {
    this.#options.write(chunk);
    done();
  }
}
