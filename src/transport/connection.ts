import { FtError, toFailure } from "../error.ts";
import { type Socket, writeAll } from "./socket.ts";

/** A byte pipe with a peer. */
export interface Connection {
  /** What arrives; errors with an FtError when the connection breaks. */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** What is sent; closing it tells the peer that nothing more comes. */
  readonly writable: WritableStream<Uint8Array<ArrayBuffer>>;
  /** The peer's address, for the log: `HOST:PORT`. */
  readonly peer: string;
  /** When it was accepted or dialled, by the clock of `performance.now()`. */
  readonly openedAt: number;
  /** Reads and drops what still comes, at most so many milliseconds, so that the peer can hear. */
  drain(milliseconds: number): Promise<void>;
  /** Ends both directions at once. May be called at any time, more than once. */
  abort(): void;
}

/** Bytes asked of the socket at a time: large reads cost fewer turns of the event loop. */
const READ_BYTES = 512 * 1024;
/** TLS gives one record of 16 KiB at a time; they are passed on together, up to this much. */
const FULL_BYTES = 256 * 1024;
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

function readableOf(socket: Socket): ReadableStream<Uint8Array<ArrayBuffer>> {
  let block = new Uint8Array(READ_BYTES);
  /** A read that was begun into the block and has not ended. */
  let begun: Promise<number | null> | undefined;
  let hasEnded = false;

  /** Bytes at the start of the block: what there is, and more while more is there at once. */
  async function fill(): Promise<number> {
    let filled = 0;
    for (;;) {
      begun ??= readOrEnd(socket, block.subarray(filled));
      const count = filled === 0 ? await begun : await Promise.race([begun, nextTurn()]);
      if (count === undefined) break;
      begun = undefined;
      if (count === null) {
        hasEnded = true;
        break;
      }
      filled += count;
      if (filled >= FULL_BYTES || filled === block.length) break;
    }
    return filled;
  }

  return new ReadableStream({
    async pull(controller) {
      if (begun === undefined && block.length < LEAST_READ_BYTES) {
        block = new Uint8Array(READ_BYTES);
      }
      try {
        const filled = await fill();
        if (filled > 0) controller.enqueue(block.subarray(0, filled));
        block = block.subarray(filled);
        if (hasEnded) controller.close();
      } catch (thrown) {
        controller.error(lost(thrown));
      }
    },
  });
}

/**
 * Reads; an end without TLS's own farewell is an end, too. That somebody may have cut the
 * connection is nothing new: what is whole and what is not is told by the frames.
 */
async function readOrEnd(socket: Socket, into: Uint8Array): Promise<number | null> {
  try {
    return await socket.read(into);
  } catch (thrown) {
    if (thrown instanceof Deno.errors.UnexpectedEof) return null;
    throw thrown;
  }
}

/** Resolves when the event loop has come round. */
function nextTurn(): Promise<undefined> {
  return new Promise((resolve) => setImmediate(() => resolve(undefined)));
}

/**
 * Gathers short writes until the event loop has come round, and what comes while a write is under
 * way: small frames travel together, and Nagle's algorithm finds no second small packet to hold.
 */
class GatheringSink implements UnderlyingSink<Uint8Array<ArrayBuffer>> {
  readonly #socket: Socket;
  #gathered = new Uint8Array(GATHER_BYTES);
  #filled = 0;
  #scheduled = false;
  #tail: Promise<void> = Promise.resolve();
  #controller: WritableStreamDefaultController | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
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
    await this.#socket.closeWrite().catch(() => {});
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
      await writeAll(this.#socket, bytes);
    } catch (thrown) {
      throw lost(thrown);
    }
  }
}

/** What is known of a socket. */
export interface SocketOptions {
  /** When it was accepted or dialled; now when it is not said. */
  readonly openedAt?: number;
  /** Called once, when it is closed. */
  readonly onEnd?: () => void;
}

/** The connection over a socket to `peer`. */
export function socketConnection(
  socket: Socket,
  peer: string,
  { openedAt = performance.now(), onEnd }: SocketOptions = {},
): Connection {
  let open = true;
  function abort() {
    if (!open) return;
    open = false;
    socket.close();
    onEnd?.();
  }
  return {
    readable: readableOf(socket),
    writable: new WritableStream(new GatheringSink(socket)),
    peer,
    openedAt,
    async drain(milliseconds) {
      const timer = setTimeout(abort, milliseconds);
      const dropped = new Uint8Array(LEAST_READ_BYTES);
      try {
        while (await socket.read(dropped) !== null);
      } catch {
        // The peer is gone: nobody is left to hear.
      }
      clearTimeout(timer);
    },
    abort,
  };
}
