/** What a peer says in a conversation, step by step: messages, parts of good uploads, and noise. */
import fc from "fast-check";
import { toFrame } from "../../src/protocol/codec.ts";
import { sha256 } from "../../src/protocol/digest.ts";
import { encodeFrame } from "../../src/protocol/frame.ts";
import type { Message } from "../../src/protocol/message.ts";
import { BAD_NAMES } from "../hostile/names.ts";
import { rawFrame } from "../hostile/raw_peer.ts";
import { digestOf } from "../fixtures/staged.ts";
import { Random } from "../random.ts";
import { join } from "../vector.ts";
import { type Bytes, bytes, near, text, vectorsOf } from "./mutate.ts";

/** What files hold: only these, so that half of one is told from a whole one. */
export const CONTENTS: readonly Bytes[] = [0, 5, 40_000].map((size) => new Random(9).bytes(size));

/**
 * Part of a file: its announcement, its bytes, or what ends it; `content` is one of CONTENTS. Of a
 * spoiled chunk a byte is another one; of a forged one the digest is that of the spoiled bytes.
 */
interface Part {
  readonly part: "entry" | Chunk | "data" | "commit";
  readonly id: number;
  readonly content: number;
}

type Chunk = "chunk" | "spoiled" | "forged";

/** One step. Bytes are said as they are, whether or not they make sense. */
export type Step =
  | { readonly say: Message }
  | { readonly file: Part; readonly name: string; readonly room: string | undefined }
  | { readonly frame: { readonly type: number; readonly id: number; readonly payload: Bytes } }
  | { readonly raw: Bytes };

async function bytesOfStep(step: Step): Promise<Bytes> {
  if ("raw" in step) return step.raw;
  if ("frame" in step) return rawFrame(step.frame.type, step.frame.id, step.frame.payload);
  const message = "say" in step ? step.say : await messageOf(step);
  return join(encodeFrame(toFrame(message)));
}

async function messageOf(step: Extract<Step, { file: Part }>): Promise<Message> {
  const { part, id, content } = step.file;
  const bytes = CONTENTS[content] ?? new Uint8Array();
  switch (part) {
    case "entry": {
      const { name, room } = step;
      const place = room === undefined ? {} : { room: room as "shared" };
      return { kind: "entry", id, name, size: bytes.length, ...place };
    }
    case "data":
      return { kind: "data", id, chunk: 0, bytes: bytes.subarray(0, bytes.length >> 1) };
    case "chunk":
      return { kind: "chunk", id, chunk: 0, bytes, digest: await sha256(bytes) };
    case "spoiled":
    case "forged": {
      const other = bytes.with(0, (bytes[0] ?? 0) ^ 1);
      const digest = await sha256(part === "forged" ? other : bytes);
      return { kind: "chunk", id, chunk: 0, bytes: other, digest };
    }
    case "commit":
      return { kind: "commit", id, digest: await digestOf(bytes) };
  }
}

/** All of them, one after the other. */
export async function bytesOfSteps(steps: readonly Step[]): Promise<Bytes[]> {
  // A write of nothing is none.
  return (await Promise.all(steps.map(bytesOfStep))).filter(({ length }) => length > 0);
}

const id = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 1, max: 6 }) },
  { weight: 1, arbitrary: fc.constantFrom(0, 0xffff_ffff) },
);
const name = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom("a", "b", "c/d", "mine", "a/b", "A") },
  { weight: 1, arbitrary: fc.constantFrom(...BAD_NAMES.map(([, name]) => name)) },
  { weight: 1, arbitrary: text(40) },
);
const room = fc.constantFrom("private", "public", "shared");
const word = fc.oneof(fc.constantFrom("v1", "v2"), text(20));
const size = fc.oneof(fc.constantFrom(0, 5, 40_000, 1_048_577), fc.nat({ max: 2 ** 44 }));
const chunk = fc.oneof(fc.nat({ max: 3 }), fc.constantFrom(4096, 0xffff_ffff));
const content = fc.nat({ max: CONTENTS.length - 1 });
const digests = bytes(3 * 32, 32).map((bytes) => bytes.slice(0, bytes.length & ~31));
const conflict = fc.constantFrom("rename", "overwrite", "skip", "fail");
const digest = fc.oneof(
  fc.constantFrom(`ft1:5:${"0".repeat(64)}`, `ft1:17592186044416:${"f".repeat(64)}`, ""),
  word,
);
const terms = {
  expires: fc.constantFrom(1, 60_000, 3_155_760_000_000),
  downloads: fc.constantFrom(1, 2, 1_000_000),
  note: text(60),
  secret: word,
};
const listed = { name, size, time: fc.integer(), tag: word, mine: fc.boolean() };
const item = fc.record(listed);
const runs = fc.array(fc.nat({ max: 6 }), { maxLength: 4 });
const node = fc.record(
  {
    path: name,
    kind: fc.constantFrom("file", "file", "folder", "link", "absent"),
    size: fc.constantFrom(0, 5, 40_000, 262_144, 262_145, 2 ** 44),
    target: fc.constantFrom("a", "../a", "/etc/passwd", "../../secret.txt"),
    digest,
  },
  { requiredKeys: ["path", "kind"] },
);
const fault = fc.record({ index: fc.nat({ max: 6 }), code: word, message: word });

/** Messages of every kind but HELLO, by kind: their fields. */
const FIELDS: Record<string, Record<string, fc.Arbitrary<unknown>>> = {
  welcome: {
    agent: word,
    features: fc.constant([]),
    verbs: fc.constant([]),
    transfers: fc.nat(99),
  },
  error: { code: fc.oneof(fc.constantFrom("busy", "denied", "lost"), word), message: word },
  entry: { name, room, size, mtime: fc.integer(), source: word, digest, conflict, ...terms },
  held: { first: chunk, digests },
  ready: { source: word },
  data: { chunk, bytes: bytes(60, 1) },
  chunk: { chunk, digest: bytes(32, 32), bytes: bytes(60, 1) },
  commit: { digest },
  ack: { verified: size },
  done: { name, digest, outcome: fc.constantFrom("new", "replaced", "same", "skipped") },
  request: { name, room, tag: word, size },
  list: { room, mine: fc.boolean(), match: fc.constantFrom("*", "a", "?", "*/*") },
  items: { items: fc.array(item, { maxLength: 3 }), last: fc.boolean() },
  unshare: { name },
  info: { room, name },
  about: { ...listed, ...terms, digest, mtime: fc.integer() },
  browse: { name, room, tag: word },
  tree: {
    name,
    room,
    mtime: fc.integer(),
    conflict,
    part: fc.boolean(),
    dry: fc.boolean(),
    ...terms,
  },
  manifest: { entries: fc.array(node, { maxLength: 4 }), last: fc.boolean() },
  want: { runs, last: fc.boolean() },
  pack: { bytes: bytes(200, 1) },
  result: { new: runs, failed: fc.array(fault, { maxLength: 2 }) },
  seal: {},
  zstd: { type: fc.constantFrom(0x13, 0x14, 0x2c, 0x15), length: fc.nat(999), bytes: bytes(60, 1) },
};
/** Fields that may be left out. */
const OPTIONAL: ReadonlySet<string> = new Set([
  ...["mtime", "source", "tag", "conflict", "size", "mine", "match", "part", "dry", "new"],
  ...Object.keys(terms),
]);

/** Kinds that begin a transfer. */
const BEGINNING: ReadonlySet<string> = new Set([
  ...["entry", "request", "list", "tree", "browse", "info", "unshare"],
]);

const says = Object.entries(FIELDS).map(([kind, fields]) =>
  fc.record({ kind: fc.constant(kind), id, ...fields }, {
    requiredKeys: [
      "kind",
      "id",
      ...Object.keys(fields).filter((field) =>
        !OPTIONAL.has(field) && !(kind === "entry" && ["room", "digest"].includes(field)) ||
        kind === "items"
      ),
    ] as never[],
  }).map((say) => ({ say: say as unknown as Message }))
);

const file = fc.record({
  file: fc.record({ part: fc.constantFrom("entry", "chunk", "data", "commit"), id, content }),
  name,
  room: fc.option(room, { nil: undefined }),
});

/** A whole upload, mostly a good one, which the steps around it may disturb. */
const upload = fc.tuple(
  id,
  content,
  name,
  fc.constantFrom("private", "shared", undefined),
  fc.constantFrom<Chunk[]>("chunk", "chunk", "spoiled", "forged"),
).map(
  ([id, content, name, room, chunk]) =>
    (["entry", ...(content > 0 ? [chunk] : []), "commit"] as const).map((part) => ({
      file: { part, id, content },
      name,
      room,
    })),
);

const one: fc.Arbitrary<Step[]> = fc.oneof(
  { weight: 6, arbitrary: fc.oneof(...says).map((step) => [step]) },
  { weight: 3, arbitrary: file.map((step) => [step]) },
  { weight: 3, arbitrary: upload },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.nat({ max: 0x30 }), id, payload: bytes(50) })
      .map((frame) => [{ frame }]),
  },
  { weight: 1, arbitrary: near(fc.constantFrom(...vectorsOf("stream"))).map((raw) => [{ raw }]) },
);

/** What a peer says. */
export const steps: fc.Arbitrary<Step[]> = fc.array(one, { maxLength: 12 }).map((all) =>
  all.flat()
);

/** The same steps with ids as a client gives them, so that the conversation lasts. */
export function inOrder(steps: readonly Step[]): Step[] {
  let last = 0;
  const renumber = (id: number, begins: boolean) => begins ? ++last : Math.min(id, last);
  return steps.flatMap((step): Step[] => {
    if ("file" in step) {
      const id = renumber(last, step.file.part === "entry");
      return id === 0 ? [] : [{ ...step, file: { ...step.file, id } }];
    }
    if (!("say" in step)) return [step];
    const { kind } = step.say;
    const id = renumber(step.say.id, BEGINNING.has(kind));
    return id === 0 ? [] : [{ say: { ...step.say, id } }];
  });
}
