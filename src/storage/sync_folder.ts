/** The sync of a folder that runs, and the one that follows it. */
interface Sync {
  readonly running: Promise<void>;
  next: Promise<void> | undefined;
}

const syncs = new Map<string, Sync>();

/** Whether names in a folder are on their way to the disk just now. */
export function isSyncing(path: string): boolean {
  return syncs.has(path);
}

/**
 * Makes the names that a folder has now last. Those who ask while one sync runs share the next one.
 * Windows cannot sync a folder and needs no such step.
 */
export function syncFolder(path: string): Promise<void> {
  if (Deno.build.os === "windows") return Promise.resolve();
  const current = syncs.get(path);
  if (current === undefined) return begin(path);
  current.next ??= current.running.catch(() => {}).then(() => begin(path));
  return current.next;
}

function begin(path: string): Promise<void> {
  const sync: Sync = { running: run(path), next: undefined };
  syncs.set(path, sync);
  const end = () => {
    if (sync.next === undefined) syncs.delete(path);
  };
  sync.running.then(end, end);
  return sync.running;
}

async function run(path: string): Promise<void> {
  // Opened at once: to wait for that takes several times as long.
  using folder = Deno.openSync(path, { read: true });
  await folder.sync();
}
