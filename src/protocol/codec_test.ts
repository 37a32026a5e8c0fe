import assert from "node:assert/strict";
import fc from "fast-check";
import { FtError } from "../error.ts";
import { frameLimit, toFrame, toMessage } from "./codec.ts";
import { DIGEST_BYTES } from "./digest.ts";
import type { ReadFrame } from "./frame.ts";
import {
  CONTROL_BYTES,
  DOWNLOADS,
  FILE_BYTES,
  FRAME_BYTES,
  HELD_DIGESTS,
  LIFE_MILLISECONDS,
  MATCH_UNITS,
  NOTE_UNITS,
  PIECE_BYTES,
} from "./limits.ts";
import { FRAME_TYPES, type Kind, type Message } from "./message.ts";

const seed = Date.now() & 0x7fffffff;

const id = fc.integer({ min: 1, max: 0xffffffff });
const none = fc.constant(0);
const text = (maxLength: number) =>
  fc.oneof(fc.string({ maxLength }), fc.string({ unit: "binary", maxLength: maxLength >> 1 }));
const words = fc.array(text(64), { maxLength: 5 });
const size = fc.nat({ max: FILE_BYTES });
const time = fc.integer({ min: -8.64e15, max: 8.64e15 });
const room = fc.constantFrom("private", "public", "shared");
const bytes = (minLength: number, maxLength: number) =>
  fc.uint8Array({ minLength, maxLength }).map((bytes) => new Uint8Array(bytes));
const chunk = fc.nat({ max: 0xffffffff });
const digest = bytes(DIGEST_BYTES, DIGEST_BYTES);

const terms = {
  expires: fc.integer({ min: 1, max: LIFE_MILLISECONDS }),
  downloads: fc.integer({ min: 1, max: DOWNLOADS }),
  note: text(NOTE_UNITS),
  secret: text(32),
};
const listed = { name: text(300), size, time, tag: text(128) };
const known = {
  who: text(64),
  expires: time,
  downloads: fc.nat({ max: DOWNLOADS }),
  note: text(NOTE_UNITS),
  secret: text(32),
  mine: fc.boolean(),
};

/** A message of a kind; what `optional` names may be missing. */
function message(
  kind: Kind,
  ids: fc.Arbitrary<number>,
  needed: Record<string, fc.Arbitrary<unknown>>,
  optional: Record<string, fc.Arbitrary<unknown>> = {},
): fc.Arbitrary<Message> {
  return fc.record(
    { kind: fc.constant(kind), id: ids, ...needed, ...optional },
    { requiredKeys: ["kind", "id", ...Object.keys(needed)] as never[] },
  ) as unknown as fc.Arbitrary<Message>;
}

const runs = fc.array(fc.nat({ max: 262_144 }), { maxLength: 8 });

const MESSAGES: Record<Kind, fc.Arbitrary<Message>> = {
  hello: message("hello", none, { agent: text(128), features: words, require: words }, {
    owner: text(64),
    run: text(64),
    compress: fc.boolean(),
  }),
  welcome: message("welcome", none, {
    agent: text(128),
    features: words,
    verbs: words,
    transfers: fc.nat({ max: 65_536 }),
  }),
  error: message("error", fc.oneof(none, id), { code: text(64), message: text(4096) }, {
    hint: text(1024),
    supported: fc.array(fc.nat({ max: 65_535 }), { maxLength: 64 }),
  }),
  ping: message("ping", none, {}),
  entry: message("entry", id, { name: text(8192) }, {
    room,
    size,
    mtime: time,
    source: text(128),
    digest: text(128),
    conflict: fc.constantFrom("rename", "overwrite", "skip", "fail"),
    ...terms,
  }),
  held: message("held", id, {
    first: chunk,
    digests: fc.array(digest, { minLength: 1, maxLength: 4 }).map((digests) =>
      new Uint8Array(digests.flatMap((digest) => [...digest]))
    ),
  }),
  ready: message("ready", id, {}, { source: text(128) }),
  data: message("data", id, { chunk, bytes: bytes(1, 200) }),
  chunk: message("chunk", id, { chunk, digest, bytes: bytes(1, 200) }),
  commit: message("commit", id, { digest: text(128) }),
  ack: message("ack", id, { verified: size }),
  done: message("done", id, {
    name: text(8192),
    digest: text(128),
    outcome: fc.constantFrom("new", "replaced", "same", "skipped"),
  }),
  request: message("request", id, { name: text(8192), room }, { tag: text(128), size }),
  list: message("list", id, { room }, { mine: fc.boolean(), match: text(MATCH_UNITS) }),
  items: message("items", id, {
    items: fc.array(
      fc.record({ ...listed, ...known }, { requiredKeys: ["name", "size", "time", "tag"] }),
      { maxLength: 4 },
    ),
    last: fc.boolean(),
  }),
  unshare: message("unshare", id, { name: text(8192) }),
  info: message("info", id, { name: text(8192), room }),
  about: message("about", id, listed, { ...known, digest: text(128), mtime: time }),
  browse: message("browse", id, { name: text(8192), room }, { tag: text(128) }),
  tree: message("tree", id, { name: text(8192) }, {
    room,
    mtime: time,
    conflict: fc.constantFrom("rename", "overwrite", "skip", "fail"),
    part: fc.boolean(),
    dry: fc.boolean(),
  }),
  manifest: message("manifest", id, {
    entries: fc.array(
      fc.record({
        path: text(300),
        kind: fc.constantFrom("file", "folder", "link"),
        size,
        mtime: time,
        exec: fc.boolean(),
        target: text(300),
      }),
      { maxLength: 4 },
    ),
    last: fc.boolean(),
  }),
  want: message("want", id, { runs, last: fc.boolean() }),
  pack: message("pack", id, { bytes: bytes(1, 200) }),
  result: message("result", id, {}, {
    new: runs,
    replaced: runs,
    same: runs,
    skipped: runs,
    failed: fc.array(
      fc.record({ index: fc.nat({ max: 262_143 }), code: text(64), message: text(300) }),
      { maxLength: 4 },
    ),
  }),
  seal: message("seal", id, {}),
  zstd: message("zstd", id, {
    type: fc.constantFrom(FRAME_TYPES.data, FRAME_TYPES.chunk, FRAME_TYPES.pack),
    length: fc.nat({ max: FRAME_BYTES }),
    bytes: bytes(1, 200),
  }),
};

/** The frame of a message as the other side reads it. */
function sent(message: Message): ReadFrame {
  const { type, id, payload } = toFrame(message);
  return { type, id, payload: new Uint8Array(payload.flatMap((piece) => [...piece])) };
}

/** A message without the fields that are undefined, in plain objects. */
function plain(message: Message | undefined): Record<string, unknown> {
  const fields = Object.entries(message ?? {}).filter(([, value]) => value !== undefined);
  return Object.fromEntries(fields.map(([key, value]) => [key, copyOf(value)]));
}

function copyOf(value: unknown): unknown {
  return value instanceof Uint8Array ? value : structuredClone(value);
}

function refuses(frame: ReadFrame, why?: string): void {
  assert.throws(
    () => toMessage(frame),
    (thrown) => thrown instanceof FtError && thrown.code === "protocol",
    why,
  );
}

for (const [kind, messages] of Object.entries(MESSAGES)) {
  Deno.test(`toMessage() is the inverse of toFrame() for ${kind} (seed ${seed})`, () => {
    fc.assert(
      fc.property(messages, (message) => {
        assert.deepEqual(plain(toMessage(sent(message))), plain(message));
      }),
      { seed },
    );
  });
}

Deno.test(`toMessage() makes a message of any bytes or says protocol (seed ${seed})`, () => {
  const type = fc.oneof(fc.constantFrom(...Object.values(FRAME_TYPES)), fc.nat({ max: 255 }));
  const json = fc.json().map((text) => new TextEncoder().encode(text));
  fc.assert(
    fc.property(type, fc.oneof(none, id), fc.oneof(bytes(0, 200), json), (type, id, payload) => {
      const frame = { type, id, payload: new Uint8Array(payload) };
      try {
        const message = toMessage(frame);
        const known = Object.values<number>(FRAME_TYPES).includes(type);
        assert.equal(message !== undefined, known);
        // What was accepted can be said again, and means the same.
        if (message !== undefined) {
          assert.deepEqual(plain(toMessage(sent(message))), plain(message));
        }
      } catch (thrown) {
        assert.ok(thrown instanceof FtError && thrown.code === "protocol", String(thrown));
      }
    }),
    { seed, numRuns: 3_000 },
  );
});

Deno.test("toFrame() passes the bytes of a chunk on without a copy", () => {
  const piece = new Uint8Array([1, 2, 3]);
  const { payload } = toFrame({ kind: "data", id: 1, chunk: 0, bytes: piece });
  assert.equal(payload[1], piece);
});

Deno.test("toFrame() refuses a chunk index past u32", () => {
  const bytes = new Uint8Array(1);
  toFrame({ kind: "data", id: 1, chunk: 2 ** 32 - 1, bytes });
  assert.throws(() => toFrame({ kind: "data", id: 1, chunk: 2 ** 32, bytes }), RangeError);
});

Deno.test("toFrame() writes no field that is undefined", () => {
  const [payload] = toFrame({ kind: "ready", id: 1, source: undefined }).payload;
  assert.equal(new TextDecoder().decode(payload), "{}");
});

Deno.test("toMessage() bounds binary messages on both sides", () => {
  const index = 4;
  const limits = [
    [FRAME_TYPES.data, index + 1, index + PIECE_BYTES, 1],
    [FRAME_TYPES.chunk, index + DIGEST_BYTES + 1, index + DIGEST_BYTES + PIECE_BYTES, 1],
    [FRAME_TYPES.held, index + DIGEST_BYTES, index + DIGEST_BYTES * HELD_DIGESTS, DIGEST_BYTES],
  ] as const;
  for (const [type, least, most, step] of limits) {
    const frame = (length: number) => ({ type, id: 1, payload: new Uint8Array(length) });
    for (const length of [least, most]) assert.ok(toMessage(frame(length)) !== undefined);
    for (const length of [0, 3, index, least - 1, most + step]) refuses(frame(length));
    assert.ok(most <= FRAME_BYTES);
  }
});

Deno.test("toMessage() reads a payload that lies inside a larger buffer", () => {
  const block = new Uint8Array([9, 9, 9, 0, 0, 0, 5, 42, 9]);
  const message = toMessage({ type: FRAME_TYPES.data, id: 1, payload: block.subarray(3, 8) });
  assert.deepEqual(message, { kind: "data", id: 1, chunk: 5, bytes: new Uint8Array([42]) });
});

Deno.test("toMessage() wants id 0 for the connection and another for transfers", () => {
  const connection = ["hello", "welcome", "ping"];
  for (const [kind, messages] of Object.entries(MESSAGES)) {
    const [message] = fc.sample(messages, { numRuns: 1, seed });
    if (message === undefined) continue;
    const frame = sent(message);
    if (kind === "error") {
      for (const id of [0, 1]) assert.equal(toMessage({ ...frame, id })?.id, id);
    } else {
      const [right, wrong] = connection.includes(kind) ? [0, 1] : [1, 0];
      assert.equal(toMessage({ ...frame, id: right })?.kind, kind);
      refuses({ ...frame, id: wrong }, kind);
    }
  }
});

Deno.test("toMessage() ignores types that it does not know", () => {
  assert.equal(toMessage({ type: 0x7f, id: 5, payload: new Uint8Array(3) }), undefined);
  assert.equal(toMessage({ type: 0, id: 0, payload: new Uint8Array(0) }), undefined);
});

Deno.test("toMessage() never repeats what a malformed message held", () => {
  const payload = new TextEncoder().encode('{"digest":"\\u001b[2J'.padEnd(60, "x"));
  assert.throws(
    () => toMessage({ type: FRAME_TYPES.commit, id: 1, payload }),
    { message: "A message of the kind commit is malformed." },
  );
});

Deno.test("frameLimit() is large for bytes and lists, small for all else", () => {
  const large = ["held", "data", "chunk", "items", "manifest", "want", "pack", "result", "zstd"];
  for (const [kind, type] of Object.entries(FRAME_TYPES)) {
    assert.equal(frameLimit(type), large.includes(kind) ? FRAME_BYTES : CONTROL_BYTES, kind);
  }
  assert.equal(frameLimit(0xff), CONTROL_BYTES);
});
