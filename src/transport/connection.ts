import { BlockSource } from "./block_source.ts";
import { lost, type Socket, writeAll } from "./socket.ts";

/** A byte pipe with a peer. */
export interface Connection {
  /** What arrives; errors with an FtError when the connection breaks. */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** What is sent; closing it tells the peer that nothing more comes. */
  readonly writable: WritableStream<Uint8Array<ArrayBuffer>>;
  /** Called with bytes of {@linkcode writable} that are on their way and not looked at any more. */
  onSent: ((bytes: Uint8Array<ArrayBuffer>) => void) | undefined;
  /** The peer's address, for the log: `HOST:PORT`. */
  readonly peer: string;
  /** When it was accepted or dialled, by the clock of `performance.now()`. */
  readonly openedAt: number;
  /**
   * Says where what follows the first `position` bytes of {@linkcode readable} is awaited: as far as
   * it was not read by then, it is read right into there.
   */
  place(position: number, room: Uint8Array<ArrayBuffer>): void;
  /** Says that nobody looks at bytes of {@linkcode readable} any more: their room is used again. */
  giveBack(bytes: Uint8Array<ArrayBuffer>): void;
  /** Reads and drops what still comes, at most so many milliseconds, so that the peer can hear. */
  drain(milliseconds: number): Promise<void>;
  /** Ends both directions at once. May be called at any time, more than once. */
  abort(): void;
}

/** Bytes that are dropped at a time. */
const DROP_BYTES = 64 * 1024;
/** Writes shorter than this wait for their neighbours and travel together. */
const SMALL_BYTES = 32 * 1024;
/** What is gathered at most. */
const GATHER_BYTES = 128 * 1024;

/**
 * Gathers short writes until the event loop has come round, and what comes while a write is under
 * way: small frames travel together, and Nagle's algorithm finds no second small packet to hold.
 */
class GatheringSink implements UnderlyingSink<Uint8Array<ArrayBuffer>> {
  readonly #socket: Socket;
  readonly #onSent: (bytes: Uint8Array<ArrayBuffer>) => void;
  #gathered = new Uint8Array(GATHER_BYTES);
  /** Room that was written and is used again. */
  #spare: Uint8Array<ArrayBuffer> | undefined;
  #filled = 0;
  #scheduled = false;
  #tail: Promise<void> = Promise.resolve();
  #controller: WritableStreamDefaultController | undefined;

  constructor(socket: Socket, onSent: (bytes: Uint8Array<ArrayBuffer>) => void) {
    this.#socket = socket;
    this.#onSent = onSent;
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
    this.#onSent(bytes);
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
      const full = this.#gathered;
      const filled = this.#filled;
      this.#gathered = this.#spare ?? new Uint8Array(GATHER_BYTES);
      this.#spare = undefined;
      this.#filled = 0;
      await this.#writeAll(full.subarray(0, filled));
      this.#spare = full;
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
  const source = new BlockSource(socket);
  function abort() {
    if (!open) return;
    open = false;
    socket.close();
    onEnd?.();
  }
  const connection: Connection = {
    // Nothing is read ahead: who takes what has come says where the rest belongs.
    readable: new ReadableStream(source, { highWaterMark: 0 }),
    writable: new WritableStream(
      new GatheringSink(socket, (bytes) => connection.onSent?.(bytes)),
    ),
    onSent: undefined,
    peer,
    openedAt,
    place: (position, room) => source.place(position, room),
    giveBack: (bytes) => source.giveBack(bytes),
    async drain(milliseconds) {
      const timer = setTimeout(abort, milliseconds);
      const dropped = new Uint8Array(DROP_BYTES);
      try {
        while (await socket.read(dropped) !== null);
      } catch {
        // The peer is gone: nobody is left to hear.
      }
      clearTimeout(timer);
    },
    abort,
  };
  return connection;
}
