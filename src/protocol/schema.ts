/**
 * Checks for values that came as JSON. Each check returns the value with its type, or throws
 * `protocol`. Fields a check does not know are ignored, so that later versions may add some.
 *
 * @module
 */
import { FtError } from "../error.ts";

/** Returns `value` as a T or throws; `path` says in the error what was checked. */
export type Check<T> = (value: unknown, path: string) => T;

/** The type that a check returns. */
export type Checked<C> = C extends Check<infer T> ? T : never;

function fail(path: string, expected: string): never {
  throw new FtError("protocol", `A message's field ${path} is not ${expected}.`);
}

/** A string of at most `max` UTF-16 units. */
export function text(max: number): Check<string> {
  return (value, path) =>
    typeof value === "string" && value.length <= max
      ? value
      : fail(path, `a string of at most ${max} characters`);
}

/** A whole number from `min` to `max`. */
export function count(max: number = Number.MAX_SAFE_INTEGER, min: number = 0): Check<number> {
  return (value, path) =>
    Number.isSafeInteger(value) && value as number >= min && value as number <= max
      ? value as number
      : fail(path, `a whole number from ${min} to ${max}`);
}

/** A time in milliseconds since 1970, also before; within what a Date holds. */
export function time(value: unknown, path: string): number {
  return Number.isSafeInteger(value) && Math.abs(value as number) <= 8.64e15
    ? value as number
    : fail(path, "a time in milliseconds");
}

/** True or false. */
export function flag(value: unknown, path: string): boolean {
  return typeof value === "boolean" ? value : fail(path, "true or false");
}

/** One of the given words. */
export function oneOf<const W extends string>(...words: W[]): Check<W> {
  return (value, path) =>
    words.includes(value as W) ? value as W : fail(path, `one of ${words.join(", ")}`);
}

/** A list of at most `max` values. */
export function list<T>(check: Check<T>, max: number): Check<T[]> {
  return (value, path) =>
    Array.isArray(value) && value.length <= max
      ? value.map((item, index) => check(item, `${path}[${index}]`))
      : fail(path, `a list of at most ${max}`);
}

/** A value that may be missing. */
export function optional<T>(check: Check<T>): Check<T | undefined> {
  return (value, path) => value === undefined ? undefined : check(value, path);
}

type Fields = Record<string, Check<unknown>>;
/** Fields that may be undefined may also be left out. */
type CheckedFields<F extends Fields> =
  & { readonly [K in keyof F as undefined extends Checked<F[K]> ? never : K]: Checked<F[K]> }
  & { readonly [K in keyof F as undefined extends Checked<F[K]> ? K : never]?: Checked<F[K]> };

/** An object with these fields. */
export function object<F extends Fields>(fields: F): Check<CheckedFields<F>> {
  const entries = Object.entries(fields);
  return (value, path) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      fail(path, "an object");
    }
    const checked: Record<string, unknown> = {};
    for (const [key, check] of entries) {
      const field = Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
      const found = check(field, path === "" ? key : `${path}.${key}`);
      if (found !== undefined) checked[key] = found;
    }
    return checked as CheckedFields<F>;
  };
}
