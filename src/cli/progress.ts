/**
 * What the user sees of running transfers. Our own, because cli-progress knows no rate and the bar
 * of clack writes control codes into pipes.
 *
 * @module
 */

import type { TransferEvent, TreeReport } from "../mod.ts";
import { wrapText } from "./cut.ts";
import { missingText, retryingText, treeText } from "./event_text.ts";
import { happenedText } from "./report.ts";
import { count, Pace, percent, type Standing, standingLine, standingText } from "./standing.ts";
import { displayWidth, escapeText, formatBytes, formatDuration, formatRate } from "./text.ts";

type Done = Extract<TransferEvent, { kind: "done" }>;

/** Files with a bar of their own at a time. */
const MAX_BARS = 4;
/** Milliseconds between two drawings of the bars. */
const REDRAW = 100;
/** Milliseconds between two lines of progress where there is no terminal. */
const REPORT = 10_000;

/** What {@linkcode Progress} draws with. */
export interface ProgressOptions {
  /** Takes what is shown. */
  readonly write: (text: string) => void;
  /** Whether control codes may be written: bars; else plain lines only. */
  readonly terminal: boolean;
  /** The terminal's width now. */
  readonly columns: () => number;
  /** Whether the bars have colour. */
  readonly color: boolean;
  /** A clock that never goes back, in milliseconds. */
  readonly now: () => number;
}

/** One file on its way. */
interface Track extends Standing {
  readonly name: string;
  readonly begun: number;
}

/**
 * Shows transfer events as bars or as lines. It draws when an event comes and never by a timer, so
 * it keeps no program alive; a drawing costs the same however many files are on their way.
 *
 * @example
 * ```ts
 * import { Progress } from "./progress.ts";
 *
 * let shown = "";
 * const write = (text: string) => void (shown += text);
 * const now = () => 0;
 * const progress = new Progress({ write, terminal: false, columns: () => 80, color: false, now });
 * progress.listen({ kind: "started", id: 1, name: "a.txt", size: 200, held: 100 });
 * progress.close();
 * if (shown !== "a.txt  started  200 B, resuming at 50 %\n") throw new Error(shown);
 * ```
 */
export class Progress {
  readonly #options: ProgressOptions;
  readonly #tracks: Map<number, Track> = new Map();
  readonly #total: Standing;
  #known = 0;
  #done = 0;
  #failed = 0;
  /** Started files of unknown size, for which the total cannot have one. */
  #unsized = 0;
  /** Lines for above the bars that wait for the next drawing. */
  #lines: string[] = [];
  /** Whether something else has the screen. */
  #isAside = false;
  /** Lines of bars on the screen now. */
  #drawn = 0;
  #drawnAt = -Infinity;
  #reportedAt: number;

  constructor(options: ProgressOptions) {
    this.#options = options;
    this.#reportedAt = options.now();
    this.#total = { size: 0, verified: 0, moved: 0, pace: new Pace(this.#reportedAt, 0) };
  }

  /** Takes one event; never throws, unless `write` does. */
  listen(event: TransferEvent): void {
    const now = this.#options.now();
    switch (event.kind) {
      case "started":
        this.#start(event.id, event.name, event.size, count(event.held), now);
        break;
      case "progress":
        this.#advance(event.id, event.verified, now);
        break;
      case "changed":
        this.#change(event.id, event.held, event.kept, event.name, now);
        return;
      case "done":
        this.#finish(event, now);
        break;
      case "file":
        if (event.outcome instanceof Error) {
          this.#failed++;
          this.#say(`${event.name}  failed: ${happenedText(event.outcome)}`);
        }
        return;
      case "planned":
        return;
      case "tree":
        this.#finishTree(event.id, event.name, event.report, now);
        break;
      case "failed": {
        const track = this.#tracks.get(event.id);
        if (track) this.#leave(event.id, track, track.verified);
        else this.#known++;
        this.#failed++;
        this.#say(`${event.name}  failed: ${happenedText(event.error)}`);
        return;
      }
      case "retrying":
        this.#say(retryingText(event));
        return;
    }
    if (this.#options.terminal) this.#drawDue(now);
    else this.#report(now);
  }

  /** Shows lines at once, above the bars; what could harm the terminal is escaped. */
  line(text: string): void {
    for (const line of text.split("\n")) this.#say(line);
  }

  /** Leaves the screen to `work`, such as a question; what comes meanwhile is shown afterwards. */
  async aside<T>(work: () => Promise<T>): Promise<T> {
    const { terminal, now, write } = this.#options;
    if (terminal) this.#draw(now(), []);
    this.#isAside = true;
    try {
      return await work();
    } finally {
      this.#isAside = false;
      if (terminal) this.#draw(now());
      else for (const line of this.#lines.splice(0)) write(`${line}\n`);
    }
  }

  /** Shows what still waits, and takes the bars off the screen. */
  close(): void {
    this.#tracks.clear();
    this.#known = 0;
    if (this.#options.terminal) this.#draw(this.#options.now());
  }

  #start(id: number, name: string, size: number | undefined, held: number, now: number): void {
    // After a lost connection a file starts again; what it moved before stays counted.
    const before = this.#tracks.get(id);
    if (before) this.#leave(id, before, 0);
    else this.#known++;
    const moved = before?.moved ?? 0;
    const track = {
      name: escapeText(name),
      size: size !== undefined && Number.isFinite(size) && size >= 0 ? size : undefined,
      verified: held,
      moved,
      pace: new Pace(now, moved),
      begun: before?.begun ?? now,
    };
    this.#tracks.set(id, track);
    if (track.size === undefined) this.#unsized++;
    this.#grow(track.size ?? 0, held);
    if (this.#options.terminal) return;
    const bytes = track.size === undefined ? "" : `  ${formatBytes(track.size)}`;
    const at = track.size === undefined ? formatBytes(held) : percent(track);
    this.#print(`${track.name}  started${bytes}${held > 0 ? `, resuming at ${at}` : ""}`);
  }

  #advance(id: number, verified: number, now: number): void {
    const track = this.#tracks.get(id);
    if (!track) return;
    const step = count(verified) - track.verified;
    track.verified += step;
    this.#grow(0, step);
    if (step > 0) this.#move(track, step);
    track.pace.mark(now, track.moved);
    this.#total.pace.mark(now, this.#total.moved);
  }

  #change(id: number, held: number, kept: number, name: string, now: number): void {
    const track = this.#tracks.get(id);
    if (track) {
      this.#grow(0, count(kept) - track.verified);
      track.verified = count(kept);
      track.pace = new Pace(now, track.moved);
    }
    const [part, whole] = [formatBytes(count(kept)), formatBytes(count(held))];
    this.#say(`${name} changed since the last run: ${part} of ${whole} held still match`);
  }

  #finish({ id, name: asked, receipt }: Done, now: number): void {
    const track = this.#tracks.get(id);
    const size = count(receipt.size);
    const name = track?.name ?? escapeText(asked ?? receipt.name);
    const saved = escapeText(receipt.name);
    let text = `${name}  100 %  ${formatBytes(size)}`;
    if (receipt.outcome === "same") {
      text += saved === name ? "  (already there)" : `  (already there as ${saved})`;
    } else if (receipt.outcome === "skipped") text = `${name}  (skipped)`;
    else if (track) {
      if (size > track.verified) this.#move(track, size - track.verified);
      const seconds = (now - track.begun) / 1000;
      text += `  in ${formatDuration(seconds)}  ${formatRate(track.moved / seconds)}`;
    }
    const isNew = receipt.outcome === "new" || receipt.outcome === "replaced";
    if (saved !== name && isNew) text += `  (saved as ${saved})`;
    if (track) this.#leave(id, track, size);
    else this.#known++;
    this.#done++;
    this.#print(text);
  }

  #finishTree(id: number, name: string, report: TreeReport, now: number): void {
    const track = this.#tracks.get(id);
    let text = treeText(name, report);
    if (track !== undefined && report.bytes > 0) {
      if (report.bytes > track.verified) this.#move(track, report.bytes - track.verified);
      const seconds = (now - track.begun) / 1000;
      text += `  ${formatBytes(report.bytes)} in ${formatDuration(seconds)}`;
      text += `  ${formatRate(track.moved / seconds)}`;
    }
    if (report.name !== name) text += `  (saved as ${escapeText(report.name)})`;
    if (track !== undefined) this.#leave(id, track, track.size ?? 0);
    else this.#known++;
    this.#done++;
    this.#print(text);
    const missing = missingText(name, report);
    if (missing !== undefined) this.#say(missing);
  }

  /** Takes a file off the list; `bytes` of it stay in the total, as had and as wanted. */
  #leave(id: number, track: Track, bytes: number): void {
    this.#tracks.delete(id);
    if (track.size === undefined) this.#unsized--;
    this.#grow(bytes - (track.size ?? 0), bytes - track.verified);
  }

  #grow(size: number, verified: number): void {
    this.#total.size = (this.#total.size ?? 0) + size;
    this.#total.verified += verified;
  }

  #move(track: Track, bytes: number): void {
    track.moved += bytes;
    this.#total.moved += bytes;
  }

  #say(untrusted: string): void {
    this.#print(escapeText(untrusted));
    if (this.#options.terminal) this.#draw(this.#options.now());
  }

  #print(text: string): void {
    const { terminal, write } = this.#options;
    // Broken by us: a line that the terminal breaks counts as two when the cursor moves up.
    if (terminal) this.#lines.push(...wrapText(text, Math.max(2, this.#cells())));
    else if (this.#isAside) this.#lines.push(text);
    else write(`${text}\n`);
  }

  #drawDue(now: number): void {
    if (now - this.#drawnAt >= REDRAW || this.#tracks.size === 0) this.#draw(now);
  }

  /** One write: back to the first bar, the new lines, the bars. */
  #draw(now: number, bars = this.#bars(now)): void {
    if (this.#isAside || this.#lines.length + bars.length + this.#drawn === 0) return;
    let text = this.#drawn > 1 ? `\x1b[${this.#drawn - 1}A\r` : "\r";
    for (const line of this.#lines) text += `${line}\x1b[K\n`;
    text += `${bars.map((bar) => `${bar}\x1b[K`).join("\n")}\x1b[J`;
    this.#lines = [];
    this.#drawn = bars.length;
    this.#drawnAt = now;
    this.#options.write(text);
  }

  #bars(now: number): string[] {
    const rows: [name: string, standing: Standing][] = [];
    for (const track of this.#tracks.values()) {
      if (rows.length === MAX_BARS) break;
      rows.push([track.name, track]);
    }
    if (this.#known > 1) rows.push([this.#files(), this.#sum()]);
    const names = Math.max(...rows.map(([name]) => displayWidth(name)));
    // The last column stays free: writing it makes some terminals go to the next line.
    const layout = { cells: this.#cells(), names, now, color: this.#options.color };
    return rows.map(([name, standing]) => standingLine(name, standing, layout));
  }

  #report(now: number): void {
    if (now - this.#reportedAt < REPORT || this.#tracks.size === 0) return;
    this.#reportedAt = now;
    const [track] = this.#tracks.values();
    if (track && this.#known === 1) this.#print(standingText(track.name, track, now));
    else this.#print(standingText(this.#files(), this.#sum(), now));
  }

  #files(): string {
    const failed = this.#failed > 0 ? `, ${this.#failed} failed` : "";
    return `${this.#done} of ${this.#known} files${failed}`;
  }

  #sum(): Standing {
    return this.#unsized > 0 ? { ...this.#total, size: undefined } : this.#total;
  }

  #cells(): number {
    const columns = this.#options.columns();
    return Number.isFinite(columns) && columns > 0 ? Math.floor(columns) - 1 : 79;
  }
}
