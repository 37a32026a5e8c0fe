import { deepEqual, equal, rejects } from "node:assert/strict";
import { askUnseen, type Keys } from "./code.ts";

/** A keyboard that types these; null is the end. */
class Typed implements Keys {
  readonly raw: boolean[] = [];
  readonly #pieces: (string | null)[];
  /** Called when nothing more is typed. */
  onWait: () => void = () => {};

  constructor(...pieces: readonly (string | null)[]) {
    this.#pieces = [...pieces];
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    const piece = this.#pieces.shift();
    if (piece === undefined) {
      this.onWait();
      return await new Promise<never>(() => {});
    }
    return piece === null ? null : new TextEncoder().encodeInto(piece, buffer).written;
  }

  setRaw(mode: boolean): void {
    this.raw.push(mode);
  }
}

/** What is answered, after nothing was shown but the question. */
async function ask(
  keys: Typed,
  signal = new AbortController().signal,
): Promise<string | undefined> {
  let shown = "";
  try {
    return await askUnseen("Code: ", { write: (text) => shown += text, keys }, signal);
  } finally {
    equal(shown, "Code: \n");
    deepEqual(keys.raw, [true, false]);
  }
}

Deno.test("askUnseen() reads a line, however it comes and is mended, and shows nothing", async () => {
  equal(await ask(new Typed("AGE", "-X\r")), "AGE-X");
  equal(await ask(new Typed("pasted\nand more")), "pasted");
  equal(await ask(new Typed("ab\x7f\x7f\x7fc\bd\r")), "d");
  equal(await ask(new Typed("\r")), "");
});

Deno.test("askUnseen() has no answer at the end of input and on Ctrl-D", async () => {
  equal(await ask(new Typed("half", null)), undefined);
  equal(await ask(new Typed("half\x04")), undefined);
});

Deno.test("askUnseen() is left by Ctrl-C and by its signal, with the terminal as it was", async () => {
  await rejects(ask(new Typed("half\x03")), { code: "interrupted" });
  const off = new AbortController();
  const keys = new Typed("half");
  keys.onWait = () => off.abort(new Error("called off"));
  await rejects(ask(keys, off.signal), /called off/);
});
