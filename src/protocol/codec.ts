/**
 * Messages to frames and back.
 *
 * @module
 */
import { FtError } from "../error.ts";
import { DIGEST_BYTES } from "./digest.ts";
import type { Frame, ReadFrame } from "./frame.ts";
import { CONTROL_BYTES, FRAME_BYTES, HELD_DIGESTS, PIECE_BYTES } from "./limits.ts";
import { FRAME_TYPES, JSON_FIELDS, type Kind, type Message } from "./message.ts";

const KINDS = new Map<number, Kind>(
  Object.entries(FRAME_TYPES).map(([kind, type]) => [type, kind as Kind]),
);
/** Kinds that may fill a whole frame; all others are bounded by CONTROL_BYTES. */
const LARGE: ReadonlySet<Kind> = new Set<Kind>([
  "held",
  "data",
  "chunk",
  "items",
  "manifest",
  "want",
  "pack",
  "result",
  "zstd",
]);
/** Kinds that carry bytes of files, and may travel compressed. */
const CARRIERS: ReadonlySet<Kind> = new Set<Kind>(["data", "chunk", "pack"]);
/** Kinds that speak of the connection, under id 0; ERROR may, all others name a transfer. */
const OF_CONNECTION: ReadonlySet<Kind> = new Set<Kind>(["hello", "welcome", "ping"]);
/** Chunk indexes are u32 on the wire. */
const INDEXES = 2 ** 32;
const INDEX_BYTES = 4;
/** Before what is compressed: u8 type, u32 length. */
const ZSTD_HEADER_BYTES = 1 + 4;

const encoder = new TextEncoder();
// A byte order mark is left in, where JSON.parse refuses it.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The most payload bytes a frame of `type` may have. */
export function frameLimit(type: number): number {
  const kind = KINDS.get(type);
  return kind !== undefined && LARGE.has(kind) ? FRAME_BYTES : CONTROL_BYTES;
}

/** How many bytes of files a message took to travel; undefined when it carries none. */
export function travelled(message: Message): number | undefined {
  if (message.kind !== "data" && message.kind !== "chunk" && message.kind !== "pack") {
    return undefined;
  }
  return message.travelled ?? message.bytes.length;
}

function index(value: number): Uint8Array<ArrayBuffer> {
  if (value >= INDEXES) throw new RangeError(`chunk ${value}`);
  const bytes = new Uint8Array(INDEX_BYTES);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

function payloadOf(message: Message): Uint8Array<ArrayBuffer>[] {
  switch (message.kind) {
    case "ping":
    case "seal":
      return [];
    case "data":
      return [index(message.chunk), message.bytes];
    case "chunk":
      return [index(message.chunk), message.digest, message.bytes];
    case "held":
      return [index(message.first), message.digests];
    case "pack":
      return [message.bytes];
    case "zstd": {
      const header = new Uint8Array(ZSTD_HEADER_BYTES);
      header[0] = message.type;
      new DataView(header.buffer).setUint32(1, message.length);
      return [header, message.bytes];
    }
    default: {
      const { kind: _kind, id: _id, ...fields } = message;
      return [encoder.encode(JSON.stringify(fields))];
    }
  }
}

/** The frame of a message. The bytes of a chunk are passed on, not copied. */
export function toFrame(message: Message): Frame {
  return { type: FRAME_TYPES[message.kind], id: message.id, payload: payloadOf(message) };
}

function malformed(kind: string): never {
  throw new FtError("protocol", `A message of the kind ${kind} is malformed.`);
}

function readIndex(payload: Uint8Array): number {
  return new DataView(payload.buffer, payload.byteOffset).getUint32(0);
}

/**
 * The message of a frame, or undefined for a type this version does not know (it is ignored).
 *
 * @throws FtError `protocol` when the id or the payload does not fit the type.
 */
export function toMessage(frame: ReadFrame): Message | undefined {
  const kind = KINDS.get(frame.type);
  if (kind === undefined) return undefined;
  const { id, payload } = frame;
  if (kind !== "error" && (id === 0) !== OF_CONNECTION.has(kind)) malformed(kind);
  switch (kind) {
    case "ping":
    case "seal":
      return { kind, id };
    case "data": {
      if (payload.length <= INDEX_BYTES || payload.length > INDEX_BYTES + PIECE_BYTES) {
        malformed(kind);
      }
      return { kind, id, chunk: readIndex(payload), bytes: payload.subarray(INDEX_BYTES) };
    }
    case "chunk": {
      const start = INDEX_BYTES + DIGEST_BYTES;
      if (payload.length <= start || payload.length > start + PIECE_BYTES) malformed(kind);
      const digest = payload.subarray(INDEX_BYTES, start);
      return { kind, id, chunk: readIndex(payload), digest, bytes: payload.subarray(start) };
    }
    case "held": {
      const digests = payload.subarray(INDEX_BYTES);
      const fits = digests.length > 0 && digests.length % DIGEST_BYTES === 0 &&
        digests.length <= HELD_DIGESTS * DIGEST_BYTES;
      if (payload.length < INDEX_BYTES || !fits) malformed(kind);
      return { kind, id, first: readIndex(payload), digests };
    }
    case "pack":
      if (payload.length === 0) malformed(kind);
      return { kind, id, bytes: payload };
    case "zstd": {
      if (payload.length <= ZSTD_HEADER_BYTES) malformed(kind);
      const view = new DataView(payload.buffer, payload.byteOffset);
      const [type, length] = [view.getUint8(0), view.getUint32(1)];
      const of = KINDS.get(type);
      if (of === undefined || !CARRIERS.has(of) || length > FRAME_BYTES) malformed(kind);
      return { kind, id, type, length, bytes: payload.subarray(ZSTD_HEADER_BYTES) };
    }
    default: {
      let fields: unknown;
      try {
        fields = JSON.parse(decoder.decode(payload));
      } catch {
        malformed(kind);
      }
      return { kind, id, ...JSON_FIELDS[kind](fields, "") } as Message;
    }
  }
}
