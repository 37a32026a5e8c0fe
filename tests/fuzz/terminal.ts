/** Fuzz targets: answers from a pipe, and keys from a terminal. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { LinePrompts, type Prompts, type RemoteItem } from "../../src/cli/prompt.ts";
import { TerminalPrompts } from "../../src/cli/prompt_terminal.ts";
import { escapeText } from "../../src/cli/text.ts";
import { type Bytes, cuts, inPieces, near, text } from "./mutate.ts";
import { type Target, target } from "./target.ts";

const encoder = new TextEncoder();

/** A question of the menu; with what it offers. */
interface Asked {
  readonly kind: "choice" | "local" | "remote" | "confirm";
  readonly names: readonly string[];
}

const asked: fc.Arbitrary<Asked[]> = fc.array(
  fc.record({
    kind: fc.constantFrom("choice", "local", "remote", "confirm"),
    names: fc.array(text(30), { maxLength: 12 }),
  }),
  { minLength: 1, maxLength: 4 },
);

function ask(prompts: Prompts, { kind, names }: Asked): Promise<string | boolean | undefined> {
  const items: RemoteItem[] = names.map((name, at) => ({ number: at + 1, name, detail: name }));
  switch (kind) {
    case "choice":
      return prompts.choice();
    case "local":
      return prompts.localFile("File to upload:");
    case "remote":
      return prompts.remoteFile("Number or name:", items);
    case "confirm":
      return prompts.confirm("Sure?");
  }
}

const ANSWERS = ["1\r\n/tmp/a b\ny\n3\n", "4\nq\n", "\n\n\n", "~/x\r\n2\nyes\nno\n", "1"];

const piped = target(
  "piped answers",
  100,
  fc.record({
    asked,
    bytes: near(fc.constantFrom(...ANSWERS).map((text) => new Uint8Array(encoder.encode(text)))),
    cuts,
  }),
  async ({ asked, bytes, cuts }) => {
    const answer = async (pieces: Iterable<Bytes>) => {
      let shown = "";
      const input = ReadableStream.from(pieces);
      const prompts = new LinePrompts({ input, write: (text) => shown += text, home: "/home/x" });
      const answers: unknown[] = [];
      for (const one of asked) answers.push(await ask(prompts, one));
      await prompts.close();
      return { answers, shown };
    };
    const whole = await answer([bytes]);
    assert.deepEqual(await answer(inPieces(bytes, cuts)), whole, "cuts make a difference");
    assert.equal(escapeText(whole.shown.replaceAll("\n", "")), whole.shown.replaceAll("\n", ""));
    const ends = whole.answers.indexOf(undefined);
    if (ends >= 0) assert.ok(whole.answers.slice(ends).every((one) => one === undefined));
  },
);

const KEYS = [
  "\x1b[A\x1b[B\r",
  "\x1b",
  "\x1bOA\x1b[1;5C\x7f\x08\t\t\r",
  "\x03",
  "\x04",
  "\x1a\x15\x17\x0b\x01\x05abc\r",
  "alpha\t\x1b[Z\x1b[3~\r",
  "\x1b[200~pasted\ntext\x1b[201~\r",
  "é😀\u0301\r",
  "/etc/\t\t\r",
  "y\r",
  "\x1b[M !!\x1b]0;title\x07\x1bP1$r\x1b\\",
];

/** What a terminal is told beyond text: where the cursor goes, what is erased, how it looks. */
// deno-lint-ignore no-control-regex -- they are what is looked for
const OURS = /\x1b\[(?:\d+(?:;\d+)*)?[ABCDGHJKm]|\x1b\[\?25[hl]|[\r\n]/g;

const keys = target(
  "terminal keys",
  20,
  fc.record({
    asked: asked.map((all) => all.slice(0, 2)),
    bytes: near(
      fc.array(fc.constantFrom(...KEYS), { minLength: 1, maxLength: 4 })
        .map((keys) => new Uint8Array(encoder.encode(keys.join("")))),
    ),
    cuts,
    columns: fc.integer({ min: 2, max: 80 }),
    rows: fc.integer({ min: 1, max: 24 }),
  }),
  async ({ asked, bytes, cuts, columns, rows }) => {
    const pieces = inPieces(bytes.slice(0, 300), cuts);
    let shown = "";
    let isRaw = false;
    const prompts = new TerminalPrompts({
      input: {
        read(into) {
          const { value } = pieces.next();
          if (value !== undefined) into.set(value);
          return Promise.resolve(value?.length ?? null);
        },
        setRaw: (mode) => isRaw = mode,
      },
      write: (text) => shown += text,
      size: () => ({ columns, rows }),
      color: true,
      home: "/nowhere",
    });
    for (const one of asked) await ask(prompts, one);
    prompts.close();
    assert.equal(isRaw, false, "the terminal is not restored");
    const text = shown.replace(OURS, "");
    assert.equal(escapeText(text), text, "a name moves the cursor");
  },
);

/** These targets. */
export const TERMINAL: readonly Target[] = [
  piped,
  // Readline waits half a second whether an Esc begins a sequence, also when it was closed.
  { ...keys, lingers: 600 },
];
