import assert from "node:assert/strict";
import { FtError } from "../error.ts";
import { encodePreamble, PreambleDecoder } from "./preamble.ts";

type Bytes = Uint8Array<ArrayBuffer>;

async function decode(pieces: readonly Bytes[]): Promise<{ versions: number[]; rest: number[] }> {
  const versions: number[] = [];
  const rest: number[] = [];
  const decoder = new PreambleDecoder((version) => {
    if (version === 13) throw new FtError("version");
    versions.push(version);
  });
  for await (const piece of ReadableStream.from(pieces).pipeThrough(decoder)) rest.push(...piece);
  return { versions, rest };
}

function failsWith(code: string) {
  return (thrown: unknown) => thrown instanceof FtError && thrown.code === code;
}

Deno.test("encodePreamble() is FT, CR, LF, the version and two zero bytes", () => {
  assert.deepEqual(encodePreamble(0x0102), new Uint8Array([0x46, 0x54, 13, 10, 1, 2, 0, 0]));
});

Deno.test("PreambleDecoder passes on what follows, from any split", async () => {
  const bytes = new Uint8Array([...encodePreamble(1), 7, 8, 9]);
  const expected = { versions: [1], rest: [7, 8, 9] };
  assert.deepEqual(await decode([bytes]), expected);
  assert.deepEqual(await decode(Array.from(bytes, (byte) => new Uint8Array([byte]))), expected);
  for (let at = 0; at <= bytes.length; at++) {
    assert.deepEqual(await decode([bytes.slice(0, at), bytes.slice(at)]), expected);
  }
});

Deno.test("PreambleDecoder refuses at the first byte that cannot be right", async () => {
  const good = encodePreamble(1);
  for (let at = 0; at < 4; at++) {
    const bytes = good.slice(0, at + 1);
    bytes[at] = (bytes[at] ?? 0) ^ 0x20;
    await assert.rejects(decode([bytes]), failsWith("protocol"), `byte ${at}`);
  }
});

Deno.test("PreambleDecoder fails with what accept throws", async () => {
  await assert.rejects(decode([encodePreamble(13)]), failsWith("version"));
});

Deno.test("PreambleDecoder says lost when bytes end inside, not when there are none", async () => {
  for (let length = 1; length < 8; length++) {
    await assert.rejects(decode([encodePreamble(1).slice(0, length)]), failsWith("lost"));
  }
  assert.deepEqual(await decode([]), { versions: [], rest: [] });
  assert.deepEqual(await decode([encodePreamble(1)]), { versions: [1], rest: [] });
});
