import { nameFault } from "../name.ts";

/** One entry below a folder; `info` is undefined for what is no regular file with a usable name. */
export interface Entry {
  readonly name: string;
  /** Where it lies. */
  readonly path: string;
  readonly info: Deno.FileInfo | undefined;
}

/** Everything below a folder that is no folder. What cannot be looked at is not there. */
export function* filesBelow(folder: string, prefix = ""): Generator<Entry> {
  for (const entry of attempt(() => [...Deno.readDirSync(folder)]) ?? []) {
    const name = prefix + entry.name.normalize("NFC");
    const path = `${folder}/${entry.name}`;
    if (entry.isSymlink || nameFault(name) !== undefined) yield { name, path, info: undefined };
    else if (entry.isDirectory) yield* filesBelow(path, `${name}/`);
    else yield { name, path, info: entry.isFile ? attempt(() => Deno.lstatSync(path)) : undefined };
  }
}

/** What a look finds; undefined where it fails. */
export function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
