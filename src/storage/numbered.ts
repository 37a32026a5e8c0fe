import { numberedName } from "../name.ts";
import { findInside } from "./confine.ts";

/** Highest number a name gets before a further file of that name is refused. */
const NUMBERS = 100_000;

/** The names that files of one name get, one after the other: first the name itself. */
export function* namesInTurn(name: string): Generator<string> {
  yield name;
  for (let number = 2; number <= NUMBERS; number++) yield numberedName(name, number);
}

/** Of the files that got a number because `name` was taken, those of so many bytes. */
export function* numberedFiles(root: string, name: string, size: number): Generator<string> {
  for (const numbered of namesInTurn(name)) {
    const found = findInside(root, numbered);
    // Nothing is stored behind a name that is free.
    if (found === undefined) return;
    if (numbered !== name && found.info.isFile && found.info.size === size) yield numbered;
  }
}
