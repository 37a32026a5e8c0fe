import { toName } from "../name.ts";
import { openLocal } from "../storage/local_source.ts";
import { acceptTerms } from "../session/terms.ts";
import type { Conflict, Terms } from "../storage/store.ts";
import { type ClientOptions, Conversation, type Result } from "./conversation.ts";

/** How files are sent. */
export interface UploadOptions extends ClientOptions {
  readonly conflict?: Conflict;
}

/** How files are shared. */
export interface ShareOptions extends UploadOptions, Terms {}

/** The part of a local path that names the file. Windows takes both slashes. */
function baseName(path: string): string {
  const parts = path.split(Deno.build.os === "windows" ? /[\\/]/ : "/");
  return parts.findLast((part) => part !== "") ?? path;
}

async function upload(
  room: "private" | "shared",
  files: readonly string[],
  { conflict = "rename", ...options }: UploadOptions,
  terms?: Terms,
): Promise<Result[]> {
  const conversation = new Conversation(options);
  const { onEvent } = options;
  const items = files.map((path) => ({ name: path, path }));
  return await conversation.each(items, async (session, { path }, id) => {
    const source = openLocal(path);
    try {
      const name = toName(baseName(path));
      const receipt = await session.upload({
        source,
        room,
        name,
        conflict,
        terms,
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

/**
 * Sends files into the server's private room, which no client can list or read.
 *
 * @param files paths of regular files.
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
