import { FtError, toFailure } from "../error.ts";
import { acceptName, withoutSlash } from "../name.ts";
import type { ClientSession } from "../session/client_session.ts";
import type { DownloadRequest } from "../session/download.ts";
import type { Listed } from "../storage/state_folder.ts";
import type { Conflict, Terms } from "../storage/store.ts";
import { type ClientOptions, Conversation, type Result } from "./conversation.ts";
import { isRemotePattern, remoteNames } from "./remote_names.ts";
import { type CodeOptions, Codes, SecretDownload } from "./secret_download.ts";
import { NameTurns } from "./name_turns.ts";
import { openOutput, type Output, removeIfEmpty } from "./download_output.ts";
import { planDownload } from "./download_plan.ts";
import { downloadTree } from "./download_tree.ts";
import { TakenNames } from "./taken_names.ts";
import { streamOutput } from "./stream_output.ts";

/** How files are fetched. */
export interface DownloadOptions extends ClientOptions, CodeOptions {
  /**
   * A folder if it is one, ends in a slash or takes several files, else the file to write. A stream
   * takes a single file as it comes: each chunk once it is verified. It is closed when all of it
   * is, and aborted with the failure when something is wrong.
   */
  readonly output: string | WritableStream<Uint8Array>;
  /** Whether files of folders are compared by their digests, not by size and time. */
  readonly checksum?: boolean | undefined;
  /** Whether it is only said what would travel. */
  readonly dryRun?: boolean | undefined;
  readonly conflict?: Conflict;
}

/** What the server says of a file before it sends it. */
type Offer = Pick<Terms, "secret" | "note" | "downloads"> & { readonly mtime?: number | undefined };

/** The entry of the list that a number means; undefined when `wanted` is no number. */
function numbered(wanted: string, list: readonly Listed[] | undefined): Listed | undefined {
  if (!/^[1-9][0-9]{0,8}$/.test(wanted)) return undefined;
  return list?.[Number(wanted) - 1];
}

async function download(
  room: "public" | "shared",
  wanted: readonly string[],
  { output, ...options }: DownloadOptions,
): Promise<Result[]> {
  const several = wanted.length > 1;
  if (typeof output === "string") {
    const isFolder = several || wanted.some(isRemotePattern);
    const opened = openOutput(output, isFolder);
    try {
      return await downloadInto(opened, room, wanted, options);
    } finally {
      for (const folder of opened.made ?? []) removeIfEmpty(folder);
    }
  }
  if (several) {
    throw new FtError("usage", "A stream takes one file.", { hint: "Name one at a time." });
  }
  const stream = streamOutput(output, options.signal);
  let failure: unknown = new FtError("unexpected");
  try {
    const results = await downloadInto(stream, room, wanted, options);
    const [result] = results;
    failure = result !== undefined && "error" in result ? result.error : undefined;
    return results;
  } catch (thrown) {
    failure = thrown;
    throw thrown;
  } finally {
    stream.end(failure);
  }
}

async function downloadInto(
  { store, file, sink }: Output,
  room: "public" | "shared",
  wanted: readonly string[],
  { conflict = "rename", code, askCode, onNote, ...options }: Omit<DownloadOptions, "output">,
): Promise<Result[]> {
  const conversation = new Conversation(options);
  const { onEvent } = options;
  const list = conversation.state.list(conversation.server, room);

  const targets = new TakenNames();
  const turns = new NameTurns();
  const codes = new Codes({ code, askCode, onNote });
  const secrets = new Map<number, SecretDownload>();

  /** What it is called here: what the output says, else the last part of its name. */
  const targetOf = (name: string) => file ?? name.slice(name.lastIndexOf("/") + 1);

  const fetchOne = async (session: ClientSession, entry: Listed | { name: string }, id: number) => {
    const { name } = entry;
    acceptName(name);
    const begun = secrets.get(id);
    if (begun !== undefined) return await begun.run(session);
    let target = targetOf(name);
    let size: number | undefined;
    let offer: Offer | undefined;
    const request = {
      room,
      name,
      ...("tag" in entry ? { tag: entry.tag } : {}),
      conflict,
      origin: conversation.server,
      onSize: (told: number | undefined) => size = told,
      onReady: (held: number) => onEvent?.({ kind: "started", id, name: target, size, held }),
      onVerified: (verified: number) => onEvent?.({ kind: "progress", id, verified }),
      onChanged: (held: number, kept: number) =>
        onEvent?.({ kind: "changed", id, name: target, held, kept }),
    };
    if (options.dryRun) {
      return await planDownload(session, { ...request, store, target }, id, onEvent);
    }
    const download = (how: Pick<DownloadRequest, "ordered" | "wants">) =>
      turns.take(target, () => session.download({ ...request, store, target, ...how }));
    const receipt = await download({
      wants: (entry) => {
        offer = entry;
        // What counts comes out of order, unless it is asked for otherwise.
        const isInOrder = sink === undefined || entry.downloads === undefined;
        return entry.secret === undefined && !codes.isGiven && isInOrder;
      },
    });
    if (offer?.secret === undefined) {
      if (offer !== undefined && codes.isGiven) throw notSecret(name);
      if (sink === undefined || offer?.downloads === undefined) return receipt;
      return await download({ ordered: true });
    }
    const { mtime } = offer;
    const secret = await SecretDownload.of({
      ...request,
      codes,
      terms: offer,
      begin: async (name) => {
        target = file ?? name;
        return sink ?? await store.stage({
          room,
          name: target,
          owner: conversation.server,
          size: undefined,
          mtime,
          version: undefined,
          run: crypto.randomUUID(),
          conflict,
          blind: false,
        });
      },
    });
    secrets.set(id, secret);
    return await secret.run(session);
  };

  const fetchTree = async (
    session: ClientSession,
    { name, ...entry }: Listed | { name: string },
    id: number,
  ) => {
    acceptName(name);
    if (sink !== undefined) throw notStreamed(name);
    const target = targets.of(targetOf(name), id);
    const { dryRun: dry = false, checksum = false } = options;
    const how = { store, target, conflict, origin: conversation.server, checksum };
    const tag = "tag" in entry ? { tag: entry.tag } : {};
    const request = { room, name, ...tag, ...how };
    if (codes.isGiven) {
      // Secrets are files: if it is there, somebody has put it in the place of one.
      await downloadTree(session, { ...request, dry: true }, { id });
      throw notSecret(name);
    }
    return await downloadTree(session, { ...request, dry }, { id, onEvent });
  };

  const isFolder = async (session: ClientSession, name: string) => {
    const about = await session.about(room, name).catch(() => undefined);
    return about?.files !== undefined;
  };

  const moveOne = async (session: ClientSession, entry: Listed | { name: string }, id: number) => {
    const name = withoutSlash(entry.name);
    if (name !== entry.name) return await fetchTree(session, { ...entry, name }, id);
    try {
      const receipt = await fetchOne(session, entry, id);
      if (!options.dryRun) onEvent?.({ kind: "done", id, name: targetOf(name), receipt });
      return receipt;
    } catch (thrown) {
      const failure = toFailure(thrown);
      if (failure.code !== "not_found" || failure.side !== "there") throw failure;
      // No file has the name; a folder may have it.
      if (sink !== undefined) throw await isFolder(session, name) ? notStreamed(name) : failure;
      return await fetchTree(session, entry, id).catch((thrown) => {
        throw toFailure(thrown).code === "not_found" ? failure : thrown;
      });
    }
  };

  // A pattern cannot say which one goes through a pipe.
  const names = sink === undefined ? await remoteNames(conversation, room, wanted) : wanted;
  const items = names.map((name) => ({ name }));
  const results = conversation.each(items, async (session, { name }, id) => {
    const entry = numbered(name, list);
    try {
      return await moveOne(session, { name }, id);
    } catch (thrown) {
      const failure = toFailure(thrown);
      // An exact name beats a number, so the number is what is left when there is no such name.
      if (failure.code !== "not_found" || !/^[0-9]+$/.test(name)) throw failure;
      if (entry !== undefined) return await moveOne(session, entry, id);
      throw new FtError("not_found", `There is no number ${name} in the last list.`, {
        hint: "See the numbers with: ft list",
      });
    }
  });
  try {
    return await results;
  } finally {
    await Promise.all([...secrets.values()].map((secret) => secret.close()));
  }
}

/** The failure of a folder that is to go where only a file can. */
function notStreamed(name: string): FtError {
  return new FtError("usage", `'${name}' is a folder, and a stream takes a file.`, {
    hint: "Name a folder with --output.",
  });
}

/** The failure of a file that could be read without the code that was given for it. */
function notSecret(name: string): FtError {
  return new FtError("denied", `'${name}' is not secret, though there is a code for it.`, {
    hint: "Whoever runs the server may have put it in the place of what was. " +
      "Without a code it is fetched as it is.",
  });
}

/**
 * Fetches files from the server's public room.
 *
 * @param names names in the room, or numbers of the list that was last kept.
 * @returns for each file its receipt or its failure, in order.
 * @throws FtError when the server cannot be reached or the output not be used at all.
 *
 * @example One file as a stream
 * ```ts
 * import { get, serve } from "@ft/ft";
 *
 * const folder = Deno.makeTempDirSync();
 * const security = { kind: "own", state: `${folder}/owner` } as const;
 * const server = await serve({ hostname: "127.0.0.1", port: 0, root: folder, security });
 * Deno.writeTextFileSync(`${folder}/shared_files/menu.txt`, "Soup\n");
 *
 * const client = { server: server.address, state: `${folder}/client` };
 * const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
 * const [results, text] = await Promise.all([
 *   get(["menu.txt"], { ...client, output: writable }),
 *   new Response(readable).text(),
 * ]);
 * for (const result of results) if ("error" in result) throw result.error;
 * if (text !== "Soup\n") throw new Error(text);
 * await server.stop();
 * Deno.removeSync(folder, { recursive: true });
 * ```
 */
export function get(names: readonly string[], options: DownloadOptions): Promise<Result[]> {
  return download("public", names, options);
}

/** Fetches files from the shared room. All else is as with {@linkcode get}. */
export function fetch(names: readonly string[], options: DownloadOptions): Promise<Result[]> {
  return download("shared", names, options);
}
