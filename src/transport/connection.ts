import { FtError, toFailure } from "../error.ts";

/** A byte pipe with a peer. */
export interface Connection {
  /** What arrives; errors with an FtError when the connection breaks. */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** What is sent; closing it tells the peer that nothing more comes. */
  readonly writable: WritableStream<Uint8Array<ArrayBuffer>>;
  /** The peer's address, for the log: `HOST:PORT`. */
  readonly peer: string;
  /** Reads and drops what still comes, at most so many milliseconds, so that the peer can hear. */
  drain(milliseconds: number): Promise<void>;
  /** Ends both directions at once. May be called at any time, more than once. */
  abort(): void;
}

/** Bytes asked of the socket at a time: large reads cost fewer turns of the event loop. */
const READ_BYTES = 512 * 1024;
/** A read block with less room than this left is followed by a new one. */
const LEAST_READ_BYTES = 64 * 1024;
/** Writes shorter than this wait for their neighbours and travel together. */
const SMALL_BYTES = 32 * 1024;
/** What is gathered at most. */
const GATHER_BYTES = 128 * 1024;

function lost(thrown: unknown): FtError {
  if (thrown instanceof FtError) return thrown;
  // What the system calls it ("Broken pipe") helps nobody.
  const code = toFailure(thrown).code === "timeout" ? "timeout" : "lost";
  return new FtError(code, undefined, { cause: thrown });
}

function readableOf(conn: Deno.Conn): ReadableStream<Uint8Array<ArrayBuffer>> {
  let block = new Uint8Array(READ_BYTES);
  return new ReadableStream({
    async pull(controller) {
      if (block.length < LEAST_READ_BYTES) block = new Uint8Array(READ_BYTES);
      let count: number | null;
      try {
        count = await conn.read(block);
      } catch (thrown) {
        controller.error(lost(thrown));
        return;
      }
      if (count === null) return controller.close();
      controller.enqueue(block.subarray(0, count));
      block = block.subarray(count);
    },
  });
}

/**
 * Gathers short writes until the event loop has come round, and what comes while a write is under
 * way: small frames travel together, and Nagle's algorithm finds no second small packet to hold.
 */
class GatheringSink implements UnderlyingSink<Uint8Array<ArrayBuffer>> {
  readonly #conn: Deno.Conn;
  #gathered = new Uint8Array(GATHER_BYTES);
  #filled = 0;
  #scheduled = false;
  #tail: Promise<void> = Promise.resolve();
  #controller: WritableStreamDefaultController | undefined;

  constructor(conn: Deno.Conn) {
    this.#conn = conn;
  }

  start(controller: WritableStreamDefaultController): void {
    this.#controller = controller;
  }

  async write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    if (this.#filled + bytes.length > GATHER_BYTES) await this.#flush();
    if (bytes.length < SMALL_BYTES) {
      this.#gathered.set(bytes, this.#filled);
      this.#filled += bytes.length;
      if (!this.#scheduled) {
        this.#scheduled = true;
        setImmediate(() => this.#flush().catch((error) => this.#controller?.error(error)));
      }
      return;
    }
    await this.#flush();
    await this.#writeAll(bytes);
  }

  async close(): Promise<void> {
    await this.#flush();
    // The peer may have gone first; what it has not heard by now it will not miss.
    await this.#conn.closeWrite().catch(() => {});
  }

  #flush(): Promise<void> {
    this.#tail = this.#tail.then(async () => {
      this.#scheduled = false;
      if (this.#filled === 0) return;
      const full = this.#gathered.subarray(0, this.#filled);
      this.#gathered = new Uint8Array(GATHER_BYTES);
      this.#filled = 0;
      await this.#writeAll(full);
    });
    return this.#tail;
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    try {
      let at = 0;
      while (at < bytes.length) at += await this.#conn.write(bytes.subarray(at));
    } catch (thrown) {
      throw lost(thrown);
    }
  }
}

/** The connection over a socket. */
export function socketConnection(conn: Deno.Conn, peer: string): Connection {
  let open = true;
  function abort() {
    if (!open) return;
    open = false;
    conn.close();
  }
  return {
    readable: readableOf(conn),
    writable: new WritableStream(new GatheringSink(conn)),
    peer,
    async drain(milliseconds) {
      const timer = setTimeout(abort, milliseconds);
      const dropped = new Uint8Array(LEAST_READ_BYTES);
      try {
        while (await conn.read(dropped) !== null);
      } catch {
        // The peer is gone: nobody is left to hear.
      }
      clearTimeout(timer);
    },
    abort,
  };
}
