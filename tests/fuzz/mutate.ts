/**
 * Values near valid ones: what is well formed, with a little of it turned, cut, repeated or put
 * elsewhere. That gets further into a reader than noise does.
 *
 * @module
 */
import fc from "fast-check";
import { bytesOf, readVector, vectorNames } from "../vector.ts";

/** Bytes that are shown and kept as such. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** Bytes that readers look out for. */
const TELLING = [0x00, 0x01, 0x7f, 0x80, 0xff, 0x0a, 0x0d, 0x22, 0x2f, 0x3a, 0x5b, 0x7b, 0x7d];
/** Strings that have broken somebody's reader. */
export const ODD_TEXTS = [
  "",
  "\0",
  "\ud800",
  "\udc00",
  "\ufeff",
  "\u202e",
  "\x1b[2J",
  "\r\n",
  "../",
  "%zz",
  "%00",
  "__proto__",
  "constructor",
  "null",
  "-1",
  "1e999",
  "9007199254740993",
  "é",
  "e\u0301",
  "😀",
];

/** Some bytes. */
export function bytes(maxLength: number, minLength = 0): fc.Arbitrary<Bytes> {
  return fc.uint8Array({ minLength, maxLength }).map((bytes) => new Uint8Array(bytes));
}

/** Any text: also halves of characters, and what is odd. */
export function text(maxLength: number): fc.Arbitrary<string> {
  const unit = fc.oneof(
    { weight: 6, arbitrary: fc.string({ unit: "grapheme", minLength: 1, maxLength: 1 }) },
    { weight: 1, arbitrary: fc.nat({ max: 0xffff }).map((code) => String.fromCharCode(code)) },
    { weight: 1, arbitrary: fc.constantFrom(...ODD_TEXTS) },
  );
  return fc.oneof(fc.string({ maxLength }), fc.string({ unit, maxLength: maxLength >> 2 }));
}

/** One change. Places are parts of the length, so that they mean something for any value. */
type Change = readonly [what: number, at: number, length: number, more: number];

const CHANGES = 8;

const changes = fc.array(
  fc.tuple(
    fc.nat({ max: CHANGES - 1 }),
    fc.nat({ max: 9_999 }),
    fc.nat({ max: 40 }),
    fc.nat({ max: 0xffff }),
  ),
  { minLength: 1, maxLength: 6 },
);

function change(value: Bytes, [what, place, length, more]: Change): Bytes {
  const at = Math.floor(place * (value.length + 1) / 10_000);
  const before = value.subarray(0, at);
  const middle = value.subarray(at, at + length);
  const after = value.subarray(at + length);
  switch (what) {
    case 0: // One bit.
      return joined(
        before,
        turned(value.subarray(at, at + 1), 1 << (more & 7)),
        value.subarray(at + 1),
      );
    case 1: // A telling byte in place of one.
      return joined(before, [TELLING[more % TELLING.length] ?? 0], value.subarray(at + 1));
    case 2:
      return joined(before);
    case 3:
      return joined(before, after);
    case 4:
      return joined(before, ...Array(2 + more % 30).fill(middle), after);
    case 5: // A piece of it elsewhere.
      return joined(
        value.subarray(0, more % (value.length + 1)),
        middle,
        value.subarray(more % (value.length + 1)),
      );
    case 6: // A number of two bytes.
      return joined(before, [more >> 8, more & 0xff], value.subarray(at + 2));
    default: // One byte very often.
      return joined(
        before,
        new Uint8Array(more % 5_000).fill(value[at] ?? 0x20),
        value.subarray(at),
      );
  }
}

function turned(byte: Bytes, mask: number): number[] {
  return [...byte].map((value) => value ^ mask);
}

function joined(...pieces: (Bytes | readonly number[])[]): Bytes {
  const all = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

/** Bytes near those of `from`; also, seldom, those themselves and any others. */
export function near(from: fc.Arbitrary<Bytes>): fc.Arbitrary<Bytes> {
  return fc.oneof(
    { weight: 1, arbitrary: from },
    { weight: 1, arbitrary: bytes(200) },
    {
      weight: 10,
      arbitrary: fc.tuple(from, changes).map(([value, list]) => list.reduce(change, value)),
    },
  );
}

/** The same for text: its bytes are changed, or a word of it. */
export function nearText(from: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const asBytes = near(from.map((text) => new TextEncoder().encode(text)))
    .map((bytes) => new TextDecoder().decode(bytes));
  const withOdd = fc.tuple(
    from,
    fc.nat({ max: 9_999 }),
    fc.constantFrom(...ODD_TEXTS),
    fc.boolean(),
  )
    .map(([text, place, odd, over]) => {
      const at = Math.floor(place * (text.length + 1) / 10_000);
      return text.slice(0, at) + odd + text.slice(over ? at + 1 : at);
    });
  return fc.oneof(asBytes, withOdd);
}

/** Where bytes are cut on their way: the pieces' lengths, over and over. */
export const cuts: fc.Arbitrary<number[]> = fc.array(fc.integer({ min: 1, max: 64 }), {
  minLength: 1,
  maxLength: 5,
});

/** Bytes as pieces; no list of cuts makes more than some thousand of them. */
export function* inPieces(value: Bytes, sizes: readonly number[]): Generator<Bytes> {
  const least = Math.ceil(value.length / 4_000);
  for (let at = 0, turn = 0; at < value.length; turn++) {
    const size = Math.max(sizes[turn % sizes.length] ?? 1, least);
    yield value.slice(at, at + size);
    at += size;
  }
}

/** The bytes of the golden vectors of a kind that are not large. */
export function vectorsOf(kind: "stream" | "preamble"): Bytes[] {
  return vectorNames().filter((name) => name.startsWith(`${kind}_`))
    .map((name) => bytesOf(readVector(name).all("bytes").join(" ")))
    .filter(({ length }) => length < 20_000);
}

/** The texts of the golden vectors of a kind: values of a key that are JSON strings. */
export function textsOf(kind: "name" | "digest-string", key: string): string[] {
  return vectorNames().filter((name) => name.startsWith(`${kind}_`))
    .map((name) => JSON.parse(readVector(name).one(key)));
}

/** JSON near some JSON: a part of it is replaced by another value. */
export function nearJson(from: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const odd = fc.oneof(
    fc.constantFrom<unknown>(null, true, 0, -1, 1.5, 2 ** 53, 1e300, "", [], {}, [null]),
    fc.constantFrom(...ODD_TEXTS),
    fc.jsonValue({ maxDepth: 2 }),
    fc.nat({ max: 9_000 }).map((length) => "x".repeat(length)),
  );
  return fc.tuple(from, fc.array(fc.tuple(fc.nat(), odd), { maxLength: 3 }))
    .map(([value, list]) =>
      list.reduce<unknown>((now, [at, put]) => replaced(now, at, put), value)
    );
}

function replaced(value: unknown, at: number, put: unknown): unknown {
  if (typeof value !== "object" || value === null) return put;
  const keys = Object.keys(value);
  if (keys.length === 0) return put;
  const key = keys[at % keys.length] as string;
  const deeper = Math.floor(at / keys.length);
  const inner = (value as Record<string, unknown>)[key];
  const instead = deeper % 3 === 0 ? put : replaced(inner, Math.floor(deeper / 3), put);
  if (Array.isArray(value)) return value.map((one, index) => String(index) === key ? instead : one);
  return { ...value, [key]: instead };
}
