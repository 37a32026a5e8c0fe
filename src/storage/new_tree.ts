import { FtError } from "../error.ts";
import { numberedName } from "../name.ts";
import { findInside, makeFolders } from "./confine.ts";
import type { Records } from "./records.ts";
import type { TreeRequest } from "./tree.ts";

/** Highest number a name gets before a further folder of that name is refused. */
const NUMBERS = 100_000;

/** Whose new tree it is, and the folder of its room. */
type NewTree = Pick<TreeRequest, "room" | "name" | "owner" | "who"> & { readonly root: string };

/**
 * Makes the folder of a new tree under `wanted`, or that with a number where something has it.
 *
 * @returns the name that it has.
 */
export function makeNewTree(tree: NewTree, wanted: string, records: Records | undefined): string {
  const { folder } = makeFolders(tree.root, wanted);
  for (let number = 1; number <= NUMBERS; number++) {
    const candidate = number === 1 ? wanted : numberedName(wanted, number);
    if (findInside(tree.root, candidate) !== undefined) continue;
    if (make(tree, { folder, name: candidate, records })) return candidate;
  }
  throw new FtError("exists", `Too many folders have the name '${tree.name}'.`);
}

/** Makes the folder, unless something has its name. */
function make(
  { room, name: requested, owner, who = "" }: NewTree,
  { folder, name, records }: {
    readonly folder: string;
    readonly name: string;
    readonly records: Records | undefined;
  },
): boolean {
  const now = Date.now();
  const times = { published: now, changed: now, listed: 0, ino: "", born: null } as const;
  // What was known of a folder that is gone is of another tree.
  records?.trees.forget(room, name);
  records?.trees.put(room, { name, requested, owner, who, ...times });
  const path = `${folder}/${name.slice(name.lastIndexOf("/") + 1)}`;
  try {
    Deno.mkdirSync(path);
  } catch (thrown) {
    records?.trees.forget(room, name);
    if (thrown instanceof Deno.errors.AlreadyExists) return false;
    throw thrown;
  }
  const info = Deno.lstatSync(path);
  records?.trees.bind(room, name, info);
  if (room === "shared") records?.shares.forget({ name, ino: String(info.ino) });
  return true;
}
