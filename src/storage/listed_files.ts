import { isSame } from "./confine.ts";
import { holds } from "./file_record.ts";
import { tagOf } from "./local_source.ts";
import type { Records } from "./records.ts";
import { itemOf } from "./shared_room.ts";
import type { Item, Room } from "./store.ts";
import { attempt } from "./walk.ts";

/** A folder of a room, as it was when it was last read. */
export interface ListedFolder {
  readonly path: string;
  /** What the names of all that is in it begin with: empty, or its own name and a slash. */
  readonly prefix: string;
  /** What was there under its path; undefined before it was read. */
  info: Deno.FileInfo | undefined;
  /** The round in which it was last looked for, and whether it was there. */
  round: number;
  isThere: boolean;
}

/** A file of a room, and what was known of it when it was last looked at. */
export interface ListedFile {
  readonly folder: ListedFolder;
  /** Its own name on the disk. */
  readonly part: string;
  item: Item;
  /** Hash of the key of whoever sent it; empty for a file that was put there by hand. */
  owner: string;
  /** The state of the records that it was looked up in. */
  known: string;
  /** The round in which it was last seen to be there. */
  seen: number;
}

/** Looks at the files of a room: what they are on the disk, and what the records say of them. */
export class ListedFiles {
  readonly #room: Room;
  readonly #records: Records | undefined;
  #round = 0;

  constructor(room: Room, records: Records | undefined) {
    this.#room = room;
    // Nobody sends files into the public room, so no row says whose one of them is.
    this.#records = room === "public" ? undefined : records;
  }

  /** What {@linkcode look} counts: what is seen from now on is seen in a later round. */
  get round(): number {
    return this.#round;
  }

  /**
   * Looks at files that were not seen after the round `since`, in one turn of the event loop, and
   * returns those that are there. A folder may have become a link since it was read, so it is looked
   * at, too.
   */
  look(files: readonly ListedFile[], since: number): ListedFile[] {
    this.#round++;
    const known = this.#records?.stamp() ?? "";
    const there: ListedFile[] = [];
    const changed = new Map<ListedFile, Deno.FileInfo>();
    for (const file of files) {
      const { folder, part } = file;
      if (file.seen > since && file.known === known) {
        there.push(file);
        continue;
      }
      if (!this.#isThere(folder)) continue;
      const info = attempt(() => Deno.lstatSync(`${folder.path}/${part}`));
      if (!info?.isFile) continue;
      there.push(file);
      file.seen = this.#round;
      if (file.known !== known || file.item.tag !== tagOf(info)) changed.set(file, info);
    }
    if (changed.size > 0) this.#learn(changed, known);
    return there;
  }

  /** What has its path is no link and the same folder, whatever is on the way there. */
  #isThere(folder: ListedFolder): boolean {
    if (folder.round === this.#round) return folder.isThere;
    const there = attempt(() => Deno.lstatSync(folder.path));
    folder.round = this.#round;
    return folder.isThere = there?.isDirectory === true && folder.info !== undefined &&
      isSame(there, folder.info);
  }

  /** Looks files up in the records, all of them at once: one by one takes much longer. */
  #learn(files: ReadonlyMap<ListedFile, Deno.FileInfo>, known: string): void {
    const names = this.#records === undefined ? [] : [...files.keys()].map(({ item }) => item.name);
    const rows = this.#records?.named(this.#room, names);
    const shares = this.#room === "shared" ? this.#records?.shares.named(names) : undefined;
    for (const [file, info] of files) {
      const { name } = file.item;
      const row = rows?.get(name)?.find((row) => holds(row, info) && row.owner !== "");
      const share = row && shares?.get(name)?.find(({ ino }) => ino === row.ino);
      file.item = itemOf(name, info, { row, share, view: undefined });
      file.owner = row?.owner ?? "";
      file.known = known;
    }
  }
}
