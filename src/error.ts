/**
 * The one failure table of ft: what the wire, the log and the shell say about a failure, and what
 * a caller may do about it.
 *
 * @module
 */

/** One row of the failure table. */
export interface Failure {
  /** Exit code of a command that ends with this failure. */
  readonly exit: number;
  /** Whether doing the same again, unchanged and a little later, may work. */
  readonly retry: boolean;
  /** Whether the bytes that already arrived are kept, so that a later run goes on from them. */
  readonly kept: boolean;
  /** What it means, as one sentence. */
  readonly sentence: string;
}

/** Every failure ft knows. The keys are the codes that travel in ERROR frames. */
export const FAILURES = {
  unexpected: { exit: 1, retry: false, kept: true, sentence: "Something unexpected went wrong." },
  usage: { exit: 2, retry: false, kept: true, sentence: "The command line is not understood." },
  refused: { exit: 3, retry: false, kept: true, sentence: "Connection refused." },
  unreachable: { exit: 3, retry: false, kept: true, sentence: "The server cannot be reached." },
  lost: { exit: 3, retry: true, kept: true, sentence: "The connection was lost." },
  timeout: { exit: 3, retry: true, kept: true, sentence: "The other side took too long." },
  closing: { exit: 3, retry: true, kept: true, sentence: "The server is shutting down." },
  protocol: { exit: 4, retry: false, kept: true, sentence: "The other side broke the protocol." },
  version: { exit: 4, retry: false, kept: true, sentence: "No common protocol version." },
  identity: { exit: 4, retry: false, kept: true, sentence: "The server is not the one it was." },
  not_found: { exit: 5, retry: false, kept: true, sentence: "File not found." },
  denied: { exit: 6, retry: false, kept: true, sentence: "Not allowed." },
  exists: { exit: 6, retry: false, kept: true, sentence: "A file of that name exists." },
  bad_name: { exit: 6, retry: false, kept: true, sentence: "The name cannot be used." },
  limit: { exit: 6, retry: false, kept: true, sentence: "Over a limit." },
  busy: { exit: 6, retry: true, kept: true, sentence: "The server is at its limit just now." },
  superseded: { exit: 6, retry: false, kept: true, sentence: "A newer run took this over." },
  stale: { exit: 6, retry: false, kept: true, sentence: "The list changed since it was shown." },
  digest: { exit: 7, retry: true, kept: false, sentence: "The bytes differ from their digest." },
  changed: { exit: 7, retry: true, kept: true, sentence: "The source changed while it was sent." },
  disk_full: { exit: 8, retry: false, kept: true, sentence: "No space is left." },
  read_only: { exit: 8, retry: false, kept: true, sentence: "The place cannot be written." },
  io: { exit: 8, retry: false, kept: true, sentence: "Reading or writing failed." },
  address_in_use: { exit: 9, retry: false, kept: true, sentence: "Address already in use." },
  interrupted: { exit: 130, retry: true, kept: true, sentence: "Interrupted." },
} as const satisfies Record<string, Failure>;

/** A failure's code: the key of its row in {@linkcode FAILURES}. */
export type FailureCode = keyof typeof FAILURES;

/** On which side a failure happened, seen from whoever reports it. */
export type Side = "here" | "there";

/** What to say about one failure beyond its code. */
export interface FtErrorOptions extends ErrorOptions {
  /** What to do next, as one sentence. */
  hint?: string;
  /** The side it happened on. */
  side?: Side;
}

/**
 * The error every part of ft throws on purpose.
 *
 * @example
 * ```ts
 * import { FtError } from "./error.ts";
 *
 * const error = new FtError("not_found", "File 'a.txt' not found.", { hint: "Check the name." });
 * if (error.exit !== 5) throw error;
 * ```
 */
export class FtError extends Error {
  override readonly name = "FtError";
  /** The row of the failure table. */
  readonly code: FailureCode;
  /** What to do next, where there is something. */
  readonly hint: string | undefined;
  /** The side it happened on. */
  readonly side: Side;

  constructor(code: FailureCode, message?: string, options: FtErrorOptions = {}) {
    super(message ?? FAILURES[code].sentence, options);
    this.code = code;
    this.hint = options.hint;
    this.side = options.side ?? "here";
  }

  /** Exit code of a command that ends with this error. */
  get exit(): number {
    return FAILURES[this.code].exit;
  }

  /** The failure table's own sentence, which names nothing. */
  get sentence(): string {
    return FAILURES[this.code].sentence;
  }

  /** Whether doing the same again may work. */
  get retry(): boolean {
    return FAILURES[this.code].retry;
  }
}

/** The code for a word from the wire; a code of a later version reads as "unexpected". */
export function toFailureCode(code: string): FailureCode {
  return Object.hasOwn(FAILURES, code) ? code as FailureCode : "unexpected";
}

/** Operating system codes that Deno does not map to an error class of its own. */
const SYSTEM_CODES: ReadonlyMap<string, FailureCode> = new Map<string, FailureCode>([
  ["ENOSPC", "disk_full"],
  ["EDQUOT", "disk_full"],
  ["EROFS", "read_only"],
  ["EACCES", "read_only"],
  ["EPERM", "read_only"],
  ["ENAMETOOLONG", "bad_name"],
  ["ECONNREFUSED", "refused"],
  ["ECONNRESET", "lost"],
  ["EPIPE", "lost"],
  ["EHOSTUNREACH", "unreachable"],
  ["ENETUNREACH", "unreachable"],
  ["EADDRNOTAVAIL", "unreachable"],
  ["EIO", "io"],
  ["EMFILE", "io"],
  ["ENFILE", "io"],
  ["ETIMEDOUT", "timeout"],
  ["ENOTDIR", "not_found"],
]);

const SYSTEM_CLASSES: ReadonlyArray<readonly [new (message: string) => Error, FailureCode]> = [
  [Deno.errors.ConnectionRefused, "refused"],
  [Deno.errors.AddrInUse, "address_in_use"],
  [Deno.errors.AddrNotAvailable, "unreachable"],
  [Deno.errors.TimedOut, "timeout"],
  [Deno.errors.ConnectionReset, "lost"],
  [Deno.errors.ConnectionAborted, "lost"],
  [Deno.errors.BrokenPipe, "lost"],
  [Deno.errors.UnexpectedEof, "lost"],
  [Deno.errors.NotConnected, "lost"],
  [Deno.errors.NotFound, "not_found"],
  [Deno.errors.PermissionDenied, "read_only"],
  [Deno.errors.AlreadyExists, "exists"],
];

/**
 * Any thrown value as an {@linkcode FtError}: what the operating system said becomes its row of the
 * table, what nobody expected becomes "unexpected" and keeps its cause.
 */
export function toFailure(thrown: unknown): FtError {
  if (thrown instanceof FtError) return thrown;
  if (!(thrown instanceof Error)) return new FtError("unexpected", String(thrown));
  const cause = { cause: thrown };
  const code = "code" in thrown && typeof thrown.code === "string" ? thrown.code : "";
  // The database has one code for all that goes wrong, and this sentence.
  const isFull = code === "ERR_SQLITE_ERROR" && /\bdisk is full$/.test(thrown.message);
  const known = isFull ? "disk_full" : SYSTEM_CODES.get(code);
  if (known !== undefined) return new FtError(known, thrown.message, cause);
  for (const [type, failure] of SYSTEM_CLASSES) {
    if (thrown instanceof type) return new FtError(failure, thrown.message, cause);
  }
  return new FtError("unexpected", thrown.message, cause);
}
