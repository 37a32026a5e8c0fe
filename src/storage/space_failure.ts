/**
 * What is said to whoever wants more space than there is: which limit, how much it is, and whether
 * waiting helps. How much others have in a room is nobody's business and not said.
 *
 * @module
 */
import { FtError } from "../error.ts";
import type { Room } from "./store.ts";

const UNITS = ["KiB", "MiB", "GiB", "TiB"] as const;

/** Bytes for people: whole where they are, else with up to two decimals. */
function amount(bytes: number): string {
  let value = bytes;
  let shown = "bytes";
  for (const unit of UNITS) {
    if (value < 1024) break;
    value /= 1024;
    shown = unit;
  }
  return `${Math.floor(value * 100) / 100} ${shown}`;
}

const NO_WAITING = "Waiting does not help: ask whoever runs the server.";
const WAITING = "Uploads that are under way take up the rest: once they have ended it may fit.";

/** A file is larger than any that is taken, or has grown past that. */
export function tooLarge(name: string, most: number): FtError {
  return new FtError("limit", `'${name}' is larger than ${amount(most)} (--max-file).`, {
    hint: NO_WAITING,
  });
}

/** A room would hold more than it may. `mayFit`: without what is under way there is space. */
export function overQuota(name: string, room: Room, quota: number, mayFit: boolean): FtError {
  const message = `'${name}' does not fit: the ${room} room holds at most ${amount(quota)} ` +
    "(--quota).";
  return new FtError("limit", message, { hint: mayFit ? WAITING : NO_WAITING });
}

/** The disk would have less free space than it keeps. */
export function tooLittleFree(name: string, least: number, mayFit: boolean): FtError {
  const message = `'${name}' does not fit: ${amount(least)} of the disk stay free (--min-free).`;
  const noWaiting = "Once there is space again, run the same: it goes on where it stopped.";
  return new FtError("disk_full", message, { hint: mayFit ? WAITING : noWaiting });
}
