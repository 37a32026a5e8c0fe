/**
 * A QR code in characters. It loads uqr: import it dynamically, and only where there is a terminal.
 *
 * @module
 */
import { encode, renderUnicodeCompact } from "uqr";

/** Modules around the code that stay empty, so that cameras find it. */
const BORDER = 2;

/** What a QR code is drawn on. */
export interface QrOptions {
  /** Characters of a line at most. */
  readonly columns: number;
  /** Whether colours may be used: with them it is dark on light whatever the terminal's are. */
  readonly color: boolean;
}

/**
 * The text as a QR code, two modules a character from top to bottom; undefined where it is wider
 * than there is room.
 */
export function qrText(text: string, { columns, color }: QrOptions): string | undefined {
  if (encode(text, { border: BORDER }).size > columns) return undefined;
  const lines = renderUnicodeCompact(text, { border: BORDER }).split("\n");
  return lines.map((line) => color ? `\x1b[97;40m${line}\x1b[0m\n` : `${line}\n`).join("");
}
