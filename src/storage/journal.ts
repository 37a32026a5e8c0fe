/**
 * The journal of a partial: a line of JSON that says what it is, then one record of 40 bytes for
 * each verified chunk: index u32, digest, and a check word that tells a record from a torn one.
 *
 * @module
 */

/** What a partial is; the first line of its journal. */
export interface JournalHead {
  readonly format: 1;
  readonly room: string;
  readonly name: string;
  readonly owner: string;
  readonly size: number;
  /** The sender's version of the source. */
  readonly version: string | null;
  /** Whether records of an older version stand among these. */
  readonly mixed: boolean;
}

/** One verified chunk. */
export interface JournalRecord {
  readonly index: number;
  readonly digest: Uint8Array<ArrayBuffer>;
}

const DIGEST_BYTES = 32;
const RECORD_BYTES = 4 + DIGEST_BYTES + 4;
const HEAD_BYTES = 16 * 1024;
const CHECK = 0x46544a31;
const NEWLINE = 0x0a;

/** A digest that takes an earlier record of the same chunk back: no chunk has it. */
export const NO_DIGEST: Uint8Array<ArrayBuffer> = new Uint8Array(DIGEST_BYTES);

/** The bytes of a journal's first line. */
export function encodeHead(head: JournalHead): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${JSON.stringify(head)}\n`);
}

/** The bytes of records. */
export function encodeRecords(records: readonly JournalRecord[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(records.length * RECORD_BYTES);
  const view = new DataView(bytes.buffer);
  records.forEach(({ index, digest }, number) => {
    const at = number * RECORD_BYTES;
    view.setUint32(at, index);
    bytes.set(digest, at + 4);
    view.setUint32(at + 4 + DIGEST_BYTES, (view.getUint32(at + 4) ^ index ^ CHECK) >>> 0);
  });
  return bytes;
}

function isHead(value: unknown): value is JournalHead {
  if (typeof value !== "object" || value === null) return false;
  const head = value as Record<string, unknown>;
  return head["format"] === 1 && typeof head["room"] === "string" &&
    typeof head["name"] === "string" && typeof head["owner"] === "string" &&
    typeof head["mixed"] === "boolean" &&
    Number.isSafeInteger(head["size"]) && head["size"] as number >= 0 &&
    (head["version"] === null || typeof head["version"] === "string");
}

/** A journal that was read. */
export interface Journal {
  readonly head: JournalHead;
  /** The records that are whole, the last one of each index, without what was taken back. */
  readonly records: JournalRecord[];
  /** Bytes up to the end of the last whole record. */
  readonly length: number;
}

/** Reads a journal's bytes; undefined when its head is not whole. Torn records at the end are left. */
export function decodeJournal(bytes: Uint8Array<ArrayBuffer>): Journal | undefined {
  const end = bytes.subarray(0, HEAD_BYTES).indexOf(NEWLINE);
  if (end < 0) return undefined;
  let head: unknown;
  try {
    head = JSON.parse(new TextDecoder().decode(bytes.subarray(0, end)));
  } catch {
    return undefined;
  }
  if (!isHead(head)) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records = new Map<number, JournalRecord>();
  let at = end + 1;
  for (; at + RECORD_BYTES <= bytes.length; at += RECORD_BYTES) {
    const index = view.getUint32(at);
    const check = (view.getUint32(at + 4) ^ index ^ CHECK) >>> 0;
    if (check !== view.getUint32(at + 4 + DIGEST_BYTES)) break;
    const digest = bytes.slice(at + 4, at + 4 + DIGEST_BYTES);
    if (digest.every((byte) => byte === 0)) records.delete(index);
    else records.set(index, { index, digest });
  }
  return {
    head,
    records: [...records.values()].sort((a, b) => a.index - b.index),
    length: at,
  };
}
