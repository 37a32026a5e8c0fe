import { Turn } from "../session/turn.ts";

/** Lets files that get one name go one after the other: two at once would be one transfer. */
export class NameTurns {
  readonly #turns = new Map<string, Turn>();

  /** Runs `work` when nothing else that gets this name is under way. */
  take<T>(name: string, work: () => Promise<T>): Promise<T> {
    const turn = this.#turns.get(name) ?? new Turn();
    this.#turns.set(name, turn);
    return turn.take(work);
  }
}
