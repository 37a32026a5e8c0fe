/**
 * What is said: every message of FT/1 with its frame type and its fields. PROTOCOL.md holds the
 * same table; a test compares them.
 *
 * @module
 */
import {
  DOWNLOADS,
  FILE_BYTES,
  LIFE_MILLISECONDS,
  LIST_ITEMS,
  MANIFEST_ENTRIES,
  MATCH_UNITS,
  NOTE_UNITS,
  TREE_ENTRIES,
} from "./limits.ts";
import {
  type Check,
  type Checked,
  count,
  flag,
  list,
  object,
  oneOf,
  optional,
  text,
  time,
} from "./schema.ts";

/** A word of the protocol: a feature, a verb, a code. */
const word = text(64);
const words = list(word, 64);
/** Names are checked by name.ts, where a bad one fails its transfer alone; here only bounded. */
const name = text(8192);
const room = oneOf("private", "public", "shared");
const fileSize = count(FILE_BYTES);
/** A token that only its maker can read: a version of a source, an entry of a list. */
const opaque = text(128);
const digest = text(128);

const note = text(NOTE_UNITS);
/** The name of a format that content is encrypted in. */
const secret = text(32);

/** How long something that is shared lives, and what is said of it. */
const terms = {
  expires: optional(count(LIFE_MILLISECONDS, 1)),
  downloads: optional(count(DOWNLOADS, 1)),
  note: optional(note),
  secret: optional(secret),
};
/** Checks terms that stand alone. */
export const checkTerms: Check<ShareTerms> = object(terms);

/** What is known of a file of a room. */
const listed = {
  name,
  size: fileSize,
  time,
  tag: opaque,
  who: optional(text(64)),
  expires: optional(time),
  downloads: optional(count(DOWNLOADS)),
  note: optional(note),
  secret: optional(secret),
  mine: optional(flag),
  files: optional(count(TREE_ENTRIES)),
  missing: optional(count(TREE_ENTRIES)),
};
const item = object(listed);

const conflict = oneOf("rename", "overwrite", "skip", "fail");
/** Which entry of a tree's manifest: they are counted from 0 over all of it. */
const entryIndex = count(TREE_ENTRIES - 1);
/** Neighbouring entries: the first of each run and how many, one after the other. */
const runs = list(count(TREE_ENTRIES), 2 * MANIFEST_ENTRIES);

const treeEntry = object({
  path: name,
  kind: oneOf("file", "folder", "link", "absent"),
  size: optional(fileSize),
  mtime: optional(time),
  exec: optional(flag),
  target: optional(text(4096)),
  digest: optional(digest),
});

const treeFault = object({
  index: entryIndex,
  code: word,
  message: text(4096),
  hint: optional(text(1024)),
});

/** The messages whose payload is JSON, with their fields. */
export const JSON_FIELDS = {
  hello: object({
    agent: text(128),
    features: words,
    require: words,
    owner: optional(text(64)),
    run: optional(text(64)),
    token: optional(text(256)),
    compress: optional(flag),
    join: optional(word),
  }),
  welcome: object({
    agent: text(128),
    features: words,
    verbs: words,
    transfers: count(65_536),
    key: optional(word),
  }),
  error: object({
    code: word,
    message: text(4096),
    hint: optional(text(1024)),
    supported: optional(list(count(65_535), 64)),
  }),
  entry: object({
    name,
    room: optional(room),
    size: optional(fileSize),
    mtime: optional(time),
    source: optional(opaque),
    digest: optional(digest),
    exec: optional(flag),
    conflict: optional(conflict),
    ...terms,
    dry: optional(flag),
    tree: optional(count(2 ** 32 - 1)),
    index: optional(entryIndex),
  }),
  ready: object({ source: optional(opaque) }),
  commit: object({ digest }),
  done: object({
    name,
    digest,
    outcome: oneOf("new", "replaced", "same", "skipped"),
  }),
  ack: object({ verified: fileSize, chunk: optional(count(2 ** 32 - 1)) }),
  request: object({
    name,
    room,
    tag: optional(opaque),
    size: optional(fileSize),
    tree: optional(count(2 ** 32 - 1)),
    index: optional(entryIndex),
    ordered: optional(flag),
  }),
  list: object({ room, mine: optional(flag), match: optional(text(MATCH_UNITS)) }),
  items: object({ items: list(item, LIST_ITEMS), last: flag }),
  unshare: object({ name }),
  info: object({ room, name }),
  about: object({ ...listed, digest: optional(digest), mtime: optional(time) }),
  browse: object({ name, room, tag: optional(opaque), checksum: optional(flag) }),
  tree: object({
    name,
    room: optional(room),
    mtime: optional(time),
    conflict: optional(conflict),
    ...terms,
    part: optional(flag),
    dry: optional(flag),
  }),
  manifest: object({ entries: list(treeEntry, MANIFEST_ENTRIES), last: flag }),
  want: object({ runs, last: flag }),
  result: object({
    new: optional(runs),
    replaced: optional(runs),
    same: optional(runs),
    skipped: optional(runs),
    failed: optional(list(treeFault, MANIFEST_ENTRIES)),
  }),
} as const satisfies Record<string, Check<unknown>>;

/** The frame type of every message. */
export const FRAME_TYPES = {
  hello: 0x01,
  welcome: 0x02,
  error: 0x03,
  ping: 0x04,
  entry: 0x10,
  held: 0x11,
  ready: 0x12,
  data: 0x13,
  chunk: 0x14,
  commit: 0x15,
  ack: 0x16,
  done: 0x17,
  request: 0x20,
  list: 0x21,
  items: 0x22,
  unshare: 0x25,
  info: 0x26,
  about: 0x27,
  browse: 0x28,
  tree: 0x29,
  manifest: 0x2a,
  want: 0x2b,
  pack: 0x2c,
  result: 0x2d,
  seal: 0x2e,
  zstd: 0x30,
} as const;

/** The kind of a message. */
export type Kind = keyof typeof FRAME_TYPES;

type Of<K extends Kind, F> = { readonly kind: K; readonly id: number } & F;
type Json = {
  [K in keyof typeof JSON_FIELDS]: Of<K, Checked<(typeof JSON_FIELDS)[K]>>;
};

/** Proof of what the receiver holds: the digests of neighbouring chunks, from `first` on. */
export type Held = Of<"held", {
  readonly first: number;
  readonly digests: Uint8Array<ArrayBuffer>;
}>;
/** What carries bytes of files. */
interface Carrier {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The bytes that travelled in their place, where they came compressed. */
  readonly travelled?: number;
}
/** Bytes of a chunk that has more to come. */
export type Data = Of<"data", Carrier & { readonly chunk: number }>;
/** The last bytes of a chunk, with the digest of all of them. */
export type Chunk = Of<
  "chunk",
  Carrier & { readonly chunk: number; readonly digest: Uint8Array<ArrayBuffer> }
>;
/** Small files, whole: see pack.ts. */
export type Pack = Of<"pack", Carrier>;
/** One of these, compressed: see zstd.ts. */
export type Zstd = Of<"zstd", {
  /** The type of the frame that it stands for. */
  readonly type: number;
  /** Bytes of the payload of that frame. */
  readonly length: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}>;
/** Says that nothing more of a folder can be sent. */
export type Seal = Of<"seal", unknown>;
/** Says only that its sender lives. */
export type Ping = Of<"ping", unknown>;

/** A message of one kind. */
export type MessageOf<K extends Kind> = Extract<Message, { kind: K }>;
/** One message of FT/1. `id` is its transfer; 0 is the connection. */
export type Message = Json[keyof Json] | Held | Data | Chunk | Pack | Zstd | Seal | Ping;
/** One file of a room, as a list shows it. */
export type Item = Checked<typeof item>;
/** What is known of one file of a room. */
export type About = MessageOf<"about">;
/** How long what is shared lives (milliseconds, downloads), and what is said of it. */
export type ShareTerms = {
  readonly [K in keyof typeof terms]?: Checked<(typeof terms)[K]>;
};
/** What is offered: one file with what is known of it. */
export type Entry = MessageOf<"entry">;
/** One entry of a tree's manifest: a file, a folder or a link in it. */
export type TreeEntry = Checked<typeof treeEntry>;
/** Why an entry of a tree is not where it was to go. */
export type TreeFault = Checked<typeof treeFault>;
/** What to do when a file of the name is there. */
export type Conflict = NonNullable<Entry["conflict"]>;
