/**
 * Runs ft as its users do: as a program of its own, with the permissions it ships with.
 *
 * @module
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { makeIdentity } from "../src/transport/identity.ts";
import { writeFile } from "./files.ts";

export { exists, namesIn, writeFile } from "./files.ts";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));
const identity = await makeIdentity();
/** What a server keeps its key and its certificate in. */
const SERVER_PEM = identity.certificate + identity.key;
/** Whoever runs the tests may trust more authorities than most users, and have set ft up. */
const OWN = { NODE_EXTRA_CA_CERTS: "", XDG_CONFIG_HOME: "/nothing is kept here" };
/** Milliseconds that a wait may take; far more than any should. */
const DEADLINE_MS = 30_000;
/** What no user may ever see. */
const TRACES = /^\s+at .*:\d+|NotCapable|Uncaught|\(in promise\)|error: /m;
/** What `ft serve` says once it is ready. */
const READY = /^\[\*\] Listening as (\S+)$[^]*^Waiting for a client connection\.\.\.$/m;

/** The words that start ft with `args`: the program itself, without a wrapper that outlives it. */
export function ftCommand(...args: readonly string[]): string[] {
  return [Deno.execPath(), "run", "-q", "-P", "--no-prompt", MAIN, ...args];
}

/** A folder with a program `ft` in it, for shells. */
export function installFt(place: Place): string {
  const quoted = ftCommand().map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
  const path = `${place.path}/bin`;
  Deno.mkdirSync(path);
  Deno.writeTextFileSync(`${path}/ft`, `#!/bin/sh\nexec ${quoted} "$@"\n`, { mode: 0o755 });
  return path;
}

/** How a program ended. */
export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where and how a program runs. */
export interface StartOptions {
  readonly cwd?: string;
  readonly env?: Record<string, string>;
  /** All of its standard input; without it there is none. */
  readonly input?: string;
}

interface Wait {
  readonly pattern: RegExp;
  /** Where in each output to look from. */
  readonly from: number;
  resolve(match: RegExpExecArray): void;
  reject(error: Error): void;
}

/** A program that was started. */
export class Running {
  readonly pid: number;
  /** How it ends, once all it wrote has been read. */
  readonly finished: Promise<Finished>;
  stdout = "";
  stderr = "";
  readonly #child: Deno.ChildProcess;
  readonly #waits = new Set<Wait>();
  #over = false;

  constructor(command: readonly string[], { cwd, env, input }: StartOptions = {}) {
    const [program = "", ...args] = command;
    this.#child = new Deno.Command(program, {
      args,
      stdin: input === undefined ? "null" : "piped",
      stdout: "piped",
      stderr: "piped",
      ...(cwd === undefined ? {} : { cwd }),
      env: { ...(command.includes(MAIN) ? OWN : {}), ...env },
    }).spawn();
    this.pid = this.#child.pid;
    this.finished = this.#run(input);
  }

  /** Waits for text on either output, from a place on; fails when the program ends without it. */
  async waitFor(pattern: RegExp, from = 0): Promise<RegExpExecArray> {
    const { promise, resolve, reject } = Promise.withResolvers<RegExpExecArray>();
    const wait = { pattern, from, resolve, reject };
    const timer = setTimeout(() => this.#fail(wait, `in ${DEADLINE_MS} ms`), DEADLINE_MS);
    this.#waits.add(wait);
    this.#match();
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Sends a signal to a program that may have ended. */
  kill(signal: Deno.Signal = "SIGKILL"): void {
    try {
      this.#child.kill(signal);
    } catch {
      // It has ended.
    }
  }

  async #run(input: string | undefined): Promise<Finished> {
    const { stdout, stderr, status } = this.#child;
    const read = async (stream: ReadableStream<Uint8Array>, take: (text: string) => void) => {
      for await (const text of stream.pipeThrough(new TextDecoderStream())) {
        take(text);
        this.#match();
      }
    };
    const give = async () => {
      const writer = this.#child.stdin.getWriter();
      await writer.write(new TextEncoder().encode(input)).catch(() => {});
      await writer.close().catch(() => {});
    };
    await Promise.all([
      read(stdout, (text) => this.stdout += text),
      read(stderr, (text) => this.stderr += text),
      input === undefined ? undefined : give(),
    ]);
    const { code } = await status;
    this.#over = true;
    this.#match();
    return { code, stdout: this.stdout, stderr: this.stderr };
  }

  #match(): void {
    for (const wait of this.#waits) {
      const match = wait.pattern.exec(this.stdout.slice(wait.from)) ??
        wait.pattern.exec(this.stderr.slice(wait.from));
      if (match !== null) {
        this.#waits.delete(wait);
        wait.resolve(match);
      } else if (this.#over) this.#fail(wait, "and it ended");
    }
  }

  #fail(wait: Wait, why: string): void {
    this.#waits.delete(wait);
    wait.reject(new Error(`No ${wait.pattern} ${why}:\n${this.stdout}\n${this.stderr}`));
  }
}

/** How a server is started. */
export interface ServeOptions {
  /** The folder below the place; "server" when it is not said. */
  readonly root?: string;
  /** A free port when it is not said. */
  readonly port?: number;
  readonly args?: readonly string[];
  readonly env?: Record<string, string>;
}

/** A server that is ready. */
export class Server {
  readonly running: Running;
  readonly root: string;
  /** `HOST:PORT`. */
  readonly address: string;
  #used = 0;

  constructor(running: Running, root: string, address: string) {
    this.running = running;
    this.root = root;
    this.address = address;
  }

  get port(): number {
    return Number(this.address.slice(this.address.lastIndexOf(":") + 1));
  }

  /** Waits for text in the log, after what was waited for before. */
  async logged(pattern: RegExp): Promise<RegExpExecArray> {
    const match = await this.running.waitFor(pattern, this.#used);
    this.#used += match.index + match[0].length;
    return match;
  }

  /** The lines of the log after the ready lines. */
  get log(): string[] {
    const end = READY.exec(this.running.stdout);
    const log = this.running.stdout.slice((end?.index ?? 0) + (end?.[0].length ?? 0));
    return log.split("\n").filter((line) => line !== "");
  }

  /** The path of something below the root. */
  path(name: string): string {
    return `${this.root}/${name}`;
  }
}

/** A user with a folder and a state of their own. */
export class Client {
  readonly folder: string;
  readonly env: Record<string, string>;
  readonly #place: Place;

  constructor(place: Place, name: string, server: string) {
    this.#place = place;
    this.folder = `${place.path}/${name}`;
    Deno.mkdirSync(this.folder, { recursive: true });
    this.env = { FT_SERVER: server, FT_STATE: `${place.path}/state of ${name}` };
  }

  /** Runs one command to its end. */
  ft(...args: readonly string[]): Promise<Finished> {
    return this.start(...args).finished;
  }

  /** Starts a command. */
  start(...args: readonly string[]): Running {
    return this.#place.start(ftCommand(...args), { cwd: this.folder, env: this.env });
  }

  /** Runs one command with something on its standard input. */
  piped(input: string, ...args: readonly string[]): Promise<Finished> {
    const options = { cwd: this.folder, env: this.env, input };
    return this.#place.start(ftCommand(...args), options).finished;
  }

  /** The path of something in the folder. */
  path(name: string): string {
    return `${this.folder}/${name}`;
  }

  write(name: string, content: string | Uint8Array): void {
    writeFile(this.path(name), content);
  }
}

/** A temporary folder, and all that runs in it. */
export class Place implements AsyncDisposable {
  readonly path: string;
  readonly #running: Running[] = [];

  constructor() {
    this.path = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "ft-test-" }));
  }

  start(command: readonly string[], options: StartOptions = {}): Running {
    const running = new Running(command, { cwd: this.path, ...options });
    this.#running.push(running);
    return running;
  }

  /** Starts a server and waits until it is ready. */
  async serve(options: ServeOptions = {}): Promise<Server> {
    const { root = "server", port = 0, args = [] } = options;
    const state = `${this.path}/state of the server`;
    // Made once: it takes longer than all else that a server does at its start.
    writeFile(`${state}/server.pem`, SERVER_PEM);
    const env = { FT_STATE: state, ...options.env };
    const command = ftCommand("serve", "--port", String(port), "--root", root, ...args);
    const running = this.start(command, { env });
    const [, address = ""] = await running.waitFor(READY);
    return new Server(running, `${this.path}/${root}`, address);
  }

  /** A user of the server at an address. */
  client(name: string, server: string): Client {
    return new Client(this, name, server);
  }

  /** Kills what still runs, looks at what all of it has said, and removes the folder. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const running of this.#running) running.kill();
    const ends = await Promise.all(this.#running.map(({ finished }) => finished));
    Deno.removeSync(this.path, { recursive: true });
    for (const { stdout, stderr } of ends) assert.doesNotMatch(stdout + stderr, TRACES);
  }
}

/** A test with a place, a server in it and a client of that server. */
export function test(
  name: string,
  body: (place: Place, server: Server, ana: Client) => Promise<void>,
  ignore = false,
): void {
  Deno.test({ name, ignore }, async () => {
    await using place = new Place();
    const server = await place.serve();
    await body(place, server, place.client("ana", server.address));
  });
}

/** Runs a command that must succeed. */
export async function done(client: Client, ...args: readonly string[]): Promise<Finished> {
  const end = await client.ft(...args);
  assert.equal(end.code, 0, `ft ${args.join(" ")}: ${end.stdout}${end.stderr}`);
  return end;
}
