import type { Item, Room } from "../mod.ts";
import type { ItemLine } from "./json.ts";

/** A file or folder of a room as its line says it. */
export function remoteLine(
  room: Room,
  { name, size, time, who, mine, files, missing, downloads, expires, secret, note }: Item,
): ItemLine & { readonly what: "file" | "folder" } {
  return {
    what: files === undefined ? "file" : "folder",
    room,
    name,
    size,
    time: timeLine(time),
    who: who ?? null,
    mine: mine ?? null,
    files: files ?? null,
    missing: missing ?? null,
    downloads: downloads ?? null,
    expires: expires === undefined ? null : timeLine(expires),
    secret: secret ?? null,
    // The note of what is secret is secret as well.
    note: secret === undefined ? note ?? null : null,
  };
}

/** A time in milliseconds since 1970 as lines say it; one that no date has is none. */
export function timeLine(time: number): string | null {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}
