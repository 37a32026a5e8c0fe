/**
 * The questions of `ft client`, and their answers read line by line. The same questions on a
 * terminal are in prompt_terminal.ts, which is loaded only for one that can draw them.
 *
 * @module
 */

import type { Terminal } from "./code.ts";
import { LineReader } from "./line_reader.ts";
import { escapeText } from "./text.ts";

/** One entry of a room, as a question offers it. */
export interface RemoteItem {
  /** The number the list shows, from 1. */
  readonly number: number;
  /** The true name, unescaped. */
  readonly name: string;
  /** What is shown beside the name, for example size and age. */
  readonly detail: string;
}

/**
 * What the menu asks. Every question gives undefined at the end of input and on Ctrl-C, and ""
 * when the user wants none (an empty answer; Esc on a terminal).
 */
export interface Prompts {
  /** The menu's choice: the key of a {@linkcode MENU} row, or whatever else was typed. */
  choice(): Promise<string | undefined>;
  /** Path of a local file; a leading `~/` is already the home folder. */
  localFile(question: string): Promise<string | undefined>;
  /** A typed name or number, or the name picked from items. */
  remoteFile(question: string, items: readonly RemoteItem[]): Promise<string | undefined>;
  /** Yes or no; anything but a clear yes is no. */
  confirm(question: string): Promise<boolean | undefined>;
  /** Where what is not to be seen is asked; null where answers come line by line. */
  readonly terminal: Terminal | null;
  /** Ends the open question with undefined, and restores the terminal. */
  close(): void | Promise<void>;
}

/** The menu's title. */
export const MENU_TITLE = "--- File Transfer Client ---";

/** The menu's rows: what is typed to choose one, and what it does. */
export const MENU: ReadonlyArray<{ readonly key: string; readonly text: string }> = [
  { key: "1", text: "Upload a file (Private to Server)" },
  { key: "2", text: "Download a file (From Server's Public Folder)" },
  { key: "3", text: "Upload a file (For Sharing with Other Clients)" },
  { key: "4", text: "List & Download Shared Files" },
  { key: "q", text: "Quit" },
];

/** What stands before the menu's answer. */
export const MENU_QUESTION = "Enter your choice:";

/** A path with its leading `~/` replaced by the home folder, where that is known. */
export function expandHome(path: string, home: string | undefined): string {
  return home && (path === "~" || path.startsWith("~/")) ? home + path.slice(1) : path;
}

/** What {@linkcode LinePrompts} works on. */
export interface LinePromptsOptions {
  /** Where the answers come from, UTF-8, one a line. */
  readonly input: ReadableStream<Uint8Array>;
  /** Takes what the user is shown. */
  readonly write: (text: string) => void;
  /** The home folder that `~/` means. */
  readonly home?: string | undefined;
  /** The terminal that they are typed on, which shows what is typed; none for a pipe. */
  readonly terminal?: Terminal;
}

/** {@linkcode Prompts} for pipes, and for terminals that only write lines: one is one answer. */
export class LinePrompts implements Prompts {
  readonly terminal: Terminal | null;
  readonly #lines: LineReader;
  readonly #write: (text: string) => void;
  readonly #home: string | undefined;

  constructor(options: LinePromptsOptions) {
    this.#lines = new LineReader(options.input);
    this.#write = options.write;
    this.#home = options.home;
    this.terminal = options.terminal ?? null;
  }

  async choice(): Promise<string | undefined> {
    const rows = MENU.map(({ key, text }) => `${key}. ${text}\n`).join("");
    return (await this.#ask(`${MENU_TITLE}\n${rows}${MENU_QUESTION}`))?.trim();
  }

  async localFile(question: string): Promise<string | undefined> {
    const answer = await this.#ask(question);
    return answer && expandHome(answer, this.#home);
  }

  remoteFile(question: string, items: readonly RemoteItem[]): Promise<string | undefined> {
    for (const { number, name, detail } of items) {
      this.#write(`${number}. ${escapeText(name)}${detail && `  ${escapeText(detail)}`}\n`);
    }
    return this.#ask(question);
  }

  async confirm(question: string): Promise<boolean | undefined> {
    const answer = await this.#ask(`${question} [y/N]`);
    return answer === undefined ? undefined : /^\s*y(es)?\s*$/i.test(answer);
  }

  close(): Promise<void> {
    return this.#lines.close();
  }

  async #ask(question: string): Promise<string | undefined> {
    this.#write(`${question} `);
    const answer = await this.#read();
    // Nothing echoes a piped answer, so what follows would stand in the question's line.
    if (this.terminal === null || answer === undefined) this.#write("\n");
    return answer;
  }

  async #read(): Promise<string | undefined> {
    if (this.terminal === null) return await this.#lines.read();
    const leave = () => void this.close();
    Deno.addSignalListener("SIGINT", leave);
    try {
      return await this.#lines.read();
    } finally {
      Deno.removeSignalListener("SIGINT", leave);
    }
  }
}
