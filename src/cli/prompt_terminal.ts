/**
 * The questions of `ft client` on a terminal. It loads clack: import it dynamically, and only where
 * standard input and output are terminals.
 *
 * Of clack only the core is used (raw mode, line editing, redrawing); its ready-made prompts print
 * names as they are, list whole folders at every key and take no path that they did not offer.
 *
 * @module
 */

import { isCancel, Prompt, settings } from "@clack/core";
import type { Key } from "node:readline";
import type { Readable } from "node:stream";
import type { Terminal } from "./code.ts";
import { cutText, cutTextStart } from "./cut.ts";
import { type Finder, PathFinder, RemoteFinder } from "./finder.ts";
import { Keyboard, type KeyboardInput, Screen, type ScreenOptions } from "./keyboard.ts";
import {
  expandHome,
  MENU,
  MENU_QUESTION,
  MENU_TITLE,
  type Prompts,
  type RemoteItem,
} from "./prompt.ts";
import { displayWidth, escapeText } from "./text.ts";

// Esc goes back instead of ending everything.
settings.aliases.delete("escape");

/** What {@linkcode TerminalPrompts} works on. */
export interface TerminalPromptsOptions extends ScreenOptions {
  /** The keyboard: `Deno.stdin`. */
  readonly input: KeyboardInput;
  /** Whether the highlighted line has colour. */
  readonly color: boolean;
  /** The home folder that `~/` means. */
  readonly home?: string | undefined;
}

/**
 * {@linkcode Prompts} on a terminal. The caller owns the signals: on SIGTERM it calls close(),
 * which restores the terminal, and then Deno.exit, because a read of the keyboard may still wait.
 */
export class TerminalPrompts implements Prompts {
  readonly terminal: Terminal;
  readonly #options: TerminalPromptsOptions;
  readonly #keyboard: Keyboard;
  #stop = new AbortController();

  constructor(options: TerminalPromptsOptions) {
    this.#options = options;
    this.#keyboard = new Keyboard(options.input);
    this.terminal = { keys: this.#keyboard, write: options.write };
  }

  choice(): Promise<string | undefined> {
    return this.#ask((desk) => new MenuQuestion(desk));
  }

  async localFile(question: string): Promise<string | undefined> {
    const finder = new PathFinder(this.#options.home);
    const answer = await this.#ask((desk) => new ListQuestion(desk, question, finder));
    return answer && expandHome(answer, this.#options.home);
  }

  remoteFile(question: string, items: readonly RemoteItem[]): Promise<string | undefined> {
    const finder = new RemoteFinder(items);
    return this.#ask((desk) => new ListQuestion(desk, question, finder));
  }

  async confirm(question: string): Promise<boolean | undefined> {
    const answer = await this.#ask((desk) => new ConfirmQuestion(desk, question));
    return answer === undefined ? undefined : answer === "yes";
  }

  close(): void {
    this.#stop.abort();
  }

  async #ask(make: (desk: Desk) => Question): Promise<string | undefined> {
    const stop = new AbortController();
    const signal = AbortSignal.any([stop.signal, this.#stop.signal]);
    const screen = new Screen(this.#options);
    const input = this.#keyboard.stream();
    const question = make({ input, screen, signal, color: this.#options.color });
    const resize = () => void screen.emit("resize");
    const resizes = Deno.build.os !== "windows";
    if (resizes) Deno.addSignalListener("SIGWINCH", resize);
    try {
      const answer = question.prompt();
      this.#keyboard.feed(input, () => question.open).then((more) => more || stop.abort());
      const value = await answer;
      return isCancel(value) ? undefined : value;
    } finally {
      if (resizes) Deno.removeSignalListener("SIGWINCH", resize);
    }
  }
}

/** What every question needs. */
interface Desk {
  readonly input: Readable;
  readonly screen: Screen;
  readonly signal: AbortSignal;
  readonly color: boolean;
}

/** A question whose answer is a string. A line it draws is never as wide as the terminal. */
abstract class Question extends Prompt<string> {
  readonly #desk: Desk;

  /** @param edits Whether keys edit a text. */
  constructor(desk: Desk, edits: boolean) {
    const { input, screen: output, signal } = desk;
    super({ input, output, signal, render: () => this.frame().join("\n") }, edits);
    this.#desk = desk;
    this.on("key", (char, key) => {
      if (key.ctrl && key.name === "d") {
        if (this.userInput === "") this.state = "cancel";
      } else this.press(char ?? "", key);
    });
  }

  get open(): boolean {
    return this.state !== "submit" && this.state !== "cancel";
  }

  /** The lines to show now. */
  protected abstract frame(): string[];
  /** Takes a key that was pressed. */
  protected abstract press(char: string, key: Key): void;

  protected answer(value: string): void {
    this.value = value;
    this.state = "submit";
  }

  protected get cells(): number {
    return this.#desk.screen.columns - 1;
  }

  protected get rows(): number {
    return this.#desk.screen.rows;
  }

  /** A line of a list, escaped and cut. */
  protected row(untrusted: string, highlighted: boolean): string {
    const text = cutText(escapeText(untrusted), this.cells - 2);
    if (!highlighted) return `  ${text}`;
    return this.#desk.color ? `\x1b[36m> ${text}\x1b[39m` : `> ${text}`;
  }
}

/** The menu: a row is highlighted by its key or by the arrows, and taken by Enter. */
class MenuQuestion extends Question {
  #row = 0;

  constructor(desk: Desk) {
    super(desk, false);
  }

  protected frame(): string[] {
    const rows = MENU.map(({ key, text }, i) =>
      this.row(`${key}. ${text}`, this.open && i === this.#row)
    );
    const answer = this.state === "cancel" ? "" : MENU[this.#row]?.key;
    return [MENU_TITLE, ...rows, `${MENU_QUESTION} ${answer}`];
  }

  protected press(char: string, key: Key): void {
    const typed = MENU.findIndex((row) => row.key === char.toLowerCase());
    if (key.name === "return") this.answer(MENU[this.#row]?.key ?? "");
    else if (key.name === "down") this.#row = (this.#row + 1) % MENU.length;
    else if (key.name === "up") this.#row = (this.#row + MENU.length - 1) % MENU.length;
    else if (typed >= 0) this.#row = typed;
  }
}

/** Yes by `y` alone; no by `n`, Enter and Esc. */
class ConfirmQuestion extends Question {
  readonly #question: string;

  constructor(desk: Desk, question: string) {
    super(desk, false);
    this.#question = question;
  }

  protected frame(): string[] {
    return [cutText(`${this.#question} [y/N] ${this.value ?? ""}`, this.cells)];
  }

  protected press(char: string, key: Key): void {
    if (/^y$/i.test(char)) this.answer("yes");
    else if (/^n$/i.test(char) || key.name === "return" || key.name === "escape") this.answer("no");
  }
}

/** Rows of a list that are shown at a time, at most. */
const MAX_ROWS = 10;
/** Cells that a question leaves to its answer; on a narrow terminal it takes no more than half. */
const ANSWER_CELLS = 24;

/** A text to type, with what fits it below. */
class ListQuestion extends Question {
  readonly #question: string;
  readonly #finder: Finder;
  /** The match that an arrow key chose since the text last changed. */
  #chosen: number | undefined;
  #sought = "";

  constructor(desk: Desk, question: string, finder: Finder) {
    super(desk, true);
    this.#question = question;
    this.#finder = finder;
    this.on("userInput", (text) => {
      if (text === this.#sought) return;
      this.#sought = text;
      this.#chosen = undefined;
      finder.find(text);
    });
  }

  protected frame(): string[] {
    const most = Math.max(Math.floor(this.cells / 2), this.cells - ANSWER_CELLS);
    const question = `${cutText(this.#question, most)} `;
    const room = this.cells - displayWidth(question);
    if (!this.open) {
      return [question + cutTextStart(escapeText(this.value ?? this.userInput), room)];
    }
    const { count, first } = this.#finder;
    const height = Math.max(1, Math.min(MAX_ROWS, this.rows - 4, count));
    const highlighted = this.#chosen ?? first;
    const middle = (highlighted ?? 0) - Math.floor(height / 2);
    const top = Math.max(0, Math.min(middle, count - height));
    const lines = [question + this.#edited(room)];
    for (let i = top; i < Math.min(count, top + height); i++) {
      lines.push(this.row(this.#finder.label(i), i === highlighted));
    }
    const matches = count === 1 ? "1 match" : `${count} matches`;
    lines.push(cutText(`  (${matches}; Tab completes, Esc goes back)`, this.cells));
    return lines;
  }

  protected press(_char: string, key: Key): void {
    const { count, first } = this.#finder;
    const at = this.#chosen ?? first;
    if (key.name === "escape") this.answer("");
    else if (key.name === "tab") this.#complete(at);
    else if (key.name === "down" && count > 0) {
      this.#chosen = at === undefined ? 0 : (at + 1) % count;
    } else if (key.name === "up" && count > 0) this.#chosen = ((at ?? 0) + count - 1) % count;
  }

  protected override _shouldSubmit(): boolean {
    const { first, exact } = this.#finder;
    const at = this.#chosen ?? (exact === undefined ? first : undefined);
    const typed = { answer: exact ?? this.userInput };
    const picked = at === undefined ? typed : this.#finder.pick(at);
    if ("answer" in picked) this.value = picked.answer;
    // Enter has emptied the line that is edited, so this is the whole of the new one.
    else this._setUserInput(picked.text, true);
    return "answer" in picked;
  }

  #complete(at: number | undefined): void {
    // Only at the end: clack can take away no more than what is before the cursor.
    if (this._cursor < this.userInput.length) return;
    const text = this.#finder.complete(at);
    if (text === undefined) return;
    this._clearUserInput();
    this._setUserInput(text, true);
  }

  /** The typed text with its cursor; of a long one what is around the cursor. */
  #edited(room: number): string {
    const text = this.userInput;
    const [under = " "] = text.slice(this._cursor);
    const at = escapeText(under);
    const before = cutTextStart(escapeText(text.slice(0, this._cursor)), room - displayWidth(at));
    const left = room - displayWidth(before) - displayWidth(at);
    const after = cutText(escapeText(text.slice(this._cursor + under.length)), left);
    return `${before}\x1b[7m${at}\x1b[27m${after}`;
  }
}
