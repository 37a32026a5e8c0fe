/**
 * `deno bench -P=tests tests/bench/micro_bench.ts`: what one file costs where it is made of parts.
 *
 * @module
 */
import { acceptName } from "../../src/name.ts";
import { toFrame, toMessage } from "../../src/protocol/codec.ts";
import { sha256 } from "../../src/protocol/digest.ts";
import { encodeFrame, FrameDecoder } from "../../src/protocol/frame.ts";
import type { MessageOf } from "../../src/protocol/message.ts";
import { digestChunk } from "../../src/session/chunk_digest.ts";
import { Staging } from "../../src/storage/staging.ts";
import {
  bytesOf,
  chunksOf,
  fill,
  LARGE_BYTES,
  requestOf,
  temporaryFolder,
} from "../fixtures/staged.ts";

const MiB = 1024 * 1024;
const SMALL = bytesOf(4096, 1);
const CHUNK = bytesOf(MiB, 2);
const PIECE = CHUNK.subarray(0, 256 * 1024);
/** The blocks in which frames come from a connection. */
const BLOCK = 64 * 1024;

const data: MessageOf<"data"> = { kind: "data", id: 1, chunk: 0, bytes: PIECE };
const stream = new Uint8Array(
  await new Blob(Array.from({ length: 64 }, () => encodeFrame(toFrame(data))).flat()).arrayBuffer(),
);
const blocks = Array.from(
  { length: Math.ceil(stream.length / BLOCK) },
  (_, at) => stream.subarray(at * BLOCK, (at + 1) * BLOCK),
);
const control: MessageOf<"commit"> = { kind: "commit", id: 1, digest: `ft1:1:${"0".repeat(64)}` };
const [piece = new Uint8Array()] = toFrame(control).payload;
const controlFrame = { ...toFrame(control), payload: piece };
const chunks = await chunksOf(bytesOf(LARGE_BYTES, 3));

Deno.bench("frames: encode 256 KiB of data", () => void encodeFrame(toFrame(data)));

Deno.bench("frames: decode 64 times 256 KiB from blocks of 64 KiB", async () => {
  for await (const _ of ReadableStream.from(blocks).pipeThrough(new FrameDecoder()));
});

Deno.bench("codec: a message in JSON to its frame", () => void toFrame(control));

Deno.bench("codec: a message in JSON from its frame", () => void toMessage(controlFrame));

Deno.bench("digests: 4 KiB", async () => void await sha256(SMALL));

Deno.bench("digests: a chunk of 1 MiB", async () => void await digestChunk(CHUNK));

Deno.bench("staging: a new file, opened and given up", async (bench) => {
  using folder = temporaryFolder();
  const staging = new Staging(folder.path, unpublished);
  bench.start();
  const partial = await staging.open(requestOf(SMALL.length));
  await partial.write(0, SMALL);
  await partial.close();
  bench.end();
});

Deno.bench("staging: 3 MiB, kept chunk by chunk", async (bench) => {
  using folder = temporaryFolder();
  const staging = new Staging(folder.path, unpublished);
  bench.start();
  const partial = await staging.open(requestOf(LARGE_BYTES, { version: "1" }));
  await fill(partial, chunks);
  await partial.close();
  bench.end();
});

Deno.bench("names: a path of four parts", () => {
  acceptName("holidays/2024 in the mountains/häuschen/IMG_0001 (copy).jpeg");
});

function unpublished(): never {
  throw new Error("nothing is published here");
}
