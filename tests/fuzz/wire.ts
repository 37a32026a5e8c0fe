/** Fuzz targets: what comes over a connection, up to single messages. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { acceptName, nameFault, numberedName, RESERVED_PART, toName } from "../../src/name.ts";
import { frameLimit, toFrame, toMessage } from "../../src/protocol/codec.ts";
import { formatDigest, isDigest, parseDigest } from "../../src/protocol/digest.ts";
import { encodeFrame, FrameDecoder, type ReadFrame } from "../../src/protocol/frame.ts";
import { FILE_BYTES, HEADER_BYTES, PREAMBLE_BYTES } from "../../src/protocol/limits.ts";
import { FRAME_TYPES } from "../../src/protocol/message.ts";
import { encodePreamble, PreambleDecoder } from "../../src/protocol/preamble.ts";
import { join } from "../vector.ts";
import {
  type Bytes,
  bytes,
  cuts,
  inPieces,
  near,
  nearJson,
  nearText,
  text,
  textsOf,
  vectorsOf,
} from "./mutate.ts";
import { outcome, outcomeOf, type Target, target } from "./target.ts";

const STREAMS = vectorsOf("stream");

async function collect<T>(stream: ReadableStream<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const one of stream) all.push(one);
  return all;
}

const preambles = target(
  "preamble",
  200,
  fc.record({ bytes: near(fc.constantFrom(...vectorsOf("preamble"))), cuts }),
  async ({ bytes, cuts }) => {
    const read = (pieces: Iterable<Bytes>) =>
      outcomeOf(["protocol", "lost"], async () => {
        const versions: number[] = [];
        const decoder = new PreambleDecoder((version) => versions.push(version));
        const rest = join(await collect(ReadableStream.from(pieces).pipeThrough(decoder)));
        return { versions, rest };
      });
    const whole = await read([bytes]);
    assert.deepEqual(await read(inPieces(bytes, cuts)), whole, "cuts make a difference");
    if ("code" in whole || bytes.length === 0) return;
    const { versions: [version = NaN, ...more], rest } = whole.value;
    assert.deepEqual(more, []);
    const again = join([encodePreamble(version), rest]);
    // The two bytes after the version are not looked at.
    again.set(bytes.subarray(6, PREAMBLE_BYTES), 6);
    assert.deepEqual(again, bytes);
  },
);

/** The frames before the stream ends or fails. */
async function framesOf(pieces: Iterable<Bytes>): Promise<{ frames: ReadFrame[]; end: string }> {
  const frames: ReadFrame[] = [];
  const result = await outcomeOf(["protocol", "lost"], async () => {
    const stream = ReadableStream.from(pieces).pipeThrough(new FrameDecoder({ limit: frameLimit }));
    for await (const frame of stream) frames.push(frame);
  });
  return { frames, end: "code" in result ? result.code : "end" };
}

const frames = target(
  "frames",
  200,
  fc.record({ bytes: near(fc.constantFrom(...STREAMS)), cuts }),
  async ({ bytes, cuts }) => {
    // Of bytes that fail, how many frames are seen before may depend on the cuts.
    const whole = await framesOf([bytes]);
    const cut = await framesOf(inPieces(bytes, cuts));
    assert.equal(cut.end, whole.end);
    if (whole.end === "end") assert.deepEqual(cut.frames, whole.frames);
    for (const { frames, end } of [whole, cut]) {
      for (const { type, payload } of frames) assert.ok(payload.length <= frameLimit(type));
      const again = join(
        frames.flatMap(({ payload, ...rest }) => encodeFrame({ ...rest, payload: [payload] })),
      );
      assert.deepEqual(again, bytes.slice(0, again.length));
      if (end === "end") assert.equal(again.length, bytes.length);
      else assert.ok(frames.length * HEADER_BYTES <= bytes.length);
    }
  },
);

/** A frame that was read; its payload is bytes, or JSON. */
interface Said {
  readonly type: number;
  readonly id: number;
  readonly payload: Bytes | string;
}

const JSON_PAYLOADS = STREAMS.flatMap((stream) => {
  try {
    const type = stream[4] ?? 0;
    return [{ type, value: JSON.parse(new TextDecoder().decode(stream.subarray(HEADER_BYTES))) }];
  } catch {
    return [];
  }
});

const type = fc.oneof(fc.constantFrom(...Object.values(FRAME_TYPES)), fc.nat({ max: 255 }));
const id = fc.oneof(fc.constantFrom(0, 1, 0xffff_ffff), fc.nat({ max: 9 }));
const said: fc.Arbitrary<Said> = fc.oneof(
  fc.constantFrom(...JSON_PAYLOADS).chain(({ type, value }) =>
    fc.record({
      type: fc.constant(type),
      id,
      payload: nearJson(fc.constant(value)).map((value) => JSON.stringify(value)),
    })
  ),
  fc.record({ type, id, payload: bytes(200) }),
  fc.record({ type, id, payload: near(fc.constantFrom(...STREAMS)) }),
);

const messages = target("messages", 400, said, ({ type, id, payload }) => {
  const body = typeof payload === "string" ? new TextEncoder().encode(payload) : payload;
  const read = outcome(["protocol"], () => toMessage({ type, id, payload: body }));
  if ("code" in read || read.value === undefined) return;
  assert.equal(FRAME_TYPES[read.value.kind], type);
  const frame = toFrame(read.value);
  const again = toMessage({ type: frame.type, id: frame.id, payload: join(frame.payload) });
  assert.deepEqual(again, read.value);
});

const digests = target(
  "digest strings",
  300,
  nearText(fc.constantFrom(...textsOf("digest-string", "text"))),
  (text) => {
    const read = outcome(["protocol"], () => parseDigest(text));
    assert.equal(isDigest(text), "value" in read);
    if ("code" in read) return;
    const { size, root } = read.value;
    assert.ok(size <= FILE_BYTES);
    assert.equal(formatDigest(size, root), text);
  },
);

const names = target(
  "names",
  400,
  fc.record({
    name: fc.oneof(nearText(fc.constantFrom(...textsOf("name", "name"))), text(300)),
    number: fc.integer({ min: 2, max: 99_999 }),
  }),
  ({ name, number }) => {
    const accepted = outcome(["bad_name"], () => acceptName(name));
    assert.equal("code" in accepted, nameFault(name) !== undefined);
    const made = outcome(["bad_name"], () => toName(name));
    if ("value" in made) assert.equal(acceptName(made.value), made.value);
    if ("code" in accepted) return;
    assert.equal(accepted.value, name);
    // What the folder of a room makes of it, said in another way than the rules of names.
    const url = new URL("file:///");
    url.pathname = `/room/${name.split("/").map(encodeURIComponent).join("/")}`;
    assert.equal(decodeURIComponent(url.pathname), `/room/${name}`, "it leads elsewhere");
    assert.ok(!name.split("/").some((part) => part.toLowerCase() === RESERVED_PART));
    const numbered = outcome(["bad_name"], () => numberedName(name, number));
    if ("code" in numbered) return;
    assert.notEqual(numbered.value, name);
    assert.equal(acceptName(numbered.value), numbered.value);
    const folderOf = (name: string) => name.slice(0, name.lastIndexOf("/") + 1);
    assert.equal(folderOf(numbered.value), folderOf(name));
  },
);

/** These targets. */
export const WIRE: readonly Target[] = [preambles, frames, messages, digests, names];
