/**
 * Runs every golden vector of tests/vectors/; its README says what they look like.
 *
 * @module
 */
import assert from "node:assert/strict";
import { FtError } from "../src/error.ts";
import { acceptName, numberedName } from "../src/name.ts";
import { chunkCount, chunkExtent, fullChunk } from "../src/protocol/chunk.ts";
import { frameLimit, toFrame, toMessage } from "../src/protocol/codec.ts";
import {
  ChunkDigests,
  DIGEST_BYTES,
  formatDigest,
  parseDigest,
  sha256,
} from "../src/protocol/digest.ts";
import { encodeFrame, FrameDecoder } from "../src/protocol/frame.ts";
import { VERSIONS } from "../src/protocol/limits.ts";
import type { Message } from "../src/protocol/message.ts";
import { encodePreamble, PreambleDecoder } from "../src/protocol/preamble.ts";
import { bytesOf, join, readVector, type Vector, vectorNames } from "./vector.ts";

/** Streams up to this size are also tried cut in two at every place. */
const SMALL_BYTES = 400;

type Bytes = Uint8Array<ArrayBuffer>;

/** The bytes whole, one at a time, and cut in two at every place; the long ones in few ways. */
function* cuts(bytes: Bytes): Generator<Bytes[]> {
  yield [bytes];
  const small = bytes.length <= SMALL_BYTES;
  if (small) yield Array.from(bytes, (_, at) => bytes.slice(at, at + 1));
  for (let at = 1; at < bytes.length; at += small ? 1 : Math.ceil(bytes.length / 7)) {
    yield [bytes.slice(0, at), bytes.slice(at)];
  }
}

async function collect<T>(stream: ReadableStream<T>): Promise<T[]> {
  const values: T[] = [];
  for await (const value of stream) values.push(value);
  return values;
}

async function decode(pieces: Bytes[]): Promise<Message[]> {
  const frames = await collect(
    ReadableStream.from(pieces).pipeThrough(new FrameDecoder({ limit: frameLimit })),
  );
  return frames.map(toMessage).filter((message) => message !== undefined);
}

const BINARY = ["bytes", "digests", "digest"];

/** A message as vectors write it: bytes of binary messages are written out. */
function messageOf(text: string): Message {
  const message = JSON.parse(text);
  if (["data", "chunk", "held", "zstd"].includes(message.kind)) {
    for (const key of BINARY) if (key in message) message[key] = bytesOf(message[key]);
  }
  return message;
}

/** Fields that are undefined are as good as missing ones. */
function present(message: Message): Message {
  return Object.fromEntries(
    Object.entries(message).filter(([, value]) => value !== undefined),
  ) as Message;
}

async function runStream(vector: Vector): Promise<void> {
  const bytes = bytesOf(vector.all("bytes").join(" "));
  if (vector.expect !== "success") {
    for (const pieces of cuts(bytes)) await refuses(() => decode(pieces), vector.expect);
    return;
  }
  const messages = vector.all("message").map(messageOf);
  for (const pieces of cuts(bytes)) {
    assert.deepEqual((await decode(pieces)).map(present), messages);
  }
  if (!vector.encode) return;
  assert.deepEqual(join(messages.flatMap((message) => encodeFrame(toFrame(message)))), bytes);
}

async function readPreamble(pieces: Bytes[]): Promise<{ version?: number; rest: Bytes }> {
  let version: number | undefined;
  const decoder = new PreambleDecoder((told) => {
    if (!VERSIONS.includes(told)) throw new FtError("version");
    version = told;
  });
  const rest = join(await collect(ReadableStream.from(pieces).pipeThrough(decoder)));
  return version === undefined ? { rest } : { version, rest };
}

async function runPreamble(vector: Vector): Promise<void> {
  const bytes = bytesOf(vector.one("bytes"));
  if (vector.expect !== "success") {
    for (const pieces of cuts(bytes)) await refuses(() => readPreamble(pieces), vector.expect);
    return;
  }
  const [version] = vector.all("version").map(Number);
  const rest = bytesOf(vector.one("rest"));
  for (const pieces of cuts(bytes)) {
    assert.deepEqual(
      await readPreamble(pieces),
      version === undefined ? { rest } : { version, rest },
    );
  }
  if (version === undefined || bytes[7] !== 0) return;
  assert.deepEqual(join([encodePreamble(version), rest]), bytes);
}

async function refuses(act: () => unknown, code: string): Promise<void> {
  await assert.rejects(async () => await act(), (thrown: unknown) => {
    assert.ok(thrown instanceof FtError, `not an FtError: ${thrown}`);
    assert.equal(thrown.code, code);
    return true;
  });
}

async function succeedsOrRefuses(vector: Vector, act: () => void): Promise<void> {
  if (vector.expect === "success") act();
  else await refuses(act, vector.expect);
}

async function runDigest(vector: Vector): Promise<void> {
  const size = Number(vector.one("size"));
  const bytes = new Uint8Array(size).map((_, i) => i + (i >> 8) + (i >> 16) + (i >> 24));
  const digests = new ChunkDigests();
  const count = chunkCount(size);
  for (let index = 0; index < count; index++) {
    const { offset, size: length } = chunkExtent(index, size);
    digests.set(index, await sha256(bytes.subarray(offset, offset + length)));
  }
  assert.equal(await digests.file(size, count), vector.one("digest"));
}

async function runList(vector: Vector): Promise<void> {
  const size = Number(vector.one("size"));
  const count = chunkCount(size);
  assert.equal(count, Number(vector.one("chunks")));
  const digests = new ChunkDigests();
  const digest = new Uint8Array(DIGEST_BYTES);
  const view = new DataView(digest.buffer);
  for (let index = 0; index < count; index++) {
    for (let at = 0; at < DIGEST_BYTES; at += 4) view.setUint32(at, index);
    digests.set(index, digest);
  }
  assert.equal(await digests.file(size, count), vector.one("digest"));
}

function runSchedule(vector: Vector): void {
  for (const line of vector.all("chunk")) {
    const [index = NaN, offset, size] = line.split(" ").map(Number);
    assert.deepEqual(fullChunk(index), { offset, size });
  }
  for (const line of vector.all("count")) {
    const [size = NaN, count] = line.split(" ").map(Number);
    assert.equal(chunkCount(size), count);
  }
}

const KINDS: Record<string, (vector: Vector) => void | Promise<void>> = {
  stream: runStream,
  preamble: runPreamble,
  digest: runDigest,
  list: runList,
  schedule: runSchedule,
  name(vector) {
    const name: string = JSON.parse(vector.one("name"));
    return succeedsOrRefuses(vector, () => assert.equal(acceptName(name), name));
  },
  numbered(vector) {
    const name: string = JSON.parse(vector.one("name"));
    const numbered: string = JSON.parse(vector.one("numbered"));
    assert.equal(numberedName(name, Number(vector.one("number"))), numbered);
  },
  "digest-string"(vector) {
    const text: string = JSON.parse(vector.one("text"));
    return succeedsOrRefuses(vector, () => {
      const { size, root } = parseDigest(text);
      assert.equal(formatDigest(size, root), text);
    });
  },
};

const names = vectorNames();

Deno.test("the vectors are there, of every kind, and most streams expect failure", () => {
  const vectors = names.map(readVector);
  assert.deepEqual(
    [...new Set(vectors.map(({ kind }) => kind))].sort(),
    Object.keys(KINDS).sort(),
  );
  const streams = vectors.filter(({ kind }) => kind === "stream" || kind === "preamble");
  const failing = streams.filter(({ expect }) => expect !== "success");
  assert.ok(failing.length > streams.length / 2, `${failing.length} of ${streams.length}`);
});

for (const name of names) {
  Deno.test(`vector ${name}`, async () => {
    const vector = readVector(name);
    assert.equal(name.split("_", 1)[0], vector.kind);
    const run = KINDS[vector.kind];
    assert.ok(run !== undefined, `no kind ${vector.kind}`);
    await run(vector);
  });
}
