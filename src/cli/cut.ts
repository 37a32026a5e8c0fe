/**
 * Text made to fit the width of a terminal. All of it takes text from escapeText.
 *
 * @module
 */

import { displayWidth } from "./text.ts";

/** A character with the marks on it: what must not be cut apart. */
const PARTS = /.\p{Mn}*/gsu;

/** Text of at most `cells` terminal cells; what is cut off shows as an ellipsis. */
export function cutText(text: string, cells: number): string {
  if (displayWidth(text) <= cells) return text;
  let kept = "";
  let room = cells - 1;
  for (const [part] of text.matchAll(PARTS)) {
    room -= displayWidth(part);
    if (room < 0) break;
    kept += part;
  }
  return cells < 1 ? "" : `${kept}…`;
}

/** The lines, of at most `cells` terminal cells (at least 2), that text takes; broken at spaces. */
export function wrapText(text: string, cells: number): string[] {
  const lines: string[] = [];
  let line = "";
  let width = 0;
  const put = (part: string, needs: number) => {
    if (width + needs > cells && width > 0) {
      lines.push(line.trimEnd());
      [line, width] = ["", 0];
    }
    line += part;
    width += displayWidth(part);
  };
  for (const word of text.split(/(?<= )/)) {
    const needs = displayWidth(word.trimEnd());
    if (needs <= cells) put(word, needs);
    else for (const [part] of word.matchAll(PARTS)) put(part, displayWidth(part.trimEnd()));
  }
  lines.push(line.trimEnd());
  return lines;
}

/** The end of a text, in at most `cells` terminal cells; what is cut off shows as an ellipsis. */
export function cutTextStart(text: string, cells: number): string {
  if (displayWidth(text) <= cells) return text;
  let kept = "";
  let room = cells - 1;
  for (const part of Array.from(text.matchAll(PARTS), ([part]) => part).reverse()) {
    room -= displayWidth(part);
    if (room < 0) break;
    kept = part + kept;
  }
  return cells < 1 ? "" : `…${kept}`;
}
