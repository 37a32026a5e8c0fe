import assert from "node:assert/strict";
import fc from "fast-check";
import { FtError } from "../error.ts";
import {
  encodeFrame,
  type Frame,
  FrameDecoder,
  type FrameDecoderOptions,
  FrameEncoder,
  type ReadFrame,
} from "./frame.ts";
import { FRAME_BYTES, HEADER_BYTES } from "./limits.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const seed = Date.now() & 0x7fffffff;
const anyBytes = fc.uint8Array({ maxLength: 40 }).map((bytes) => new Uint8Array(bytes));
const anyFrame = fc.record({
  type: fc.nat({ max: 255 }),
  id: fc.nat({ max: 0xffffffff }),
  payload: fc.array(anyBytes, { maxLength: 4 }),
});

function join(pieces: readonly Bytes[]): Bytes {
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

function encode(frames: readonly Frame[]): Bytes {
  return join(frames.flatMap(encodeFrame));
}

/** Cuts where the numbers say; the same place twice makes an empty piece. */
function split(bytes: Bytes, places: readonly number[]): Bytes[] {
  const at = places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b);
  return [0, ...at].map((start, number) => bytes.slice(start, at[number] ?? bytes.length));
}

async function decode(
  pieces: readonly Bytes[],
  options?: FrameDecoderOptions,
): Promise<ReadFrame[]> {
  const frames: ReadFrame[] = [];
  const decoder = new FrameDecoder(options);
  for await (const frame of ReadableStream.from(pieces).pipeThrough(decoder)) frames.push(frame);
  return frames;
}

function read({ type, id, payload }: Frame): ReadFrame {
  return { type, id, payload: join(payload) };
}

function failsWith(code: string) {
  return (thrown: unknown) => thrown instanceof FtError && thrown.code === code;
}

Deno.test("encodeFrame() writes length, type and id big-endian, then the payload", () => {
  const [header, ...payload] = encodeFrame({
    type: 0x13,
    id: 0x01020304,
    payload: [new Uint8Array([1, 2]), new Uint8Array([3])],
  });
  assert.deepEqual(header, new Uint8Array([0, 0, 0, 3, 0x13, 1, 2, 3, 4]));
  assert.deepEqual(payload, [new Uint8Array([1, 2]), new Uint8Array([3])]);
});

Deno.test("encodeFrame() refuses a payload past FRAME_BYTES", () => {
  const frame = (length: number) => ({ type: 1, id: 0, payload: [new Uint8Array(length)] });
  assert.equal(encodeFrame(frame(FRAME_BYTES)).length, 2);
  assert.throws(() => encodeFrame(frame(FRAME_BYTES + 1)), RangeError);
});

Deno.test("FrameEncoder passes payloads on uncopied and leaves out empty pieces", async () => {
  const payload = [new Uint8Array([7]), new Uint8Array(0), new Uint8Array([8])];
  const encoder = new FrameEncoder();
  const written: Bytes[] = [];
  const stream = ReadableStream.from([{ type: 1, id: 2, payload }]).pipeThrough(encoder);
  for await (const piece of stream) written.push(piece);
  assert.equal(written.length, 3);
  assert.equal(written[1], payload[0]);
  assert.equal(written[2], payload[2]);
});

Deno.test(`FrameDecoder reads the same from any split of the bytes (seed ${seed})`, async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyFrame, { maxLength: 6 }),
      fc.array(fc.nat(), { maxLength: 12 }),
      async (frames, places) => {
        const decoded = await decode(split(encode(frames), places));
        assert.deepEqual(decoded, frames.map(read));
      },
    ),
    { seed, numRuns: 500 },
  );
});

Deno.test(`FrameDecoder reads the same byte by byte (seed ${seed})`, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyFrame, { maxLength: 3 }), async (frames) => {
      const bytes = encode(frames);
      const decoded = await decode(Array.from(bytes, (_, at) => bytes.slice(at, at + 1)));
      assert.deepEqual(decoded, frames.map(read));
    }),
    { seed, numRuns: 50 },
  );
});

Deno.test(`FrameDecoder says lost wherever bytes end in a frame (seed ${seed})`, async () => {
  await fc.assert(
    fc.asyncProperty(anyFrame, fc.nat(), async (frame, place) => {
      const bytes = encode([frame]);
      const end = 1 + place % (bytes.length - 1);
      await assert.rejects(decode([bytes.slice(0, end)]), failsWith("lost"));
    }),
    { seed, numRuns: 200 },
  );
});

Deno.test("FrameDecoder takes a payload of FRAME_BYTES and of none", async () => {
  const frames = [FRAME_BYTES, 0, FRAME_BYTES].map((length, id) => ({
    type: 9,
    id,
    payload: [new Uint8Array(length).fill(id)],
  }));
  assert.deepEqual(await decode([encode(frames)]), frames.map(read));
  assert.deepEqual(await decode(split(encode(frames), [5, 700_000])), frames.map(read));
  assert.deepEqual(await decode([]), []);
});

Deno.test("FrameDecoder refuses a frame past its limit when the header is there", async () => {
  const header = (length: number, type: number) => {
    const bytes = new Uint8Array(HEADER_BYTES);
    new DataView(bytes.buffer).setUint32(0, length);
    bytes[4] = type;
    return bytes;
  };
  const limit = (type: number) => type === 1 ? 4 : Infinity;
  for (const [length, type] of [[5, 1], [FRAME_BYTES + 1, 2], [0xffffffff, 2]] as const) {
    await assert.rejects(decode([header(length, type)], { limit }), failsWith("protocol"));
  }
  await assert.rejects(decode([header(5, 2)], { limit }), failsWith("lost"));
  await assert.rejects(decode([header(4, 1)], { limit }), failsWith("lost"));
});

Deno.test("FrameDecoder views a frame that came whole, and copies one that did not", async () => {
  const bytes = encode([{ type: 1, id: 1, payload: [new Uint8Array([1, 2, 3])] }]);
  const [whole] = await decode([bytes]);
  assert.equal(whole?.payload.buffer, bytes.buffer);
  const [joined] = await decode([bytes.subarray(0, 10), bytes.subarray(10)]);
  assert.notEqual(joined?.payload.buffer, bytes.buffer);
});

Deno.test("FrameDecoder says where the rest of a payload is awaited, and copies none put there", async () => {
  const payload = new Uint8Array(100).map((_, at) => at);
  const frame = { type: 1, id: 1, payload: [payload] };
  const bytes = encode([frame, frame]);
  const room = new Uint8Array(300);
  const awaited: number[] = [];
  const decoder = new FrameDecoder({
    allocate: (length) => room.subarray(7, 7 + length),
    onAwaited: (position, { byteOffset, length }) => awaited.push(position, byteOffset, length),
  });
  const writer = decoder.writable.getWriter();
  const reader = decoder.readable.getReader();
  const reading = reader.read();
  await writer.write(bytes.slice(0, HEADER_BYTES + 10));
  assert.deepEqual(awaited, [HEADER_BYTES + 10, 17, 90]);
  // Some comes elsewhere, and is copied; then some where it is awaited, which only has to be there.
  await writer.write(bytes.slice(HEADER_BYTES + 10, HEADER_BYTES + 30));
  assert.deepEqual(awaited.slice(3), [HEADER_BYTES + 30, 37, 70]);
  room.set(payload.subarray(30), 37);
  await writer.write(room.subarray(37, 107));
  assert.deepEqual([...(await reading).value?.payload ?? []], [...payload]);
  // Positions go on over the end of a frame; one that came whole is awaited nowhere.
  const next = reader.read();
  await writer.write(bytes.slice(HEADER_BYTES + 100, 2 * HEADER_BYTES + 101));
  assert.deepEqual(awaited.slice(6), [2 * HEADER_BYTES + 101, 8, 99]);
  await writer.write(bytes.slice(2 * HEADER_BYTES + 101));
  assert.deepEqual([...(await next).value?.payload ?? []], [...payload]);
  assert.equal(awaited.length, 9);
  await writer.close();
});

/** What the callbacks were told for each piece: P partial, W whole, - nothing. */
async function told(pieces: readonly Bytes[]): Promise<string> {
  let heard = "";
  const decoder = new FrameDecoder({
    onPartial: () => heard += "P",
    onWhole: () => heard += "W",
  });
  const reading = decoder.readable.pipeTo(new WritableStream()).catch(() => {});
  const writer = decoder.writable.getWriter();
  const log: string[] = [];
  for (const piece of pieces) {
    heard = "";
    await writer.write(piece);
    log.push(heard || "-");
  }
  await writer.abort().catch(() => {});
  await reading;
  return log.join("");
}

Deno.test("FrameDecoder.onPartial is called once for a frame that has begun", async () => {
  const one = encode([{ type: 1, id: 1, payload: [new Uint8Array(20)] }]);
  const two = join([one, one]);
  assert.equal(await told([one]), "W");
  assert.equal(await told([two]), "W");
  assert.equal(
    await told([one.slice(0, 3), one.slice(3, 9), one.slice(9, 15), one.slice(15)]),
    "P--W",
  );
  // The second frame begins in the piece that ends the first: its time begins there.
  assert.equal(await told([two.slice(0, 10), two.slice(10, 31), two.slice(31)]), "PPW");
  assert.equal(await told([two.slice(0, 30), two.slice(30)]), "PW");
  assert.equal(await told([two.slice(0, 29), two.slice(29)]), "WW");
});
