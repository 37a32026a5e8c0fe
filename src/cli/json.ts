/**
 * What `--json` writes: one object a line, each with `v` and `kind`. json.schema.json is normative,
 * and says what every member means.
 *
 * @module
 */
import { FtError } from "../error.ts";
import type { TransferEvent } from "../mod.ts";
import { missingOf } from "../verbs/download_tree.ts";
import { hintFor, shown } from "./report.ts";
import { count, Pace } from "./standing.ts";

/** The version of the lines. New members and new `what`s leave it as it is. */
export const JSON_VERSION = 1;
/** Milliseconds between two lines of progress, of all files together. */
const PROGRESS_MS = 250;

/** One thing that a command was asked to show: `what` says which members it has. */
export interface ItemLine {
  readonly what:
    | "file"
    | "folder"
    | "about"
    | "unshared"
    | "verified"
    | "code"
    | "note"
    | "server"
    | "forgotten"
    | "invite"
    | "token"
    | "partial"
    | "digest"
    | "config"
    | "option"
    | "text"
    | "listening"
    | "transfer"
    | "trouble";
  readonly [member: string]: unknown;
}

/** What a failure is, in every line that tells one. */
export function failureMembers(failure: FtError): Record<string, unknown> {
  const { code, exit, retry, side, message, sentence } = failure;
  const hint = hintFor(failure);
  return {
    code,
    message: shown(message || sentence),
    hint: hint === undefined ? null : shown(hint),
    exit,
    retry,
    side,
  };
}

type FileEvent = Extract<TransferEvent, { kind: "file" }>;
type TreeEvent = Extract<TransferEvent, { kind: "tree" }>;

/** Bytes of one file or folder, as the lines of progress add them up. */
interface Track {
  readonly name: string;
  readonly size: number | undefined;
  verified: number;
}

/** Everything but printable ASCII that a terminal could obey; in JSON it can stand escaped. */
const HARMFUL = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}]/gu;

function escaped(text: string): string {
  return text.replace(HARMFUL, (char) => {
    const units = Array.from({ length: char.length }, (_, at) => char.charCodeAt(at));
    return units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("");
  });
}

/** The lines of one command, from `started` to `summary`. */
export class JsonLines {
  readonly #write: (line: string) => void;
  readonly #now: () => number;
  readonly #startedAt: number;
  readonly #tracks = new Map<number, Track>();
  readonly #pace: Pace;
  #reportedAt = -Infinity;
  /** Of each folder under way the files that were told of, and whether one failed. */
  readonly #told = new Map<number, Map<string, boolean>>();
  #files = 0;
  #failed = 0;
  #planned = 0;
  /** Bytes of the files that are in their place. */
  #bytes = 0;
  /** Bytes of the files and folders that are done, as far as they had to travel. */
  #settled = 0;
  /** Bytes that were verified since the start, in whichever file. */
  #moved = 0;
  /**
   * @param write takes one line with its end.
   * @param now a clock that never goes back, in milliseconds.
   */
  constructor(write: (line: string) => void, now: () => number) {
    this.#write = write;
    this.#now = now;
    this.#startedAt = now();
    this.#pace = new Pace(this.#startedAt, 0);
  }

  /** The first line. */
  start(command: string | null, version: string): void {
    this.#line("started", { command, version });
  }

  /** One thing that was asked for. */
  item(item: ItemLine): void {
    this.#line("item", item);
  }

  /** A failure: of the command, or of what is named. */
  error(failure: FtError, of: { readonly name?: string } = {}): void {
    if (of.name !== undefined) this.#failed++;
    this.#line("error", { ...failureMembers(failure), ...of });
  }

  /** Counts files that the command was to move and did not come to. */
  leave(files: number): void {
    this.#failed += files;
  }

  /** Takes what a transfer tells. */
  listen(event: TransferEvent): void {
    switch (event.kind) {
      case "started": {
        const { id, name, size, held } = event;
        this.#tracks.set(id, { name, size, verified: count(held) });
        break;
      }
      case "progress": {
        const track = this.#tracks.get(event.id);
        if (track === undefined) break;
        const verified = count(event.verified);
        this.#moved += Math.max(0, verified - track.verified);
        track.verified = verified;
        this.#report();
        break;
      }
      case "changed": {
        const track = this.#tracks.get(event.id);
        if (track !== undefined) track.verified = count(event.kept);
        break;
      }
      case "done": {
        const { name: saved, size, digest, outcome } = event.receipt;
        const name = this.#tracks.get(event.id)?.name ?? event.name ?? saved;
        this.#tracks.delete(event.id);
        this.#files++;
        this.#bytes += count(size);
        this.#settled += count(size);
        this.#line("file", { name, saved, size, digest, outcome });
        break;
      }
      case "file":
        this.#fileOfFolder(event);
        break;
      case "tree":
        this.#folder(event);
        break;
      case "planned":
        this.#planned++;
        this.#line("planned", { name: event.name, size: event.size ?? null });
        break;
      case "failed":
        this.#tracks.delete(event.id);
        this.error(event.error, { name: event.name });
        break;
    }
  }

  /** After a lost connection a folder is told of again: each of its files has one line. */
  #fileOfFolder({ id, name, size, outcome }: FileEvent): void {
    let told = this.#told.get(id);
    if (told === undefined) this.#told.set(id, told = new Map());
    const hasFailed = told.get(name);
    if (outcome instanceof FtError) {
      // What has no name of its own is not the file that has it, nor does it go later.
      const key = outcome.code === "bad_name" ? `\0${name}` : name;
      if (told.has(key)) return;
      told.set(key, true);
      return this.error(outcome, { name });
    }
    if (hasFailed === false) return;
    if (hasFailed) this.#failed--;
    told.set(name, false);
    this.#files++;
    this.#bytes += count(size ?? 0);
    this.#line("file", { name, ...(size === undefined ? {} : { size }), outcome });
  }

  #folder({ id, name, report }: TreeEvent): void {
    for (const { path, error } of report.failures) {
      this.#fileOfFolder({ kind: "file", id, name: `${name}/${path}`, size: 0, outcome: error });
    }
    this.#settled += this.#tracks.get(id)?.size ?? 0;
    this.#tracks.delete(id);
    this.#told.delete(id);
    const { files, failures, bytes } = report;
    this.#line("folder", {
      name,
      saved: report.name,
      ...files,
      failed: failures.length,
      bytes,
      missing: missingOf(report) ?? null,
    });
  }

  /** The last line; what failed has its `error` line by then. */
  end(exit: number): void {
    const seconds = (this.#now() - this.#startedAt) / 1000;
    this.#line("summary", {
      exit,
      files: this.#files,
      failed: this.#failed,
      planned: this.#planned,
      bytes: this.#bytes,
      seconds: Number(seconds.toFixed(3)),
    });
  }

  #report(): void {
    const now = this.#now();
    this.#pace.mark(now, this.#moved);
    if (now - this.#reportedAt < PROGRESS_MS) return;
    this.#reportedAt = now;
    let verified = this.#settled;
    let size: number | null = this.#settled;
    for (const track of this.#tracks.values()) {
      verified += track.verified;
      size = size === null || track.size === undefined ? null : size + track.size;
    }
    const rate = this.#pace.rate(now, this.#moved);
    this.#line("progress", {
      files: this.#files,
      failed: this.#failed,
      open: this.#tracks.size,
      verified,
      size,
      rate: Number.isFinite(rate) ? Math.round(rate) : null,
    });
  }

  #line(kind: string, members: object): void {
    this.#write(`${escaped(JSON.stringify({ v: JSON_VERSION, kind, ...members }))}\n`);
  }
}
