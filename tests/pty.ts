/**
 * Drives a program in a pseudo-terminal, as a user at the keyboard would.
 *
 * @module
 */

import { stripVTControlCharacters } from "node:util";

/** How a program is started in a {@linkcode Pty}. */
export interface PtyOptions {
  readonly columns?: number;
  readonly rows?: number;
  readonly cwd?: string;
  readonly env?: Record<string, string>;
  /** Milliseconds after which the program is killed and every wait fails. Default 30,000. */
  readonly deadline?: number;
}

interface Wait {
  readonly pattern: RegExp;
  resolve(match: RegExpExecArray): void;
  reject(error: Error): void;
}

/**
 * A program in a pseudo-terminal.
 *
 * ```ts
 * import { Pty } from "./pty.ts";
 *
 * await using pty = new Pty([Deno.execPath(), "run", "-q", "main.ts", "client"]);
 * await pty.waitFor("Enter your choice:");
 * pty.send("q\r");
 * if (await pty.exit !== 0) throw new Error(pty.text);
 * ```
 */
export class Pty implements AsyncDisposable {
  /** The program's exit code, once all it wrote is in {@linkcode raw}. */
  readonly exit: Promise<number>;
  /** All it wrote, control codes included. */
  raw = "";
  readonly #child: Deno.ChildProcess;
  readonly #keys: WritableStreamDefaultWriter<Uint8Array>;
  readonly #timer: ReturnType<typeof setTimeout>;
  readonly #waits: Wait[] = [];
  /** How much of {@linkcode text} earlier waits have used. */
  #used = 0;
  #over: string | undefined;

  /** @param command The program and its arguments. */
  constructor(command: readonly string[], options: PtyOptions = {}) {
    const { columns = 80, rows = 24, cwd, env, deadline = 30_000 } = options;
    const words = command.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
    const line = `stty cols ${columns} rows ${rows}; exec ${words}`;
    this.#child = new Deno.Command("script", {
      args: ["-qefc", line, "/dev/null"],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
      ...(cwd && { cwd }),
      env: { SHELL: "/bin/sh", TERM: "xterm", ...env },
    }).spawn();
    this.#keys = this.#child.stdin.getWriter();
    this.#timer = setTimeout(() => {
      this.#end(`no end after ${deadline} ms`);
      this.#kill();
    }, deadline);
    this.exit = this.#run();
  }

  /** What it wrote, without control codes. */
  get text(): string {
    return stripVTControlCharacters(this.raw);
  }

  /** Presses keys: "\r" is Enter, "\t" Tab, "\x03" Ctrl-C, "\x1b[A" the arrow up. */
  send(keys: string): void {
    // What a program that has ended does not read is no failure of the test by itself.
    this.#keys.write(new TextEncoder().encode(keys)).catch(() => {});
  }

  /** Waits for text after what the last wait found; fails when the program ends without it. */
  waitFor(wanted: string | RegExp): Promise<RegExpExecArray> {
    const source = typeof wanted === "string"
      ? wanted.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&")
      : wanted.source;
    const flags = typeof wanted === "string" ? "" : wanted.flags.replace("g", "");
    return new Promise((resolve, reject) => {
      this.#waits.push({ pattern: new RegExp(source, flags), resolve, reject });
      this.#match();
    });
  }

  /** Kills the program if it still runs, and frees everything. */
  async close(): Promise<void> {
    if (this.#over === undefined) this.#kill();
    await this.exit;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #run(): Promise<number> {
    for await (const piece of this.#child.stdout.pipeThrough(new TextDecoderStream())) {
      this.raw += piece;
      this.#match();
    }
    const { code } = await this.#child.status;
    clearTimeout(this.#timer);
    this.#end(`it ended with ${code}`);
    await this.#keys.abort().catch(() => {});
    return code;
  }

  #match(): void {
    for (let wait = this.#waits[0]; wait; wait = this.#waits[0]) {
      const match = wait.pattern.exec(this.text.slice(this.#used));
      if (!match && this.#over === undefined) return;
      this.#waits.shift();
      if (match) {
        this.#used += match.index + match[0].length;
        wait.resolve(match);
      } else {
        const rest = this.text.slice(this.#used);
        wait.reject(new Error(`${wait.pattern} not found, ${this.#over}:\n${rest}`));
      }
    }
  }

  #end(why: string): void {
    this.#over ??= why;
    this.#match();
  }

  #kill(): void {
    try {
      // The pseudo-terminal goes with it, and so does what runs there: by SIGHUP.
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
  }
}
