import { FtError } from "../error.ts";
import { toName } from "../name.ts";
import { openLocal } from "../storage/local_source.ts";
import type { Source } from "../storage/store.ts";
import { streamEnd } from "../storage/stream_end.ts";
import { TakenNames } from "./taken_names.ts";
import { type OperandOptions, readOperands } from "./operands.ts";
import { StreamFeed, StreamSource } from "../storage/stream_source.ts";

/** A local file that is sent under another name than its own. */
export interface NamedFile {
  readonly path: string;
  readonly name: string;
}

/** A stream that is sent under a name. */
export interface NamedStream {
  readonly stream: ReadableStream<Uint8Array>;
  readonly name: string;
  /** Its bytes, where they are known: with more or fewer nothing is published. */
  readonly size?: number | undefined;
}

/** What can be sent: a path or a pattern, a file or folder under another name, or a stream. */
export type Sendable = string | NamedFile | NamedStream;

/** One attempt to send a file. */
export interface Attempt {
  readonly source: Source;
  /** The name it is to have. */
  readonly name: string;
}

/** One file to send, however many attempts it takes. */
export interface UploadItem {
  /** What it is called here. */
  readonly name: string;
  /** The folder that it is, which is not opened. */
  readonly folder?: NamedFile;
  /** Bytes, where they are known before it is opened. */
  readonly size?: number | undefined;
  again(): boolean;
  /** Opens it for one attempt; throws FtError. The name it is to have is checked here, too. */
  open(): Attempt;
  /** What to say of a failure. */
  tell(failure: FtError): FtError;
  /** Nothing more is wanted of it. */
  close(): Promise<void>;
}

function fileItem({ path, name }: NamedFile): UploadItem {
  return {
    name: path,
    again: () => true,
    open: () => {
      const source = openLocal(path);
      try {
        return { source, name: toName(name) };
      } catch (thrown) {
        source.close();
        throw thrown;
      }
    },
    tell: (failure) => failure,
    close: async () => {},
  };
}

function streamItem({ stream, name, size }: NamedStream): UploadItem {
  const feed = new StreamFeed(stream, name, streamEnd(name, size));
  return {
    name,
    size,
    again: () => feed.isWhole,
    open: () => ({ name: toName(name), source: new StreamSource(feed) }),
    tell: (failure) => {
      if (feed.isWhole || !failure.retry || failure.hint !== undefined) return failure;
      const { code, message, side, cause } = failure;
      const hint = "What comes from a pipe comes once, and nothing of it was published: " +
        "run all of it again.";
      return new FtError(code, message, { side, cause, hint });
    },
    close: () => feed.close(),
  };
}

function folderItem(folder: NamedFile): UploadItem {
  return { ...fileItem(folder), folder };
}

function failedItem(path: string, failure: FtError): UploadItem {
  const open = () => {
    throw failure;
  };
  return { ...fileItem({ path, name: path }), open };
}

/** Whatever has the path, under another name. A folder's name must be one before it is sent. */
function namedItem({ path, name }: NamedFile): UploadItem {
  try {
    if (Deno.statSync(path).isDirectory) return folderItem({ path, name: toName(name) });
  } catch (thrown) {
    if (thrown instanceof FtError) return failedItem(path, thrown);
    // To open it says why.
  }
  return fileItem({ path, name });
}

/** What is to be sent, one by one: a path may name several files. */
export async function uploadItems(
  sendables: readonly Sendable[],
  options: OperandOptions,
): Promise<UploadItem[]> {
  const items: UploadItem[] = [];
  const folders = new TakenNames();
  const folderOf = ({ path, name }: NamedFile) =>
    folderItem({ path, name: folders.of(name, items.length + 1) });
  for (const sendable of sendables) {
    if (typeof sendable !== "string") {
      items.push("path" in sendable ? namedItem(sendable) : streamItem(sendable));
      continue;
    }
    for (const operand of await readOperands([sendable], options)) {
      if ("error" in operand) items.push(failedItem(operand.path, operand.error));
      else if (operand.kind === "folder") items.push(folderOf(operand));
      else items.push(fileItem(operand));
    }
  }
  return items;
}
