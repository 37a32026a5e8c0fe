import { type Clock, SYSTEM_CLOCK } from "../clock.ts";

/** Milliseconds that a budget is for. */
const WINDOW_MS = 60_000;

/** So many lines a minute, so that whoever causes them cannot fill the disk that takes the log. */
export class LineBudget {
  readonly #lines: number;
  readonly #onMore: (count: number) => void;
  readonly #clock: Clock;
  #since = -Infinity;
  #spent = 0;
  #cancel: (() => void) | undefined;

  /** `onMore` hears, a minute after the first line of a budget, how many there were beyond it. */
  constructor(lines: number, onMore: (count: number) => void, clock: Clock = SYSTEM_CLOCK) {
    this.#lines = lines;
    this.#onMore = onMore;
    this.#clock = clock;
  }

  /** Whether one more line may be written. */
  spend(): boolean {
    const now = this.#clock.now();
    if (now - this.#since >= WINDOW_MS) {
      this.close();
      this.#since = now;
    }
    this.#spent++;
    if (this.#spent <= this.#lines) return true;
    // The minute ends with a line of its own, also when nothing more happens.
    this.#cancel ??= this.#clock.after(this.#since + WINDOW_MS - now, () => this.close());
    return false;
  }

  /** Says at once how many lines were not written. */
  close(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    const more = this.#spent - this.#lines;
    this.#spent = 0;
    this.#since = -Infinity;
    if (more > 0) this.#onMore(more);
  }
}
