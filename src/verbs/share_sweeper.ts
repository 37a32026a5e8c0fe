import { type FtError, toFailure } from "../error.ts";
import type { SharedRoom } from "../storage/shared_room.ts";

/** Longest time between two looks, in milliseconds: the clock on the wall may be set meanwhile. */
const LOOK_MS = 60_000;
/** Shortest one: many ends of downloads make one look. */
const LEAST_MS = 50;

/** Removes what is over from the shared room, soon after it is. */
export class ShareSweeper {
  readonly #shared: SharedRoom;
  readonly #onTrouble: (failure: FtError) => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  /** Begins with what was over before; `onTrouble` hears of what cannot be removed. */
  constructor(shared: SharedRoom, onTrouble: (failure: FtError) => void) {
    this.#shared = shared;
    this.#onTrouble = onTrouble;
    shared.onChange = () => this.#plan();
    this.#sweep();
  }

  #sweep(): void {
    try {
      this.#shared.sweep();
    } catch (thrown) {
      this.#onTrouble(toFailure(thrown));
    }
    this.#plan();
  }

  #plan(): void {
    if (this.#isClosed) return;
    clearTimeout(this.#timer);
    const next = this.#shared.next() ?? Infinity;
    const wait = Math.max(LEAST_MS, Math.min(next - Date.now(), LOOK_MS));
    this.#timer = setTimeout(() => this.#sweep(), wait);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }
}
