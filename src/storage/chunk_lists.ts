import type { KnownChunks, Room } from "./store.ts";

/** Bytes of all lists together: those of 256 GiB in files of up to 4 GiB. */
const LISTS_BYTES = 8 * 1024 * 1024;
/** A shorter list is of a file that is hashed in no time. */
const LIST_BYTES = 16 * 32;

/** The digests of the chunks of one version of a file. */
interface ChunkList {
  readonly version: string;
  readonly digests: Uint8Array;
}

/**
 * The digests of the chunks of files that were read in full, so that a file which many fetch is
 * hashed once. They are kept in memory, those used last: reading again is all that losing one costs.
 */
export class ChunkLists {
  readonly #most: number;
  /** By room and name, the one used longest ago first. */
  readonly #lists = new Map<string, ChunkList>();
  #bytes = 0;

  /** `most` is how many bytes all lists may have together. */
  constructor(most: number = LISTS_BYTES) {
    this.#most = most;
  }

  /** What is known of the chunks of exactly this version of a file. */
  get(room: Room, name: string, version: string): KnownChunks | undefined {
    const list = this.#lists.get(keyOf(room, name));
    if (list === undefined || list.version !== version) return undefined;
    this.put(room, name, list);
    return { digests: list.digests, forget: () => this.forget(room, name) };
  }

  /** Keeps a list in place of that of any other version of the file. */
  put(room: Room, name: string, list: ChunkList): void {
    this.forget(room, name);
    if (list.digests.length < LIST_BYTES || list.digests.length > this.#most) return;
    this.#lists.set(keyOf(room, name), list);
    this.#bytes += list.digests.length;
    for (const [key, { digests }] of this.#lists) {
      if (this.#bytes <= this.#most) break;
      this.#lists.delete(key);
      this.#bytes -= digests.length;
    }
  }

  /** Forgets the list of a file. */
  forget(room: Room, name: string): void {
    const key = keyOf(room, name);
    this.#bytes -= this.#lists.get(key)?.digests.length ?? 0;
    this.#lists.delete(key);
  }
}

function keyOf(room: Room, name: string): string {
  return `${room}/${name}`;
}
