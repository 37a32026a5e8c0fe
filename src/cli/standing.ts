/**
 * How far a transfer is, as one line.
 *
 * @module
 */

import { cutText } from "./cut.ts";
import { displayWidth, formatBytes, formatDuration, formatRate } from "./text.ts";

/** How far one file, or all of them, have come. */
export interface Standing {
  /** Bytes in all, if known. */
  size: number | undefined;
  /** Bytes the receiver has and has verified, those of earlier runs too. */
  verified: number;
  /** Bytes of them that this run brought; never less than before. */
  moved: number;
  /** The rate of late. */
  pace: Pace;
}

/** Milliseconds that a rate looks back, at least. */
const WINDOW = 2000;

/** The rate of the last two to four seconds, from two marks instead of many samples. */
export class Pace {
  #from: { at: number; bytes: number };
  #next: { at: number; bytes: number };

  /** @param at Milliseconds. @param bytes What has moved at that time. */
  constructor(at: number, bytes: number) {
    this.#from = this.#next = { at, bytes };
  }

  /** Notes how much has moved at a time. */
  mark(at: number, bytes: number): void {
    if (at - this.#next.at < WINDOW) return;
    this.#from = this.#next;
    this.#next = { at, bytes };
  }

  /** Bytes per second; NaN or Infinity while no time has passed. */
  rate(at: number, bytes: number): number {
    return (bytes - this.#from.bytes) * 1000 / (at - this.#from.at);
  }
}

/** The verified part of a known size, rounded down. 100 is kept for what is done. */
export function percent({ size, verified }: Standing): string {
  return `${Math.floor(100 * part(size ?? 0, verified))} %`;
}

function part(size: number, verified: number): number {
  return size > 0 ? Math.max(0, Math.min(0.99, verified / size)) : 0;
}

/** A line without a bar, for a log. */
export function standingText(name: string, standing: Standing, now: number): string {
  return [name, ...fields(standing, now)].join("  ");
}

/** What a line of {@linkcode standingLine} is made for. */
export interface Layout {
  /** Terminal cells the line may take. */
  readonly cells: number;
  /** Cells of the widest name among the lines that stand together. */
  readonly names: number;
  /** Milliseconds. */
  readonly now: number;
  readonly color: boolean;
}

const MAX_BAR = 30;
const MIN_BAR = 6;
/** Cells around a bar: two spaces and its brackets. */
const FRAME = 4;

/**
 * A line with a bar. On a narrow terminal the time left goes first, then the rate and the bytes;
 * the bar takes what is free, and the name is cut.
 */
export function standingLine(name: string, standing: Standing, layout: Layout): string {
  const { cells, names, now, color } = layout;
  const { size, verified } = standing;
  // Of constant width each, so that the bar does not jump.
  const pads = size === undefined ? [10, 11] : [4, 2 * formatBytes(size).length + 4, 11, 11];
  const shown = fields(standing, now).map((field, i) => field.padStart(pads[i] ?? 0));
  const least = Math.min(names, Math.max(8, Math.floor(cells / 3)));
  const taken = () => shown.reduce((sum, field) => sum + 2 + field.length, least);
  while (shown.length > 1 && taken() > cells) shown.pop();

  const free = cells - taken() - FRAME;
  const bar = size === undefined || free < MIN_BAR ? 0 : Math.min(MAX_BAR, free);
  const full = Math.floor(bar * part(size ?? 0, verified));
  const [done, open] = ["#".repeat(full), "-".repeat(bar - full)];
  const drawn = bar === 0
    ? ""
    : color
    ? `  [\x1b[36m${done}\x1b[39m${open}]`
    : `  [${done}${open}]`;
  // What no bar took is the name's.
  const room = least + Math.max(0, free + FRAME - (bar && bar + FRAME));
  const title = cutText(name, Math.min(names, room));
  const gap = " ".repeat(Math.min(names, room) - displayWidth(title));
  const line = [title + gap + drawn, ...shown].join("  ");
  return bar === 0 ? cutText(line, cells) : line;
}

/** Percent, bytes, rate and time left; without a size only bytes and rate. */
function fields(standing: Standing, now: number): string[] {
  const { size, verified, moved, pace } = standing;
  const rate = pace.rate(now, moved);
  const bytes = formatBytes(verified);
  if (size === undefined) return [bytes, formatRate(rate)];
  const left = formatDuration(Math.max(0, size - verified) / rate);
  return [percent(standing), `${bytes} of ${formatBytes(size)}`, formatRate(rate), `ETA ${left}`];
}

/** A count of bytes or seconds from outside, made safe to calculate with. */
export function count(value: number): number {
  return Number.isFinite(value) && value > 0 ? value : 0;
}
