import { FtError, toFailure } from "../error.ts";
import { acceptName } from "../name.ts";
import type { ClientSession } from "../session/client_session.ts";
import type { DownloadRequest } from "../session/download.ts";
import type { Listener } from "../session/event.ts";
import type { TreeReport } from "../session/tree_report.ts";
import { FolderStore } from "../storage/folder_store.ts";
import { storageFailure } from "../storage/failure.ts";
import type { Listed } from "../storage/state_folder.ts";
import type { Conflict, Receipt } from "../storage/store.ts";
import { type ClientOptions, Conversation, type Result } from "./conversation.ts";
import { downloadTree } from "./download_tree.ts";

/** How files are fetched. */
export interface DownloadOptions extends ClientOptions {
  /** A folder if it is one, ends in a slash or takes several files, else the file to write. */
  readonly output: string;
  readonly conflict?: Conflict;
  /** Whether files of folders are compared by their digests, not by size and time. */
  readonly checksum?: boolean | undefined;
  /** Whether it is only said what would travel. */
  readonly dryRun?: boolean | undefined;
}

/** The folder below an output folder where downloads are staged; gone when nothing is. */
export const STAGING_FOLDER = ".ft";
/** Milliseconds that leftovers of interrupted downloads are kept: 7 days. */
export const KEEP_PARTIALS_MS: number = 7 * 24 * 60 * 60 * 1000;

interface Output {
  readonly store: FolderStore;
  /** The name of the one file to write; undefined to go by the names on the server. */
  readonly file: string | undefined;
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
function openOutput(output: string, several: boolean): Output {
  const asFolder = several || /[\\/]$/.test(output) || isFolder(output);
  const slash = Deno.build.os === "windows"
    ? Math.max(output.lastIndexOf("/"), output.lastIndexOf("\\"))
    : output.lastIndexOf("/");
  const folder = asFolder ? output : output.slice(0, slash + 1) || ".";
  const file = asFolder ? undefined : acceptName(output.slice(slash + 1).normalize("NFC"));
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
    onIdle: () => removeIfEmpty(staging),
  });
  store.staging.sweep(KEEP_PARTIALS_MS);
  removeIfEmpty(staging);
  return { store, file };
}

function removeIfEmpty(folder: string): void {
  try {
    Deno.removeSync(folder);
  } catch {
    // It holds something, or is gone.
  }
}

/** The entry of the list that a number means; undefined when `wanted` is no number. */
function numbered(wanted: string, list: readonly Listed[] | undefined): Listed | undefined {
  if (!/^[1-9][0-9]{0,8}$/.test(wanted)) return undefined;
  return list?.[Number(wanted) - 1];
}

async function download(
  room: "public" | "shared",
  wanted: readonly string[],
  { output, conflict = "rename", ...options }: DownloadOptions,
): Promise<Result[]> {
  const conversation = new Conversation(options);
  const { onEvent } = options;
  const { store, file } = openOutput(output, wanted.length > 1);
  const list = conversation.state.list(conversation.server, room);

  const fetchFile = async (
    session: ClientSession,
    entry: Listed | { name: string },
    id: number,
  ) => {
    const { name } = entry;
    const target = file ?? name.slice(name.lastIndexOf("/") + 1);
    let size: number | undefined;
    const request = {
      room,
      name,
      ...("tag" in entry ? { tag: entry.tag } : {}),
      store,
      target,
      conflict,
      origin: conversation.server,
    };
    if (options.dryRun) return await planDownload(session, request, id, onEvent);
    const receipt = await session.download({
      ...request,
      onSize: (told) => size = told,
      onReady: (held) => onEvent?.({ kind: "started", id, name: target, size, held }),
      onVerified: (verified) => onEvent?.({ kind: "progress", id, verified }),
      onChanged: (held, kept) => onEvent?.({ kind: "changed", id, name: target, held, kept }),
    });
    onEvent?.({ kind: "done", id, receipt });
    return receipt;
  };
  const fetchTree = (session: ClientSession, entry: Listed | { name: string }, id: number) => {
    const { name } = entry;
    const target = file ?? name.slice(name.lastIndexOf("/") + 1);
    const tag = "tag" in entry ? { tag: entry.tag } : {};
    const origin = conversation.server;
    return downloadTree(
      session,
      {
        room,
        name,
        ...tag,
        store,
        target,
        conflict,
        origin,
        dry: options.dryRun ?? false,
        checksum: options.checksum ?? false,
      },
      { id, onEvent },
    );
  };
  const fetchOne = async (session: ClientSession, entry: Listed | { name: string }, id: number) => {
    const name = entry.name.replace(/(?<=.)\/+$/, "");
    acceptName(name);
    if (name !== entry.name) return await fetchTree(session, { ...entry, name }, id);
    try {
      return await fetchFile(session, entry, id);
    } catch (thrown) {
      const failure = toFailure(thrown);
      if (failure.code !== "not_found" || failure.side !== "there") throw failure;
      // No file has the name; a folder may have it.
      try {
        return await fetchTree(session, entry, id);
      } catch (thrown) {
        throw toFailure(thrown).code === "not_found" ? failure : thrown;
      }
    }
  };

  const items = wanted.map((name) => ({ name }));
  return await conversation.each(
    items,
    async (session, { name }, id): Promise<Receipt | TreeReport> => {
      const entry = numbered(name, list);
      try {
        return await fetchOne(session, { name }, id);
      } catch (thrown) {
        const failure = toFailure(thrown);
        // An exact name beats a number, so the number is what is left when there is no such name.
        if (failure.code !== "not_found" || !/^[0-9]+$/.test(name)) throw failure;
        if (entry !== undefined) return await fetchOne(session, entry, id);
        throw new FtError("not_found", `There is no number ${name} in the last list.`, {
          hint: "See the numbers with: ft list",
        });
      }
    },
  );
}

/** Asks whether a file would come, and says so when it would. */
async function planDownload(
  session: ClientSession,
  request: DownloadRequest,
  id: number,
  onEvent: Listener | undefined,
): Promise<Receipt> {
  const { target: name } = request;
  let planned: { size: number | undefined } | undefined;
  try {
    return await session.download({ ...request, onPlanned: (size) => planned = { size } });
  } catch (thrown) {
    if (planned === undefined) throw thrown;
    const { size } = planned;
    onEvent?.({ kind: "planned", id, name, size });
    return { name, size: size ?? 0, digest: "", outcome: "skipped" };
  }
}

/**
 * Fetches files from the server's public room.
 *
 * @param names names in the room, or numbers of the list that was last kept.
 * @returns for each file its receipt or its failure, in order.
 * @throws FtError when the server cannot be reached or the output not be used at all.
 */
export function get(names: readonly string[], options: DownloadOptions): Promise<Result[]> {
  return download("public", names, options);
}

/** Fetches files from the shared room. All else is as with {@linkcode get}. */
export function fetch(names: readonly string[], options: DownloadOptions): Promise<Result[]> {
  return download("shared", names, options);
}
