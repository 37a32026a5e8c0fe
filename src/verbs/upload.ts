import { FtError } from "../error.ts";
import { digestSource } from "../session/chunk_reader.ts";
import type { ClientSession, UploadRequest } from "../session/client_session.ts";
import type { Listener } from "../session/event.ts";
import { openLocal } from "../storage/local_source.ts";
import { acceptTerms } from "../session/terms.ts";
import type { Conflict, Receipt, Terms } from "../storage/store.ts";
import { type ClientOptions, Conversation, type Result } from "./conversation.ts";
import { readOperands } from "./operands.ts";
import { type TreeOptions, uploadTree } from "./upload_tree.ts";

/** How files are sent. */
export interface UploadOptions extends ClientOptions, Omit<TreeOptions, "signal" | "onEvent"> {
  readonly conflict?: Conflict;
  /** Of folders, by their paths, what alone of them is sent: paths in them, with all below. */
  readonly only?: ReadonlyMap<string, readonly string[]> | undefined;
}

/** How files are shared. */
export interface ShareOptions extends UploadOptions, Terms {}

async function upload(
  room: "private" | "shared",
  files: readonly string[],
  { conflict = "rename", ...options }: UploadOptions,
  terms?: Terms,
): Promise<Result[]> {
  const conversation = new Conversation(options);
  const { onEvent, exclude = [], signal } = options;
  const operands = await readOperands(files, { exclude, signal });
  const items = operands.map((operand) => ({ name: operand.path, operand }));
  return await conversation.each(items, async (session, { operand }, id) => {
    if ("error" in operand) throw operand.error;
    const { kind, path, name } = operand;
    if (kind === "folder") {
      const only = options.only?.get(path);
      return await uploadTree(session, { id, path, name, room, conflict, terms, only }, options);
    }
    const source = openLocal(path);
    try {
      const to = { source, room, name, conflict, terms };
      if (options.dryRun) return await planUpload(session, to, id, onEvent);
      const digest = options.checksum ? await digestSource(source, name, { signal }) : undefined;
      const receipt = await session.upload({
        ...to,
        ...(digest === undefined ? {} : { digest }),
        onReady: (held) => onEvent?.({ kind: "started", id, name, size: source.size, held }),
        onVerified: (verified) => onEvent?.({ kind: "progress", id, verified }),
        onChanged: (held, kept) => onEvent?.({ kind: "changed", id, name, held, kept }),
      });
      onEvent?.({ kind: "done", id, receipt });
      return receipt;
    } finally {
      source.close();
    }
  });
}

/** Asks what would become of a file, and says so when it would travel. */
async function planUpload(
  session: ClientSession,
  to: UploadRequest,
  id: number,
  onEvent: Listener | undefined,
): Promise<Receipt> {
  const { source, name } = to;
  const size = source.size ?? 0;
  let isPlanned = false;
  try {
    // With its digest said a small file is waited for, too.
    const digest = await digestSource(source, name);
    const onReady = () => {
      isPlanned = true;
      throw new FtError("interrupted", "It was only asked what would become of the file.");
    };
    return await session.upload({ ...to, digest, dry: true, onReady });
  } catch (thrown) {
    if (!isPlanned) throw thrown;
    onEvent?.({ kind: "planned", id, name, size });
    return { name, size, digest: "", outcome: "skipped" };
  }
}

/**
 * Sends files into the server's private room, which no client can list or read.
 *
 * @param files paths of files and folders, and patterns that name some.
 * @returns for each file its receipt or its failure, in order.
 * @throws FtError when the server cannot be reached at all.
 *
 * @example
 * ```ts ignore
 * import { put } from "@ft/ft";
 *
 * const [result] = await put(["report.pdf"], { server: "127.0.0.1:5000", state: "/tmp/state" });
 * if (result && "receipt" in result) console.log(result.receipt.digest);
 * ```
 */
export function put(files: readonly string[], options: UploadOptions): Promise<Result[]> {
  return upload("private", files, options);
}

/**
 * Sends files into the shared room, where every client may fetch them: for so long and so often as
 * the options say, else until they are taken back. Receipts say under which name. Parameters,
 * results and failures are otherwise those of {@linkcode put}.
 *
 * @throws FtError `usage` for terms that cannot be.
 */
export async function share(
  files: readonly string[],
  { expires, downloads, note, secret, ...options }: ShareOptions,
): Promise<Result[]> {
  return await upload("shared", files, options, acceptTerms({ expires, downloads, note, secret }));
}
