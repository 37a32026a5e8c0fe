import { FtError } from "../error.ts";
import { toName } from "../name.ts";
import { openLocal } from "../storage/local_source.ts";
import type { Source } from "../storage/store.ts";
import { streamEnd } from "../storage/stream_end.ts";
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

/** What can be sent: the path of a regular file, the same under another name, or a stream. */
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

/** The part of a local path that names the file. Windows takes both slashes. */
function baseName(path: string): string {
  const parts = path.split(Deno.build.os === "windows" ? /[\\/]/ : "/");
  return parts.findLast((part) => part !== "") ?? path;
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

/** One of what is to be sent. */
export function uploadItem(sendable: Sendable): UploadItem {
  if (typeof sendable === "string") {
    return fileItem({ path: sendable, name: baseName(sendable) });
  }
  return "path" in sendable ? fileItem(sendable) : streamItem(sendable);
}
