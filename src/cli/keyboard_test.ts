import assert from "node:assert/strict";
import { Keyboard } from "./keyboard.ts";

/** What a question hears when the terminal gives this in one read: characters, and keys by name. */
async function heard(typed: string): Promise<string[]> {
  const reads = [new TextEncoder().encode(typed)];
  const keyboard = new Keyboard({
    read(into) {
      const bytes = reads.shift();
      if (bytes !== undefined) into.set(bytes);
      return Promise.resolve(bytes?.length ?? null);
    },
    setRaw() {},
  });
  const stream = keyboard.stream();
  const all: string[] = [];
  stream.on("data", (char: string) => all.push(char));
  stream.on("keypress", (_, { name }: { name: string }) => all.push(name));
  assert.equal(await keyboard.feed(stream, () => true), false);
  return all;
}

Deno.test("Keyboard gives characters one by one, whole, and sequences as they are", async () => {
  assert.deepEqual(await heard("aé😀\x1b[A"), ["a", "é", "😀", "\x1b", "[", "A"]);
});

Deno.test("Keyboard tells Esc at the end of a read at once, however often it was pressed", async () => {
  assert.deepEqual(await heard("\x1b"), ["escape"]);
  assert.deepEqual(await heard("a\x1b"), ["a", "escape"]);
  assert.deepEqual(await heard("\x1b\x1b"), ["escape", "escape"]);
});

Deno.test("Keyboard keeps Ctrl-Z to itself, after Esc too", async () => {
  assert.deepEqual(await heard("a\x1ab"), ["a", "b"]);
  assert.deepEqual(await heard("\x1b\x1a"), ["escape"]);
});
