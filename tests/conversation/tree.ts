/**
 * Folders as tests make, send and compare them.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { ClientSession } from "../../src/session/client_session.ts";
import { digestIn } from "../../src/session/small_file.ts";
import type { TreeReport } from "../../src/session/tree_report.ts";
import type { Conflict } from "../../src/storage/store.ts";
import type { TreeSource } from "../../src/storage/tree.ts";
import { WalkedTree } from "../../src/storage/walked_tree.ts";
import type { World } from "./world.ts";

/** A folder of this machine as a source. */
export class FolderSource extends WalkedTree {
  constructor(path: string) {
    super(path, { mtime: Deno.statSync(path).mtime?.getTime(), walk: {} });
  }
}

/** Sends a folder. */
export function sendTree(
  client: ClientSession,
  path: string,
  options: {
    room?: "private" | "shared";
    name?: string;
    conflict?: Conflict;
    part?: boolean;
    source?: TreeSource;
    dry?: boolean;
    checksum?: boolean;
  } = {},
): Promise<TreeReport> {
  const { room = "shared", name = "photos", conflict = "rename", part, dry, source } = options;
  const from = source ?? new FolderSource(path);
  return client.uploadTree({
    head: { name, room, conflict, ...(part ? { part } : {}), ...(dry ? { dry } : {}) },
    source: from,
    ...(options.checksum ? { digestOf: (entry) => digestIn(from, entry.path) } : {}),
  });
}

/** Fetches a folder into the world's downloads. */
export function fetchTree(
  world: World,
  client: ClientSession,
  name = "photos",
  options: {
    room?: "public" | "shared";
    conflict?: Conflict;
    dry?: boolean;
    checksum?: boolean;
    onWanted?: () => void;
  } = {},
): Promise<TreeReport> {
  const { room = "shared", conflict = "rename", dry = false, checksum = false } = options;
  const { onWanted } = options;
  const target = name.slice(name.lastIndexOf("/") + 1);
  return client.downloadTree({
    room,
    name,
    store: world.downloads,
    target,
    conflict,
    origin: "server",
    dry,
    checksum,
    ...(onWanted === undefined ? {} : { onWanted }),
  });
}

/** Everything below a folder, each with what it is: type, bytes, time, whether it may be run. */
export function snapshot(
  path: string,
  prefix = "",
  without: ReadonlySet<string> = new Set(),
): Map<string, string> {
  const found = new Map<string, string>();
  for (const { name } of Deno.readDirSync(path)) {
    if (without.has(prefix + name)) continue;
    const local = `${path}/${name}`;
    const info = Deno.lstatSync(local);
    const at = info.mtime?.getTime();
    if (info.isSymlink) found.set(prefix + name, `link to ${Deno.readLinkSync(local)}`);
    else if (info.isDirectory) {
      found.set(prefix + name, `folder of ${at}`);
      for (const [inner, what] of snapshot(local, `${prefix}${name}/`, without)) {
        found.set(inner, what);
      }
    } else {
      const bytes = Deno.readFileSync(local).toHex();
      found.set(prefix + name, `${((info.mode ?? 0) & 0o100) !== 0} ${at} ${bytes}`);
    }
  }
  return found;
}

/** Fails unless two folders hold the same. */
export function assertSameTree(actual: string, expected: string): void {
  const [a, b] = [snapshot(actual), snapshot(expected)];
  assert.deepEqual([...a.keys()].sort(), [...b.keys()].sort());
  for (const [path, what] of b) assert.ok(a.get(path) === what, `'${path}' differs`);
}
