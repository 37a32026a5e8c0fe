/**
 * TLS of a client by `node:tls`, for what the runtime's own cannot do: look at the key of a server
 * that nothing is known of, and trust one certificate alone where the environment adds roots. It
 * takes some 50 ms to load and is slower, so it is used for nothing else.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import { toFailure } from "../error.ts";
import { CONNECT_MS, dialFailure, handshakeFailure, otherProtocol } from "./dial_failure.ts";
import { type Endpoint, formatEndpoint } from "./endpoint.ts";
import { ALPN } from "./security.ts";
import type { Socket } from "./socket.ts";

/**
 * Bytes that may wait to be read. Where reading has to stop, the end of the connection may go
 * unheard (Deno 2.9); it then shows when something is next written.
 */
const WAITING_BYTES = 8 * 1024 * 1024;

/** A TLS connection whose handshake is done. */
export class NodeTlsSocket implements Socket {
  readonly #socket: TLSSocket;
  #failure: Error | undefined;
  #ended = false;
  #wake: (() => void) | undefined;

  private constructor(socket: TLSSocket) {
    this.#socket = socket;
    const wake = () => this.#wake?.();
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

  /** Connects and shakes hands; `signal` calls that off. Throws what `node:tls` does. */
  static open(
    { hostname, port }: Endpoint,
    options: ConnectionOptions,
    signal: AbortSignal,
  ): Promise<NodeTlsSocket> {
    const { promise, resolve, reject } = Promise.withResolvers<NodeTlsSocket>();
    const settings: ConnectionOptions & { highWaterMark: number } = {
      host: hostname,
      port,
      minVersion: "TLSv1.3",
      highWaterMark: WAITING_BYTES,
      ALPNProtocols: [ALPN],
      ...options,
    };
    const socket = connect(settings);
    socket.setNoDelay(true);
    const stop = () => {
      socket.destroy();
      reject(signal.reason);
    };
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    socket.once("error", reject);
    socket.once("close", () => reject(new Deno.errors.UnexpectedEof("the peer left")));
    socket.once("secureConnect", () => resolve(new NodeTlsSocket(socket)));
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
      // Asks for more where nothing is left.
      this.#socket.read(0);
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
  const timeout = AbortSignal.timeout(CONNECT_MS);
  let socket: NodeTlsSocket;
  try {
    const ended = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
    socket = await NodeTlsSocket.open(endpoint, options, ended);
  } catch (thrown) {
    signal?.throwIfAborted();
    // What has a system call failed before TLS began.
    const isAddress = timeout.aborted ||
      thrown instanceof Error && "syscall" in thrown && toFailure(thrown).code !== "lost";
    throw isAddress ? dialFailure(thrown, timeout.aborted, where) : handshakeFailure(thrown, where);
  }
  if (socket.protocol === ALPN) return socket;
  socket.close();
  throw otherProtocol(where);
}
