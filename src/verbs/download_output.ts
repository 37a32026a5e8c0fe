import { dirname, resolve } from "node:path";
import { acceptName } from "../name.ts";
import { storageFailure } from "../storage/failure.ts";
import { FolderStore } from "../storage/folder_store.ts";
import { requireFree } from "../storage/free_space.ts";
import type { Store } from "../storage/store.ts";
import type { Sink } from "../storage/stream_store.ts";

/** The folder below an output folder where downloads are staged; gone when nothing is. */
export const STAGING_FOLDER = ".ft";
/** Milliseconds that leftovers of interrupted downloads are kept: 7 days. */
export const KEEP_PARTIALS_MS: number = 7 * 24 * 60 * 60 * 1000;

/** Where downloads go. */
export interface Output {
  /** Folders that were made for it, the innermost first. */
  readonly made?: readonly string[];
  readonly store: Pick<Store, "open" | "stage" | "numbered" | "trees">;
  /** The name of the one file to write; undefined to go by the names on the server. */
  readonly file?: string | undefined;
  /** Takes the one file as it comes, where it does not become a file. */
  readonly sink?: Sink;
}

function isFolder(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch (thrown) {
    if (thrown instanceof Deno.errors.NotFound) return false;
    throw storageFailure(thrown, `use '${path}'`);
  }
}

/** The store that writes to `output`. Folders are made where they are missing. */
export function openOutput(output: string, several: boolean): Output {
  const asFolder = several || /[\\/]$/.test(output) || isFolder(output);
  const slash = Deno.build.os === "windows"
    ? Math.max(output.lastIndexOf("/"), output.lastIndexOf("\\"))
    : output.lastIndexOf("/");
  const folder = asFolder ? output : output.slice(0, slash + 1) || ".";
  const file = asFolder ? undefined : acceptName(output.slice(slash + 1).normalize("NFC"));
  const made = missingFolders(folder);
  let root: string;
  try {
    Deno.mkdirSync(folder, { recursive: true });
    root = Deno.realPathSync(folder);
  } catch (thrown) {
    throw storageFailure(thrown, `use the folder '${folder}'`);
  }
  const staging = `${root}/${STAGING_FOLDER}`;
  const store = new FolderStore({
    rooms: { public: root, shared: root },
    staging,
    fits: (bytes) => requireFree(root, bytes),
    onIdle: () => removeIfEmpty(staging),
  });
  store.staging.sweep(KEEP_PARTIALS_MS);
  removeIfEmpty(staging);
  return { store, file, made };
}

/** Of a folder and those that it lies in, those that are not there, the innermost first. */
function missingFolders(folder: string): string[] {
  const missing: string[] = [];
  for (let at = resolve(folder); isMissing(at); at = dirname(at)) missing.push(at);
  return missing;
}

function isMissing(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return false;
  } catch (thrown) {
    return thrown instanceof Deno.errors.NotFound;
  }
}

/** Removes a folder when nothing is in it. */
export function removeIfEmpty(folder: string): void {
  try {
    Deno.removeSync(folder);
  } catch {
    // It holds something, or is gone.
  }
}
