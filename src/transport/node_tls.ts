/**
 * TLS of a client by `node:tls`, for what the runtime's own cannot do: look at the key of a server
 * that nothing is known of, and trust one certificate alone where the environment adds roots. It
 * takes some 50 ms to load and is slower, so it is used for nothing else.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { Duplex } from "node:stream";
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from "node:tls";
import { connect } from "./connect.ts";
import { CONNECT_MS, handshakeFailure, otherProtocol } from "./dial_failure.ts";
import { type Endpoint, formatEndpoint } from "./endpoint.ts";
import { ALPN } from "./security.ts";
import { type Socket, writeAll } from "./socket.ts";

/** Encrypted bytes that are read at a time. */
const BLOCK_BYTES = 256 * 1024;

/**
 * What `node:tls` reads and writes: a TCP connection of which only what is asked for is read. One of
 * its own it reads to the end, into memory, whether or not anybody takes that (Deno 2.9).
 */
class Wire extends Duplex {
  /** Called when something has been read and passed on. */
  onPull: () => void = () => {};
  readonly #tcp: Deno.TcpConn;
  /** Whether a read is under way, or no other can follow. */
  #isBusy = false;

  constructor(tcp: Deno.TcpConn) {
    super();
    this.#tcp = tcp;
  }

  /** Reads once and passes it on, unless that is under way. */
  pull(): void {
    if (this.#isBusy) return;
    this.#isBusy = true;
    // It belongs to who it is passed on to.
    const block = Buffer.allocUnsafe(BLOCK_BYTES);
    this.#tcp.read(block).then((count) => {
      this.#isBusy = count === null;
      this.push(count === null ? null : block.subarray(0, count));
      this.onPull();
    }).catch((thrown) => this.destroy(thrown));
  }

  /** {@linkcode pull} says when. */
  override _read(): void {}

  override _write(bytes: Buffer, _: BufferEncoding, onEnd: (error?: Error | null) => void): void {
    writeAll(this.#tcp, bytes).then(() => onEnd(), onEnd);
  }

  override _final(onEnd: (error?: Error | null) => void): void {
    this.#tcp.closeWrite().then(() => onEnd(), onEnd);
  }

  override _destroy(error: Error | null, onEnd: (error?: Error | null) => void): void {
    this.#isBusy = true;
    this.#tcp.close();
    onEnd(error);
  }
}

/** A TLS connection whose handshake is done. */
export class NodeTlsSocket implements Socket {
  readonly #socket: TLSSocket;
  readonly #wire: Wire;
  #failure: Error | undefined;
  #ended = false;
  #wake: (() => void) | undefined;

  private constructor(socket: TLSSocket, wire: Wire) {
    this.#socket = socket;
    this.#wire = wire;
    const wake = () => this.#wake?.();
    wire.onPull = wake;
    socket.on("readable", wake);
    socket.on("end", () => {
      this.#ended = true;
      wake();
    });
    socket.on("error", (error: Error) => {
      this.#failure = error;
      wake();
    });
    socket.on("close", () => {
      this.#failure ??= new Deno.errors.ConnectionReset("the connection is closed");
      wake();
    });
  }

  /** Shakes hands on a connection; `signal` calls that off. Throws what `node:tls` does. */
  static open(
    tcp: Deno.TcpConn,
    options: ConnectionOptions,
    signal: AbortSignal,
  ): Promise<NodeTlsSocket> {
    const { promise, resolve, reject } = Promise.withResolvers<NodeTlsSocket>();
    const wire = new Wire(tcp);
    const socket = connectTls({
      socket: wire,
      minVersion: "TLSv1.3",
      ALPNProtocols: [ALPN],
      ...options,
    });
    const stop = () => {
      socket.destroy();
      reject(signal.reason);
    };
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    socket.once("error", reject);
    socket.once("close", () => reject(new Deno.errors.UnexpectedEof("the peer left")));
    socket.once("secureConnect", () => resolve(new NodeTlsSocket(socket, wire)));
    wire.onPull = () => wire.pull();
    wire.pull();
    return promise.finally(() => signal.removeEventListener("abort", stop));
  }

  /** What the two sides agreed to speak. */
  get protocol(): string | false | null {
    return this.#socket.alpnProtocol;
  }

  /** The certificates the server showed as DER, its own first. */
  get chain(): Uint8Array<ArrayBuffer>[] {
    const chain: Uint8Array<ArrayBuffer>[] = [];
    const seen = new Set<unknown>();
    let one = this.#socket.getPeerCertificate(true);
    // The last one is given as its own issuer.
    while (one?.raw !== undefined && !seen.has(one.fingerprint256)) {
      seen.add(one.fingerprint256);
      chain.push(new Uint8Array(one.raw));
      one = one.issuerCertificate;
    }
    return chain;
  }

  async read(into: Uint8Array): Promise<number | null> {
    for (;;) {
      const length = Math.min(into.length, this.#socket.readableLength);
      const bytes: Uint8Array | null = length > 0 ? this.#socket.read(length) : null;
      if (bytes !== null) {
        into.set(bytes);
        return bytes.length;
      }
      if (this.#ended) return null;
      if (this.#failure !== undefined) throw this.#failure;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      // An end that has come is told to who asks for more.
      this.#socket.read(0);
      this.#wire.pull();
      await promise;
      this.#wake = undefined;
    }
  }

  write(bytes: Uint8Array): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    // The bytes are the caller's again once they are written.
    const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#socket.write(view, (error) => error ? reject(error) : resolve(bytes.length));
    return promise;
  }

  closeWrite(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#socket.end(resolve);
    return promise;
  }

  close(): void {
    this.#socket.destroy();
  }
}

/**
 * Connects to `endpoint` and shakes hands.
 *
 * @throws FtError `refused`, `unreachable`, `timeout`, `lost`, `identity` or `protocol`, or whatever
 * `signal` was aborted with.
 */
export async function openNodeTls(
  endpoint: Endpoint,
  options: ConnectionOptions,
  signal?: AbortSignal,
): Promise<NodeTlsSocket> {
  const where = formatEndpoint(endpoint);
  const tcp = await connect(endpoint, signal);
  const timeout = AbortSignal.timeout(CONNECT_MS);
  let socket: NodeTlsSocket;
  try {
    const ended = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
    socket = await NodeTlsSocket.open(tcp, options, ended);
  } catch (thrown) {
    signal?.throwIfAborted();
    throw handshakeFailure(thrown, where);
  }
  if (socket.protocol === ALPN) return socket;
  socket.close();
  throw otherProtocol(where);
}
