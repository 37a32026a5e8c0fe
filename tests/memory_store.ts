import { FtError } from "../src/error.ts";
import { numberedName } from "../src/name.ts";
import type {
  About,
  Item,
  Partial,
  Receipt,
  Room,
  Source,
  StageRequest,
  Store,
  View,
} from "../src/storage/store.ts";

/** Files up to this size keep nothing for a later run. */
const RESUMABLE_BYTES = 1024 * 1024;

/** A file of a room. */
interface Kept {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly digest: string;
  readonly tag: string;
  readonly time: number;
  /** Whose it is, under which name it was sent and from which version; none when put by hand. */
  readonly sent?: Pick<StageRequest, "owner" | "name" | "version" | "who">;
}

interface Piece {
  readonly offset: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A verified chunk: it is stored whole or not at all, like a part of an object store's upload. */
interface Part {
  readonly digest: Uint8Array<ArrayBuffer>;
  readonly pieces: readonly Piece[];
}

/** What is staged for one transfer; outlives the partials that fill it. */
class Staged {
  readonly parts = new Map<number, Part>();
  version: string | undefined;
  isMixed = false;
  holder: MemoryPartial | undefined;
}

/** Rooms in memory, where what is shared lives for ever: for tests of sessions, and to hold the interface against another store. */
export class MemoryStore implements Store {
  readonly rooms: Readonly<Record<Room, Map<string, Kept>>> = {
    private: new Map(),
    public: new Map(),
    shared: new Map(),
  };
  readonly #staged = new Map<string, Staged[]>();
  #serial = 0;

  /** Chunks that are kept for partials, and partials that are open. */
  get staged(): number {
    const slots = [...this.#staged.values()].flat();
    return slots.reduce((sum, { parts, holder }) => sum + parts.size + (holder ? 1 : 0), 0);
  }

  /** Puts a file into a room as if by hand. */
  put(room: Room, name: string, bytes: Uint8Array<ArrayBuffer>, digest = ""): void {
    const tag = String(++this.#serial);
    this.rooms[room].set(name, { name, bytes, digest, tag, time: Date.now() });
  }

  pages(room: Room): Iterable<Item[]> {
    const items = this.rooms[room].values().map(({ name, bytes, time, tag, sent }) => {
      const who = sent?.who === undefined ? {} : { who: sent.who };
      return { name, size: bytes.length, time, tag, ...who };
    });
    return [[...items].sort((a, b) => a.time - b.time || (a.name < b.name ? -1 : 1))];
  }

  about(room: Room, name: string): About {
    const kept = this.rooms[room].get(name);
    if (kept === undefined) throw new FtError("not_found", `File '${name}' not found.`);
    const { bytes, digest, tag, time } = kept;
    return { name, size: bytes.length, time, tag, ...(digest === "" ? {} : { digest }) };
  }

  unshare(name: string, view?: View): About {
    const about = this.about("shared", name);
    const owner = this.rooms.shared.get(name)?.sent?.owner;
    if (view !== undefined && view.owner !== owner) {
      throw new FtError("not_found", `File '${name}' not found.`);
    }
    this.rooms.shared.delete(name);
    return about;
  }

  // deno-lint-ignore require-await -- the interface waits
  async open(room: Room, name: string, tag?: string): Promise<Source> {
    const kept = this.rooms[room].get(name);
    if (kept === undefined) throw new FtError("not_found", `File '${name}' not found.`);
    if (tag !== undefined && tag !== kept.tag) {
      throw new FtError("stale", `'${name}' is not the file that was listed.`);
    }
    const { bytes, digest } = kept;
    return {
      size: bytes.length,
      mtime: kept.time,
      version: `memory-${kept.tag}`,
      digest: digest === "" ? undefined : digest,
      read(offset, into) {
        const piece = bytes.subarray(offset, offset + into.length);
        into.set(piece);
        return piece.length;
      },
      isUnchanged: () => true,
      close() {},
    };
  }

  note(room: Room, name: string, source: Source, digest: string): void {
    const kept = this.rooms[room].get(name);
    if (kept === undefined || source.version !== `memory-${kept.tag}`) return;
    this.rooms[room].set(name, { ...kept, digest });
  }

  async stage(request: StageRequest): Promise<Partial | Receipt> {
    const settled = this.#settled(request);
    if (settled !== undefined) return settled;
    const staged = await this.#slot(request);
    const meanwhile = this.#settled(request);
    if (meanwhile !== undefined) {
      staged.parts.clear();
      return meanwhile;
    }
    if (request.size === undefined) staged.parts.clear();
    const isOther = request.version === undefined || staged.version !== request.version;
    staged.isMixed = staged.parts.size > 0 && (staged.isMixed || isOther);
    staged.version = request.version;
    staged.holder = new MemoryPartial(request, staged, (partial) => this.#publish(partial));
    return staged.holder;
  }

  /** Where the parts of a transfer go: to its own older run's, or an interrupted one's. */
  async #slot(request: StageRequest): Promise<Staged> {
    const key = JSON.stringify([request.owner, request.room, request.name]);
    const slots = this.#staged.get(key) ?? [];
    this.#staged.set(key, slots);
    const version = ({ version }: { version: string | undefined }) =>
      version !== undefined && version === request.version;
    const own = slots.find(({ holder }) =>
      holder !== undefined && (holder.request.run === request.run || version(holder.request))
    );
    await own?.holder?.close();
    const free = slots.filter(({ holder }) => holder === undefined);
    const found = own ?? free.find(version) ?? free[0];
    if (found !== undefined) return found;
    const staged = new Staged();
    slots.push(staged);
    return staged;
  }

  #own({ owner, room, name }: StageRequest): Kept[] {
    return [...this.rooms[room].values()].filter(({ sent }) =>
      sent?.owner === owner && sent.name === name
    );
  }

  #settled(request: StageRequest): Receipt | undefined {
    const { room, name, version, size, conflict } = request;
    const own = this.#own(request);
    const before = own.find(({ bytes, sent }) =>
      version !== undefined && sent?.version === version && bytes.length === size
    );
    if (before !== undefined) return receiptOf(before, "same");
    const isTaken = own.length > 0 || (!request.blind && this.rooms[room].has(name));
    if (!isTaken || conflict === "rename") return undefined;
    if (conflict === "skip") return { name, size: 0, digest: "", outcome: "skipped" };
    if (conflict === "fail") throw new FtError("exists", `'${name}' exists.`);
    if (own.length === 0) throw new FtError("denied", `'${name}' is somebody else's.`);
    return undefined;
  }

  #publish({ request, bytes, digest }: Complete): Receipt {
    const { room, conflict } = request;
    const files = this.rooms[room];
    const own = this.#own(request);
    const same = own.find((kept) => kept.digest === digest);
    if (same !== undefined) return receiptOf(same, "same");
    const over = conflict === "overwrite"
      ? own.find(({ name }) => name === request.name) ?? own[0]
      : undefined;
    let name = over?.name ?? request.name;
    for (let number = 2; over === undefined && files.has(name); number++) {
      if ((conflict === "fail" || conflict === "skip") && !request.blind) {
        throw new FtError("exists", `'${name}' exists.`);
      }
      name = numberedName(request.name, number);
    }
    const tag = String(++this.#serial);
    const kept = { name, bytes, digest, tag, time: Date.now(), sent: request };
    files.set(name, kept);
    return receiptOf(kept, over === undefined ? "new" : "replaced");
  }
}

function receiptOf({ name, bytes, digest }: Kept, outcome: Receipt["outcome"]): Receipt {
  return { name, size: bytes.length, digest, outcome };
}

interface Complete {
  readonly request: StageRequest;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly digest: string;
}

class MemoryPartial implements Partial {
  readonly request: StageRequest;
  readonly held: Partial["held"];
  readonly version: string | undefined;
  readonly #staged: Staged;
  readonly #place: (complete: Complete) => Receipt;
  #pieces: Piece[] = [];

  constructor(request: StageRequest, staged: Staged, place: (complete: Complete) => Receipt) {
    this.request = request;
    this.#staged = staged;
    this.#place = place;
    this.held = [...staged.parts].sort(([a], [b]) => a - b)
      .map(([index, { digest }]) => ({ index, digest }));
    this.version = staged.isMixed ? undefined : request.version;
  }

  write(offset: number, bytes: Uint8Array): void {
    this.#check();
    this.#pieces.push({ offset, bytes: new Uint8Array(bytes) });
  }

  keep(index: number, digest: Uint8Array): void {
    this.#check();
    if (digest.every((byte) => byte === 0)) {
      this.#staged.parts.delete(index);
      return;
    }
    this.#staged.parts.set(index, { digest: new Uint8Array(digest), pieces: this.#pieces });
    this.#pieces = [];
  }

  // deno-lint-ignore require-await -- the interface waits
  async publish(size: number, digest: string): Promise<Receipt> {
    this.#check();
    const bytes = new Uint8Array(size);
    for (const { pieces } of this.#staged.parts.values()) {
      for (const { offset, bytes: piece } of pieces) {
        if (offset < size) bytes.set(piece.subarray(0, size - offset), offset);
      }
    }
    this.#staged.holder = undefined;
    const receipt = this.#place({ request: this.request, bytes, digest });
    this.#staged.parts.clear();
    return receipt;
  }

  // deno-lint-ignore require-await -- the interface waits
  async close(): Promise<void> {
    if (this.#staged.holder !== this) return;
    this.#staged.holder = undefined;
    const { size } = this.request;
    if (size === undefined || size <= RESUMABLE_BYTES) this.#staged.parts.clear();
  }

  // deno-lint-ignore require-await -- the interface waits
  async discard(): Promise<void> {
    if (this.#staged.holder !== this) return;
    this.#staged.holder = undefined;
    this.#staged.parts.clear();
  }

  #check(): void {
    if (this.#staged.holder === this) return;
    throw new FtError("superseded", "A newer run of the same transfer took it over.");
  }
}
