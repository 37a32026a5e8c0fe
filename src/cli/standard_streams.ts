/**
 * Standard input and output as streams of bytes.
 *
 * @module
 */
import { pause } from "../clock.ts";
import { FtError } from "../error.ts";
import { outputFailure } from "./shell.ts";
import { escapeText } from "./text.ts";

/** Bytes that are read at once, where there are as many. */
const READ_BYTES = 256 * 1024;
/** Milliseconds in which a signal that ended what writes to us is seen to be meant for us, too. */
const SIGNAL_MS = 50;

/** What comes on standard input, until its end or until `signal` ends it. */
export function standardInput(signal: AbortSignal): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(controller) {
      const bytes = new Uint8Array(READ_BYTES);
      const count = await Deno.stdin.read(bytes);
      // Ctrl-C ends a whole pipeline, and the end of the input may be heard of first.
      if (count === null) await pause(SIGNAL_MS, signal);
      if (signal.aborted) controller.error(signal.reason);
      else if (count === null) controller.close();
      else controller.enqueue(bytes.subarray(0, count));
    },
  }, { highWaterMark: 0 });
}

/** Control characters that are more than the layout of a text. */
// deno-lint-ignore no-control-regex -- it is what is looked for
const CONTROLS = /[\0-\x08\x0b-\x1f\x7f-\x9f]/;

/** Refuses what would be more than text to a terminal, which obeys what it is shown. */
export class TextOnly {
  readonly #name: string;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });

  constructor(name: string) {
    this.#name = name;
  }

  /** Looks at bytes that come after those before; throws FtError `denied`. */
  check(bytes: Uint8Array): void {
    try {
      const text = this.#decoder.decode(bytes, { stream: true });
      if (!CONTROLS.test(text.replaceAll("\r\n", "\n"))) return;
    } catch {
      // It is no text at all.
    }
    throw new FtError(
      "denied",
      `'${escapeText(this.#name)}' is not plain text, so it is not written to a terminal.`,
      { hint: "Redirect it into a file or a pipe, such as: --output - | less" },
    );
  }
}

/**
 * Standard output. Where it is a terminal, only text is written; `name` is for the error.
 * It fails with OutputClosed when nobody reads on, else with an FtError.
 */
export function standardOutput(name: string): WritableStream<Uint8Array> {
  const text = Deno.stdout.isTerminal() ? new TextOnly(name) : undefined;
  return new WritableStream({
    async write(bytes) {
      text?.check(bytes);
      try {
        for (let at = 0; at < bytes.length;) at += await Deno.stdout.write(bytes.subarray(at));
      } catch (thrown) {
        throw outputFailure(thrown);
      }
    },
  });
}
