/**
 * What the demo plays with: a folder that is removed at the end, a server, users and files.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { quoteShell } from "../src/cli/text.ts";
import { ftCommand } from "./process.ts";

const MiB = 1024 * 1024;
const encoder = new TextEncoder();
export const place = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "ft-demo-" }));
const children = new Set<Deno.ChildProcess>();

export function say(text: string): void {
  Deno.stdout.writeSync(encoder.encode(`${text}\n`));
}

export function spawn(command: readonly string[], options: Deno.CommandOptions): Deno.ChildProcess {
  const [program = "", ...args] = command;
  const child = new Deno.Command(program, { args, stdin: "null", ...options }).spawn();
  children.add(child);
  child.status.finally(() => children.delete(child));
  return child;
}

/** A server below `server/`. What it says is kept until {@linkcode tell}. */
export class DemoServer {
  readonly root = `${place}/server`;
  port = 0;
  #child: Deno.ChildProcess | undefined;
  #log = "";

  /** Starts it on a free port, and after that on the same one. */
  async start(): Promise<void> {
    const args = ["serve", "--port", String(this.port), "--root", "server"];
    say(`\nserver$ ft ${args.join(" ")}`);
    const env = { FT_STATE: `${place}/state of server` };
    const child = spawn(ftCommand(...args), { cwd: place, env, stdout: "piped", stderr: "piped" });
    this.#child = child;
    const ready = Promise.withResolvers<number>();
    let said = "";
    const listen = async (stream: ReadableStream<Uint8Array>) => {
      for await (const text of stream.pipeThrough(new TextDecoderStream())) {
        this.#log += text;
        said += text;
        const match = /Listening as \S+:(\d+)$[^]*^Waiting for/m.exec(said);
        if (match !== null) ready.resolve(Number(match[1]));
      }
    };
    Promise.all([listen(child.stdout), listen(child.stderr)]).then(() => {
      ready.reject(new Error(`The server ended: ${said}`));
    });
    this.port = await ready.promise;
    this.tell();
  }

  /** Shows what the server has said since. */
  tell(): void {
    for (const line of this.#log.split("\n")) if (line !== "") say(`server: ${line}`);
    this.#log = "";
  }

  /** Ends it and resolves with its exit code. */
  async end(signal: "SIGKILL" | "SIGTERM"): Promise<number> {
    this.#child?.kill(signal);
    return (await this.#child?.status)?.code ?? -1;
  }
}

/** A user with a folder of their own; what their commands say is shown as it comes. */
export class DemoUser {
  readonly name: string;
  readonly folder: string;
  readonly #env: Record<string, string>;

  constructor(name: string, server: string) {
    this.name = name;
    this.folder = `${place}/${name}`;
    this.#env = { FT_SERVER: server, FT_STATE: `${place}/state of ${name}` };
    Deno.mkdirSync(this.folder);
  }

  start(...args: readonly string[]): Deno.ChildProcess {
    say(`${this.name}$ ft ${args.map(quoteShell).join(" ")}`);
    return spawn(ftCommand(...args), { cwd: this.folder, env: this.#env });
  }

  async ft(...args: readonly string[]): Promise<void> {
    await done(this.start(...args));
  }
}

export async function done(child: Deno.ChildProcess): Promise<void> {
  const { code } = await child.status;
  if (code !== 0) throw new Error(`The command ended with ${code}.`);
}

/** Fills a file with bytes of which no two MiB are the same. */
export function fill(path: string, size: number): void {
  using file = Deno.openSync(path, { write: true, createNew: true });
  const block = new Uint8Array(MiB);
  for (let at = 0; at < MiB; at += 65_536) crypto.getRandomValues(block.subarray(at, at + 65_536));
  for (let left = size, number = 0; left > 0; left -= MiB) {
    new DataView(block.buffer).setUint32(0, number++);
    const piece = block.subarray(0, Math.min(MiB, left));
    for (let at = 0; at < piece.length;) at += file.writeSync(piece.subarray(at));
  }
}

function readFull(file: Deno.FsFile, buffer: Buffer): Buffer {
  let size = 0;
  for (;;) {
    const read = size < buffer.length ? file.readSync(buffer.subarray(size)) : null;
    if (read === null) return buffer.subarray(0, size);
    size += read;
  }
}

export function sameBytes(a: string, b: string): boolean {
  using first = Deno.openSync(a);
  using second = Deno.openSync(b);
  const [one, two] = [Buffer.alloc(MiB), Buffer.alloc(MiB)];
  for (;;) {
    const piece = readFull(first, one);
    if (!piece.equals(readFull(second, two))) return false;
    if (piece.length === 0) return true;
  }
}

/** Ends all that was started and removes all that was written. */
export async function leaveNothing(): Promise<void> {
  const ends = [...children].map((child) => {
    child.kill("SIGKILL");
    return child.status;
  });
  await Promise.all(ends);
  Deno.removeSync(place, { recursive: true });
}
