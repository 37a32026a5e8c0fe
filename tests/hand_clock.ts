import type { Clock } from "../src/clock.ts";

/** A clock that a test moves. */
export class HandClock implements Clock {
  #now = 0;
  #due: { at: number; work: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  after(milliseconds: number, work: () => void): () => void {
    const entry = { at: this.#now + milliseconds, work };
    this.#due.push(entry);
    return () => this.#due = this.#due.filter((one) => one !== entry);
  }

  /** How much waits for its time. */
  get pending(): number {
    return this.#due.length;
  }

  /** Moves on at once; what was due by then is done. */
  move(milliseconds: number): void {
    this.#to(this.#now + milliseconds);
  }

  /** Moves on step by step, and lets what waits go on in between. */
  async run(milliseconds: number): Promise<void> {
    for (const end = this.#now + milliseconds; this.#now < end;) {
      await new Promise<void>((turn) => setImmediate(turn));
      this.#to(Math.min(end, ...this.#due.map(({ at }) => Math.max(at, this.#now))));
    }
    await new Promise<void>((turn) => setImmediate(turn));
  }

  #to(now: number): void {
    this.#now = now;
    const due = this.#due.filter(({ at }) => at <= now);
    this.#due = this.#due.filter(({ at }) => at > now);
    for (const { work } of due) work();
  }
}
