/**
 * What a list shows under a name: the names of a disk are told in Unicode's normal form C, whatever
 * form they are in there.
 *
 * @module
 */
import { findInside, type Found, lookAt, usualForms } from "./confine.ts";

/** Names that others become in form C: all but plain ASCII, where only K, ; and ` are such. */
const MAY_DIFFER = /[^ -~]|[K;`]/;

/**
 * Whatever a list shows as `name` below `root`; undefined when nothing is there, or a link leads
 * there. A folder is read for it only where that may show a further name.
 *
 * @param isMeant which it is of several that a list shows under one name; else it is the first.
 */
export async function findListed(
  root: string,
  name: string,
  isMeant: (info: Deno.FileInfo) => boolean = () => true,
): Promise<Found | undefined> {
  const usual = findInside(root, name);
  if (usual !== undefined && isMeant(usual.info)) return usual;
  let first = usual;
  for await (const found of inAllForms(root, name.split("/"))) {
    if (isMeant(found.info)) return found;
    first ??= found;
  }
  return first;
}

async function* inAllForms(
  folder: string,
  [part = "", ...below]: readonly string[],
): AsyncGenerator<Found> {
  for await (const form of formsIn(folder, part)) {
    const path = `${folder}/${form}`;
    const info = lookAt(path);
    if (info === undefined) continue;
    if (below.length === 0) yield { path, info };
    else if (info.isDirectory) yield* inAllForms(path, below);
  }
}

/** The forms that a part may have in a folder, always in the same order. */
async function* formsIn(folder: string, part: string): AsyncGenerator<string> {
  yield* usualForms(part);
  if (!MAY_DIFFER.test(part)) return;
  const names = await otherNames(folder);
  yield* names.filter((name) => name.normalize("NFC") === part).sort();
}

/** Folders that are to be read yet, each for all who wait for it. */
const waiting = new Map<string, Promise<readonly string[]>>();
let reading: Promise<unknown> = Promise.resolve();

/**
 * The names in a folder that are not in form C. However many strangers guess at names, one folder is
 * read at a time, and other work goes on meanwhile.
 */
function otherNames(folder: string): Promise<readonly string[]> {
  const asked = waiting.get(folder);
  if (asked !== undefined) return asked;
  const names = reading.then(() => {
    waiting.delete(folder);
    return readNames(folder);
  });
  waiting.set(folder, names);
  reading = names;
  return names;
}

async function readNames(folder: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { name } of Deno.readDir(folder)) {
      if (name.normalize("NFC") !== name) names.push(name);
    }
  } catch {
    // What cannot be read shows nothing.
  }
  return names;
}
