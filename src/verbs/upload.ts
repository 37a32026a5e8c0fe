import { FtError, toFailure } from "../error.ts";
import { digestSource } from "../session/chunk_reader.ts";
import { acceptTerms } from "../session/terms.ts";
import type { Conflict, Terms } from "../storage/store.ts";
import { type ClientOptions, Conversation, type Result } from "./conversation.ts";
import { type Secrecy, SecretUpload } from "./secret_upload.ts";
import { type Sendable, uploadItems } from "./upload_item.ts";
import { NameTurns } from "./name_turns.ts";
import { planUpload } from "./upload_plan.ts";
import { type TreeOptions, uploadTree } from "./upload_tree.ts";

export type { NamedFile, NamedStream, Sendable } from "./upload_item.ts";

/** How files are sent. */
export interface UploadOptions extends ClientOptions, Omit<TreeOptions, "signal" | "onEvent"> {
  readonly conflict?: Conflict;
  /** Of folders, by their paths, what alone of them is sent: paths in them, with all below. */
  readonly only?: ReadonlyMap<string, readonly string[]> | undefined;
}

/** How files are shared. */
export interface ShareOptions extends UploadOptions, Omit<Terms, "secret"> {
  /** How it is kept secret from the server; by default it is not. */
  readonly secrecy?: Secrecy | undefined;
}

async function upload(
  room: "private" | "shared",
  files: readonly Sendable[],
  { conflict = "rename", ...options }: UploadOptions,
  terms: Terms = {},
  secrecy?: Secrecy,
): Promise<Result[]> {
  const { onEvent, exclude, signal, checksum, dryRun } = options;
  const items = (await uploadItems(files, { exclude, signal })).map((item) => {
    const secret = secrecy && new SecretUpload(item, secrecy, terms);
    const open = async () => {
      if (secret !== undefined) return await secret.open();
      const attempt = item.open();
      return { ...attempt, title: attempt.name, terms, isNew: false };
    };
    return { ...item, open };
  });
  try {
    const conversation = new Conversation(options);
    const turns = new NameTurns();
    return await conversation.each(items, async (session, item, id) => {
      if (item.folder !== undefined) {
        if (secrecy !== undefined) throw notFile(item.name);
        const only = options.only?.get(item.folder.path);
        const to = { id, ...item.folder, room, conflict, terms, only };
        return await uploadTree(session, to, options);
      }
      const { source, name, title, isNew, ...opened } = await item.open();
      const size = source.size ?? item.size;
      try {
        const to = { source, room, name, conflict, terms: opened.terms };
        if (dryRun) return await planUpload(session, to, { id, title }, onEvent);
        const send = (digest?: string) =>
          turns.take(name, () =>
            session.upload({
              ...to,
              ...(digest === undefined ? {} : { digest }),
              onReady: (held) =>
                onEvent?.({ kind: "started", id, name: title, size, held: isNew ? 0 : held }),
              onVerified: (verified) => onEvent?.({ kind: "progress", id, verified }),
              onChanged: (held, kept) => {
                if (!isNew) onEvent?.({ kind: "changed", id, name: title, held, kept });
              },
            }));
        const sendCompared = async () => send(await digestSource(source, name, { signal }));
        const canCompare = size !== undefined && !isNew;
        const receipt = await (checksum && canCompare ? sendCompared() : send()).catch((thrown) => {
          // What is there may be the same: that is no failure, and worth reading it once more.
          const isTaken = conflict === "fail" && toFailure(thrown).code === "exists";
          if (isTaken && canCompare && !checksum) return sendCompared();
          throw thrown;
        });
        onEvent?.({ kind: "done", id, receipt });
        return receipt;
      } catch (thrown) {
        throw item.tell(toFailure(thrown));
      } finally {
        source.close();
      }
    });
  } finally {
    await Promise.all(items.map((item) => item.close()));
  }
}

/** The failure of a folder where only a file will do. */
function notFile(name: string): FtError {
  return new FtError("usage", `'${name}' is a folder, and only files can be secret.`, {
    hint: `Pack it: tar c '${name}' | ft share - --secret --name NAME.tar`,
  });
}

/**
 * Sends files into the server's private room, which no client can list or read.
 *
 * A stream is sent as it comes, and what was read of it is not there a second time: when the
 * connection is lost then, it fails. It is published when it has ended well. A stream that fails,
 * or that ends before its `size` or before the end of its format (tar, gzip, zstd, xz, zip), fails
 * with `changed` or `io`, and nothing of it is published.
 *
 * @param files what to send: files, folders, patterns that name some, and streams. Of each path the
 * last part is its name.
 * @returns for each file its receipt or its failure, in order.
 * @throws FtError when the server cannot be reached at all.
 *
 * @example A file and a stream, with progress
 * ```ts
 * import { put, serve } from "@ft/ft";
 *
 * const folder = Deno.makeTempDirSync();
 * const security = { kind: "own", state: `${folder}/owner` } as const;
 * const server = await serve({ hostname: "127.0.0.1", port: 0, root: folder, security });
 * const client = { server: server.address, state: `${folder}/client` };
 * Deno.writeTextFileSync(`${folder}/report.pdf`, "What was reported.");
 *
 * let verified = 0;
 * const results = await put(
 *   [`${folder}/report.pdf`, { name: "log.txt", stream: new Blob(["one\n", "two\n"]).stream() }],
 *   { ...client, onEvent: (event) => verified += event.kind === "done" ? event.receipt.size : 0 },
 * );
 * for (const result of results) if ("error" in result) throw result.error;
 * if (verified !== 26) throw new Error(`${verified} bytes`);
 * if (Deno.readTextFileSync(`${folder}/uploads/log.txt`) !== "one\ntwo\n") throw new Error();
 * await server.stop();
 * Deno.removeSync(folder, { recursive: true });
 * ```
 */
export function put(files: readonly Sendable[], options: UploadOptions): Promise<Result[]> {
  return upload("private", files, options);
}

/**
 * Sends files into the shared room, where every client may fetch them: for so long and so often as
 * the options say, else until they are taken back. Receipts say under which name. Parameters,
 * results and failures are otherwise those of {@linkcode put}.
 *
 * With `secrecy` the server sees neither content nor note, and with `hideName` no name either.
 *
 * @throws FtError `usage` for terms or a code that cannot be.
 *
 * @example What only those can read who have its code
 * ```ts
 * import { fetch, makeCode, serve, share } from "@ft/ft";
 *
 * const folder = Deno.makeTempDirSync();
 * const security = { kind: "own", state: `${folder}/owner` } as const;
 * const server = await serve({ hostname: "127.0.0.1", port: 0, root: folder, security });
 * const client = { server: server.address, state: `${folder}/client` };
 *
 * const code = await makeCode();
 * const stream = new Blob(["Sell ice to penguins."]).stream();
 * const secrecy = { code, hideName: true };
 * const [sent] = await share([{ name: "idea.txt", stream }], { ...client, secrecy });
 * if (!sent || !("receipt" in sent)) throw new Error("It was not sent.");
 *
 * const output = `${folder}/in/`;
 * const [got] = await fetch([sent.receipt.name], { ...client, code, output });
 * if (!got || "error" in got) throw got?.error;
 * const text = Deno.readTextFileSync(`${folder}/in/idea.txt`);
 * if (text !== "Sell ice to penguins.") throw new Error(text);
 * await server.stop();
 * Deno.removeSync(folder, { recursive: true });
 * ```
 */
export async function share(
  files: readonly Sendable[],
  { expires, downloads, note, secrecy, ...options }: ShareOptions,
): Promise<Result[]> {
  const terms = acceptTerms({ expires, downloads, note });
  return await upload("shared", files, options, terms, secrecy);
}
