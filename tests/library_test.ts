/** The library as programs use it: streams in and out, called off, and failing. */
import assert from "node:assert/strict";
import {
  fetch,
  put,
  type Result,
  serve,
  type Server,
  share,
  type TransferEvent,
} from "../src/mod.ts";
import { makeIdentity } from "../src/transport/identity.ts";
import { assertBytes, namesIn, writeFile } from "./files.ts";
import { Random, seed } from "./random.ts";

const MiB = 1024 * 1024;
const random = new Random(seed);
const identity = await makeIdentity();

/** A server, and a client of it. */
class Served implements AsyncDisposable {
  readonly folder: string = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "ft-library-" }));
  #server: Server | undefined;

  async start(): Promise<this> {
    writeFile(`${this.folder}/owner/server.pem`, identity.certificate + identity.key);
    this.#server = await serve({
      hostname: "127.0.0.1",
      port: 0,
      root: `${this.folder}/root`,
      security: { kind: "own", state: `${this.folder}/owner` },
    });
    return this;
  }

  get client(): { server: string; state: string } {
    return { server: this.#server?.address ?? "", state: `${this.folder}/client` };
  }

  path(name: string): string {
    return `${this.folder}/root/${name}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server?.stop();
    Deno.removeSync(this.folder, { recursive: true });
  }
}

function test(name: string, body: (served: Served) => Promise<void>): void {
  Deno.test(`library: ${name}`, async () => {
    await using served = await new Served().start();
    await body(served);
  });
}

function codes(results: readonly Result[]): string[] {
  return results.map((result) => {
    if ("error" in result) return result.error.code;
    return "receipt" in result ? result.receipt.outcome : "a folder";
  });
}

test("files, files under other names and streams go together, each with its result", async (served) => {
  const bytes = random.bytes(3 * MiB + 1);
  writeFile(`${served.folder}/a.bin`, bytes);
  const torn = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.error(new Error("It is torn.")),
  });
  const events: TransferEvent[] = [];
  const results = await share([
    `${served.folder}/a.bin`,
    { path: `${served.folder}/a.bin`, name: "b.bin" },
    { stream: new Blob([bytes]).stream(), name: "c.bin", size: bytes.length },
    { stream: torn, name: "d.bin" },
    { stream: new Blob(["x"]).stream(), name: "e.bin", size: 2 },
    { stream: new Blob(["x"]).stream(), name: "../f.bin" },
  ], { ...served.client, onEvent: (event) => void events.push(event) });
  assert.deepEqual(codes(results), ["new", "new", "new", "io", "changed", "bad_name"]);
  for (const name of ["a.bin", "b.bin", "c.bin"]) {
    assertBytes(served.path(`shared_uploads/${name}`), bytes);
  }
  assert.equal(namesIn(served.path("shared_uploads")).length, 3);
  assert.deepEqual(namesIn(served.path(".ft/staging")), []);
  const started = events.find((event) => event.kind === "started" && event.name === "c.bin");
  assert.deepEqual(started, { kind: "started", id: 2, name: "c.bin", size: bytes.length, held: 0 });
});

test("a signal calls off a stream that gives nothing", async (served) => {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const off = new AbortController();
  const onEvent = ({ kind }: TransferEvent) => kind === "started" && off.abort();
  const results = await put([{ stream: readable, name: "x" }], {
    ...served.client,
    signal: off.signal,
    onEvent,
  });
  assert.deepEqual(codes(results), ["interrupted"]);
  // Whoever writes to it learns that nobody reads on.
  await assert.rejects(writable.getWriter().closed);
  assert.deepEqual(namesIn(served.path("uploads")), []);
});

test("a signal calls off a download that nobody takes", async (served) => {
  writeFile(served.path("shared_uploads/x"), random.bytes(4 * MiB));
  const off = new AbortController();
  const stuck = Promise.withResolvers<void>();
  const output = new WritableStream<Uint8Array>({
    write: () => {
      off.abort();
      return stuck.promise;
    },
  });
  const results = await fetch(["x"], { ...served.client, output, signal: off.signal });
  assert.deepEqual(codes(results), ["interrupted"]);
  stuck.resolve();
});

test("a stream is closed when all is verified, and aborted with what went wrong", async (served) => {
  const bytes = random.bytes(2 * MiB + 9);
  writeFile(served.path("shared_uploads/x"), bytes);
  const through = async (name: string) => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const [results, read] = await Promise.all([
      fetch([name], { ...served.client, output: writable }),
      new Response(readable).bytes().catch((thrown) => thrown as Error),
    ]);
    return { codes: codes(results), read };
  };
  const whole = await through("x");
  assert.deepEqual(whole.codes, ["new"]);
  assert.ok(whole.read instanceof Uint8Array && whole.read.every((byte, at) => byte === bytes[at]));
  assert.equal(whole.read.length, bytes.length);
  const none = await through("y");
  assert.deepEqual(none.codes, ["not_found"]);
  assert.equal((none.read as { code?: string }).code, "not_found");
});

test("a reader that leaves is the failure of that file", async (served) => {
  writeFile(served.path("shared_uploads/x"), random.bytes(4 * MiB));
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const fetching = fetch(["x"], { ...served.client, output: writable });
  const reader = readable.getReader();
  await reader.read();
  const cause = new Error("Enough.");
  await reader.cancel(cause);
  const [result] = await fetching;
  assert.ok(result !== undefined && "error" in result);
  assert.equal(result.error.code, "io");
  assert.equal(result.error.cause, cause);
});

test("a stream takes one file", async (served) => {
  const output = new WritableStream<Uint8Array>();
  await assert.rejects(fetch(["x", "y"], { ...served.client, output }), { code: "usage" });
  assert.equal(output.locked, false);
});
