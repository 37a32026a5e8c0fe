/**
 * What is fuzzed, and how: a target makes values and says what must hold of each. A value is plain
 * (JSON and bytes), so that a failing one can be kept in a file and tried again by itself.
 *
 * @module
 */
import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import fc from "fast-check";
import { FtError } from "../../src/error.ts";
import { fileOfKept, textOfKept } from "./kept.ts";

/** Values of a kind, and what must hold of every one. */
export interface Target {
  readonly name: string;
  /** Cases in `deno task test`: what takes long has few. */
  readonly cases: number;
  /** Makes a value, tries it, and says with an error what did not hold. */
  readonly property: fc.IAsyncPropertyWithHooks<[unknown]>;
  /** Tries one value that was kept. */
  tryOne(value: unknown): Promise<void>;
  /** Milliseconds for which a timer of the runtime's may outlive the last value. */
  readonly lingers?: number;
}

/** Milliseconds that one value may take: far more than any needs on a busy machine. */
const CASE_MS = 20_000;

/** Makes a target; `holds` throws when something does not hold. */
export function target<T>(
  name: string,
  cases: number,
  values: fc.Arbitrary<T>,
  holds: (value: T) => void | Promise<void>,
): Target {
  const tryOne = async (value: T) => {
    const began = performance.now();
    await withoutRejections(() => inTime(holds(value)));
    const took = performance.now() - began;
    assert.ok(took < CASE_MS, `one value took ${Math.round(took)} ms`);
  };
  return {
    name,
    cases,
    property: fc.asyncProperty(values as fc.Arbitrary<unknown>, (value) => tryOne(value as T)),
    tryOne: (value) => tryOne(value as T),
  };
}

/** Fails where something would be waited for for ever; what does not wait is timed after it. */
function inTime(work: void | Promise<void>): void | Promise<void> {
  if (work === undefined) return;
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(() => late.reject(new Error("one value has no end")), CASE_MS);
  return Promise.race([work, late.promise]).finally(() => clearTimeout(timer));
}

/** Fails when a promise is rejected during `act` that nobody waits for. */
async function withoutRejections(act: () => void | Promise<void>): Promise<void> {
  const rejected: unknown[] = [];
  const hear = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    rejected.push(event.reason);
  };
  addEventListener("unhandledrejection", hear);
  try {
    const done = act();
    if (done === undefined) return;
    await done;
    // The runtime tells of rejections between two turns of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
  } finally {
    removeEventListener("unhandledrejection", hear);
  }
  if (rejected.length > 0) throw new Error("a rejection was not handled", { cause: rejected[0] });
}

/** Where a run of a target begins and how long it is. */
export interface FuzzOptions {
  readonly seed: number;
  /** Begins at one value: what a failure's report says. */
  readonly path?: string | undefined;
  /** Values to try; as many as there is time for when it is not said. */
  readonly cases?: number;
  readonly milliseconds?: number;
}

/**
 * Tries values until there are no more, or no more time.
 *
 * @returns how many.
 * @throws Error that shows the smallest failing value found, and how to have and to keep it.
 */
export async function fuzz(
  { name, property }: Target,
  { seed, path, cases = 1e9, milliseconds }: FuzzOptions,
): Promise<number> {
  const result = await fc.check(property, {
    seed,
    numRuns: cases,
    ...(path === undefined ? {} : { path }),
    ...(milliseconds === undefined ? {} : { interruptAfterTimeLimit: milliseconds }),
  });
  if (!result.failed) return result.numRuns;
  const [value] = result.counterexample ?? [];
  const text = textOfKept({ target: name, why: "say what was wrong", value });
  const shown = text.length > 4_000
    ? `${text.slice(0, 4_000)}... (${text.length} characters)`
    : text;
  throw new Error(
    `fuzz target '${name}' failed after ${result.numRuns} values.\n` +
      `Again: FT_FUZZ_TARGET='${name}' FT_FUZZ_SEED=${seed} ` +
      `FT_FUZZ_PATH=${result.counterexamplePath} deno task fuzz\n` +
      `To keep it, save this as tests/fuzz/kept/${fileOfKept(name)}:\n${shown}`,
    { cause: result.errorInstance },
  );
}

/** What an action gave: its value, or the code of the FtError it failed with. */
export type Outcome<T> = { readonly value: T } | { readonly code: string };

/** Runs something that may fail with an FtError of these codes, and in no other way. */
export async function outcomeOf<T>(
  codes: readonly string[],
  act: () => T | Promise<T>,
): Promise<Outcome<T>> {
  try {
    return { value: await act() };
  } catch (thrown) {
    return { code: expected(codes, thrown) };
  }
}

/** The same for what does not wait. */
export function outcome<T>(codes: readonly string[], act: () => T): Outcome<T> {
  try {
    return { value: act() };
  } catch (thrown) {
    return { code: expected(codes, thrown) };
  }
}

function expected(codes: readonly string[], thrown: unknown): string {
  if (!(thrown instanceof FtError)) throw new Error("not an FtError", { cause: thrown });
  if (!codes.includes(thrown.code)) {
    throw new Error(`'${thrown.code}' is none of ${codes.join(", ")}`, { cause: thrown });
  }
  return thrown.code;
}
