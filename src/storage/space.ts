/**
 * How much a store may take up: the largest file, what each room holds, and what stays free on the
 * disk. What is under way counts with the size it was offered with, so that transfers together
 * stay within what each of them was promised; one that brings nothing for a while counts with
 * what it has brought. Nothing of this is kept: it is measured again from what lies there.
 *
 * @module
 */
import { storageFailure } from "./failure.ts";
import type { FreeSpace, FreeSpaceProbe } from "./free_space.ts";
import { listLeftovers } from "./leftovers.ts";
import { SpaceClaim } from "./space_claim.ts";
import { overQuota, tooLarge, tooLittleFree } from "./space_failure.ts";
import type { Receipt, Room, StageRequest } from "./store.ts";
import { filesBelow } from "./walk.ts";

/** Milliseconds for which a measurement of a room is good enough to refuse by. */
const ROOM_MS = 2_000;
/** Milliseconds for which one of the disk is good enough to go on by. */
const DISK_MS = 1_000;
/** Entries looked at before other work gets a turn. */
const TURN_ENTRIES = 500;
/** What stays free when nobody says: so much, or so much of the whole. */
const MIN_FREE_BYTES = 1024 ** 3;
const MIN_FREE_SHARE = 0.05;

/** How much a store may take up, in bytes. */
export interface SpaceLimits {
  /** Of one file. */
  readonly maxFile: number;
  /** Of all files of a room, with what is staged and recorded for it; undefined for no limit. */
  readonly quota: number | undefined;
  /** What stays free; undefined for the smaller of 1 GiB and 5 % of the file system. */
  readonly minFree: number | undefined;
}

/** What is limited, and how it is measured. */
export interface SpaceOptions extends SpaceLimits {
  /** The folder of each room. */
  readonly rooms: { readonly [R in Room]?: string };
  readonly staging: string;
  /** Bytes of what is recorded for a room of files that are not there, in parts. */
  readonly recorded: (room: Room) => Iterable<number>;
  /** Looks at the disk, once it is loaded; without it nothing is kept free. */
  readonly probe?: Promise<FreeSpaceProbe | undefined>;
  /** Milliseconds, of any beginning. */
  readonly now?: () => number;
}

/** One room's files: as they were measured. */
interface Measured {
  readonly bytes: number;
  readonly at: number;
  /** Bytes that had ever been published then, and how often a file had been replaced. */
  readonly published: number;
  readonly replaced: number;
}

/** The space of a store. */
export class Space {
  readonly #options: SpaceOptions;
  readonly #now: () => number;
  readonly #claims = new Set<SpaceClaim>();
  readonly #rooms = new Map<Room, Measured>();
  readonly #measuring = new Map<Room, Promise<void>>();
  readonly #changes = new Map<Room, { published: number; replaced: number }>();
  /** What interrupted transfers left, by path. */
  #left = new Map<string, { room: string; bytes: number }>();
  #probe: FreeSpaceProbe | undefined;
  #disk: FreeSpace & { readonly at: number } | undefined;
  #writtenSince = 0;

  constructor(options: SpaceOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** Throws `limit` when a file of this size can never be taken. */
  check({ name, room, size = 0 }: Pick<StageRequest, "name" | "room" | "size">): void {
    const { maxFile, quota } = this.#options;
    if (size > maxFile) throw tooLarge(name, maxFile);
    if (quota !== undefined && size > quota) throw overQuota(name, room, quota, false);
  }

  /** Counts what is staged at `path` as in use; {@linkcode SpaceClaim.reserve} asks for the rest. */
  claim(request: StageRequest, path: string, staged: number): SpaceClaim {
    const claim = new SpaceClaim(this, request, path, staged);
    this.#claims.add(claim);
    this.#left.delete(path);
    return claim;
  }

  /** @internal Waits for what it takes to look at the disk. */
  async prepare(): Promise<void> {
    this.#probe ??= await this.#options.probe;
  }

  /** @internal Lets `claim` have `bytes` up to `end`; waits only where a room is measured again. */
  grow(claim: SpaceClaim, end: number, bytes: number): void | Promise<void> {
    const { quota, maxFile } = this.#options;
    const { name, room } = claim.request;
    if (end > maxFile) throw tooLarge(name, maxFile);
    const now = this.#now();
    const more = claim.growth(end, now);
    if (quota === undefined || more === 0) return this.#take(claim, end, bytes);
    const measured = this.#rooms.get(room);
    if (measured !== undefined) {
      if (this.#fits(room, more)) return this.#take(claim, end, bytes);
      // How large a file was that made way is not known: then it is looked at again.
      const isExact = measured.replaced === this.#changesOf(room).replaced;
      if (isExact && now - measured.at < ROOM_MS) throw this.#overQuota(claim, more, quota);
    }
    return this.#measured(room).then(() => {
      // Others may have grown meanwhile: what is looked at now is taken in the same turn.
      const more = claim.growth(end, this.#now());
      if (!this.#fits(room, more)) throw this.#overQuota(claim, more, quota);
      this.#take(claim, end, bytes);
    });
  }

  /** @internal Ends a claim: what it staged has its place, stays for later, or is gone. */
  release(claim: SpaceClaim, receipt: Receipt | undefined, isKept: boolean): void {
    if (!this.#claims.delete(claim)) return;
    const { room } = claim.request;
    if (isKept) this.#left.set(claim.path, { room, bytes: claim.staged });
    if (receipt?.outcome !== "new" && receipt?.outcome !== "replaced") return;
    const changes = this.#changesOf(room);
    changes.published += receipt.size;
    if (receipt.outcome === "replaced") changes.replaced++;
  }

  #changesOf(room: Room): { published: number; replaced: number } {
    const changes = this.#changes.get(room) ?? { published: 0, replaced: 0 };
    this.#changes.set(room, changes);
    return changes;
  }

  #take(claim: SpaceClaim, end: number, bytes: number): void {
    const now = this.#now();
    claim.takeOver(now);
    this.#checkFree(claim, end, bytes);
    claim.take(end, bytes, now);
    this.#writtenSince += bytes;
  }

  #used(room: Room): number {
    const now = this.#now();
    const { bytes = 0, published = 0 } = this.#rooms.get(room) ?? {};
    let sum = bytes + this.#changesOf(room).published - published;
    for (const left of this.#left.values()) if (left.room === room) sum += left.bytes;
    for (const claim of this.#claims) if (claim.request.room === room) sum += claim.counted(now);
    return sum;
  }

  #fits(room: Room, more: number): boolean {
    return this.#used(room) + more <= (this.#options.quota ?? Infinity);
  }

  #overQuota(claim: SpaceClaim, more: number, quota: number): Error {
    const { name, room } = claim.request;
    const now = this.#now();
    let others = 0;
    for (const other of this.#claims) {
      if (other !== claim && other.request.room === room) others += other.counted(now);
    }
    return overQuota(name, room, quota, this.#used(room) - others + more <= quota);
  }

  /** Measures a room; what asks meanwhile waits for the same measurement. */
  #measured(room: Room): Promise<void> {
    const running = this.#measuring.get(room);
    if (running !== undefined) return running;
    const measuring = this.#measure(room).finally(() => this.#measuring.delete(room));
    this.#measuring.set(room, measuring);
    return measuring;
  }

  async #measure(room: Room): Promise<void> {
    const { rooms: { [room]: folder }, recorded, staging } = this.#options;
    // What is published meanwhile may be seen or not: it is added, and so at worst counted twice.
    const before = { at: this.#now(), ...this.#changesOf(room) };
    let bytes = 0;
    let looked = 0;
    for (const { info } of folder === undefined ? [] : filesBelow(folder)) {
      if (++looked % TURN_ENTRIES === 0) await new Promise<void>((turn) => setImmediate(turn));
      bytes += info?.size ?? 0;
    }
    for (const part of recorded(room)) {
      await new Promise<void>((turn) => setImmediate(turn));
      bytes += part;
    }
    this.#rooms.set(room, { bytes, ...before });
    this.#left = new Map();
    const inUse = new Set([...this.#claims].map(({ path }) => path));
    for (const { room, staged, paths, busy } of listLeftovers(staging)) {
      const path = paths.find((path) => path.endsWith(".part")) ?? "";
      if (!busy && !inUse.has(path)) this.#left.set(path, { room, bytes: staged });
    }
  }

  /** Throws `disk_full` when the disk has not the space that `bytes` more leave free. */
  #checkFree(claim: SpaceClaim, end: number, bytes: number): void {
    const { staging, minFree } = this.#options;
    const probe = this.#probe;
    if (probe === undefined || minFree === 0) return;
    const now = this.#now();
    const isPromised = claim.isReserved(now) && end <= (claim.request.size ?? -1);
    const others = isPromised ? 0 : this.#promised(claim, now);
    const wanted = isPromised ? bytes : Math.max(bytes, claim.toCome);
    const isEnough = ({ free, total }: FreeSpace, written: number) =>
      free - written - wanted - others >= leastFree(total, minFree);
    if (this.#disk !== undefined && now - this.#disk.at < DISK_MS) {
      if (isEnough(this.#disk, this.#writtenSince)) return;
    }
    let disk: FreeSpace;
    try {
      // The staging folder comes and goes; the folder it lies in stays.
      disk = probe(staging.slice(0, staging.lastIndexOf("/")));
    } catch (thrown) {
      throw storageFailure(thrown, "see how much space is free");
    }
    this.#disk = { ...disk, at: now };
    this.#writtenSince = 0;
    if (isEnough(disk, 0)) return;
    const least = leastFree(disk.total, minFree);
    throw tooLittleFree(claim.request.name, least, disk.free - wanted >= least);
  }

  /** Bytes that the others are still to bring. */
  #promised(claim: SpaceClaim, now: number): number {
    let sum = 0;
    for (const other of this.#claims) {
      if (other !== claim && other.isReserved(now)) sum += other.toCome;
    }
    return sum;
  }
}

function leastFree(total: number, minFree: number | undefined): number {
  return minFree ?? Math.min(MIN_FREE_BYTES, Math.floor(total * MIN_FREE_SHARE));
}
