/**
 * The accepting side of TLS, by the runtime, with a hand on the peer's socket.
 *
 * A connection of `Deno.listenTls` cannot be let go before its peer lets it: closed in the middle
 * of the handshake, or with bytes that the peer does not take, it keeps its descriptor for as long
 * as the peer likes. `node:tls` lets go, at less than half the speed. So the peer's socket stays a
 * plain one that can be closed at any moment, and its bytes are passed on, encrypted as they are,
 * to a TLS connection within this process.
 *
 * @module
 */
import { BufferPool } from "../buffer_pool.ts";
import { pause } from "../clock.ts";
import { FtError } from "../error.ts";
import { ALPN, type Identity } from "./security.ts";
import { type Socket, writeAll } from "./socket.ts";

/** Where the two ends within this process meet. */
const LOOPBACK = "127.0.0.1";
/** Bytes passed on at a time. Memory that is not written to costs nothing. */
const BLOCK_BYTES = 256 * 1024;
const BLOCKS = new BufferPool(BLOCK_BYTES);
/** Bytes that the client's side of the handshake takes at most, with what may follow at once. */
const HANDSHAKE_BYTES = 32 * 1024;
/** Bytes of the header of a TLS record: type, version, length. */
const RECORD_HEADER_BYTES = 5;
/** Types of TLS records: what is encrypted; and the lowest and highest there are. */
const ENCRYPTED = 23;
const RECORD_TYPES = [20, 24] as const;
/** The part of what is encrypted that was there before, at most: the rest of a record is its own. */
const PLAIN_PART = 16_384 / 16_406;
/**
 * Bytes that may be on their way to the peer's socket: what waits in between, no other connection
 * can carry, however long this one takes.
 */
const INSIDE_BYTES = 256 * 1024;
/** Milliseconds to wait for what the TLS server says when the handshake is over. */
const ANSWER_MS = 10;

/** Milliseconds for the last words of a handshake that failed. */
const FAREWELL_MS = 100;

/** Passes on what comes from one socket to another, to its end. */
async function pass(
  from: Socket,
  to: Socket,
  onPass: (bytes: number) => void = () => {},
): Promise<void> {
  const block = BLOCKS.take();
  try {
    for (;;) {
      const count = await from.read(block);
      if (count === null) break;
      await writeAll(to, block.subarray(0, count));
      onPass(count);
    }
  } finally {
    BLOCKS.giveBack(block.buffer);
  }
  await to.closeWrite();
}

/** Where the client's last word of the handshake ends in `bytes`; undefined when it is not there. */
function handshakeEnd(bytes: Uint8Array): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at + RECORD_HEADER_BYTES <= bytes.length;) {
    const type = view.getUint8(at);
    // No TLS at all: nothing is held back, and the TLS server refuses it.
    if (type < RECORD_TYPES[0] || type > RECORD_TYPES[1]) return bytes.length;
    at += RECORD_HEADER_BYTES + view.getUint16(at + 3);
    if (type === ENCRYPTED && at <= bytes.length) return at;
  }
  return undefined;
}

/**
 * Passes on the client's side of the handshake, then holds what follows until `answered` says that
 * the TLS server has said its own last word. The runtime leaves Nagle's algorithm on for the
 * server's side: its next words would wait for an acknowledgement, which only travels at once with
 * bytes that are sent the other way.
 */
async function passHandshake(from: Socket, to: Socket, answered: () => Promise<void>) {
  const block = new Uint8Array(HANDSHAKE_BYTES);
  let filled = 0;
  let passed = 0;
  while (filled < block.length) {
    const count = await from.read(block.subarray(filled));
    if (count === null) return;
    filled += count;
    const end = handshakeEnd(block.subarray(0, filled));
    const answer = end === undefined ? undefined : answered();
    await writeAll(to, block.subarray(passed, end ?? filled));
    passed = end ?? filled;
    if (answer === undefined) continue;
    await answer;
    break;
  }
  await writeAll(to, block.subarray(passed, filled));
}

/** Two sockets that are connected to each other: a plain one, and the TLS server's side of it. */
async function connectedPair(
  { certificate, key }: Identity,
): Promise<{ plain: Deno.TcpConn; secure: Deno.TlsConn }> {
  const address = { hostname: LOOPBACK, port: 0 };
  using listener = Deno.listenTls({ ...address, cert: certificate, key, alpnProtocols: [ALPN] });
  const plain = await Deno.connect({ hostname: LOOPBACK, port: listener.addr.port });
  try {
    plain.setNoDelay(true);
    const { port } = plain.localAddr;
    for (;;) {
      const secure = await listener.accept();
      if (secure.remoteAddr.port === port) return { plain, secure };
      // Another program of this machine was faster: it is not who is meant.
      secure.close();
    }
  } catch (thrown) {
    plain.close();
    throw thrown;
  }
}

/** The same; what goes wrong with it is no fault of the peer's. */
async function ownPair(identity: Identity): ReturnType<typeof connectedPair> {
  try {
    return await connectedPair(identity);
  } catch (cause) {
    throw new FtError("busy", "The system has no room for another connection.", {
      cause,
      hint: "Let the server have more open files (ulimit -n).",
    });
  }
}

/**
 * Takes over an accepted socket and shakes hands on it; resolves with the decrypted side of it.
 * When `signal` is aborted before that, all of it is closed.
 *
 * @throws FtError `lost` when the peer went away, gave no TLS or was too slow; `protocol` when it
 * is no client of ft.
 */
export async function shakeHands(
  peer: Deno.TcpConn,
  identity: Identity,
  signal: AbortSignal,
): Promise<Socket> {
  const ends: Deno.Conn[] = [peer];
  let onPass = () => {};
  let inside = 0;
  const close = () => {
    // Nobody waits for an answer any more, nor for room.
    inside = -Infinity;
    onPass();
    for (const end of ends.splice(0)) end.close();
  };
  signal.addEventListener("abort", close, { once: true });
  try {
    const { plain, secure } = await ownPair(identity);
    ends.push(plain, secure);
    if (signal.aborted) throw new FtError("lost", "The handshake was called off.");
    const answered = async () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, ANSWER_MS);
      onPass = resolve;
      await promise;
      clearTimeout(timer);
    };
    const inward = passHandshake(peer, plain, answered).then(() => pass(peer, plain));
    const outward = pass(plain, peer, (bytes) => {
      inside = Math.max(0, inside - bytes * PLAIN_PART);
      onPass();
    });
    // A direction that breaks takes all of it down; the reader of the other hears of that.
    inward.catch(close);
    outward.catch(close);
    const { alpnProtocol } = await secure.handshake().catch(async (thrown) => {
      // What TLS has to say about it still goes out, so that the peer can tell what this is.
      await pause(FAREWELL_MS, signal);
      throw thrown;
    });
    if (alpnProtocol !== ALPN) throw new FtError("protocol", "The other side does not speak FT.");
    return {
      read: (into) => secure.read(into),
      async write(bytes) {
        while (inside >= INSIDE_BYTES) await new Promise<void>((resolve) => onPass = resolve);
        const count = await secure.write(bytes);
        inside += count;
        return count;
      },
      async closeWrite() {
        await secure.closeWrite();
        await outward;
      },
      close,
    };
  } catch (thrown) {
    close();
    throw clientFailure(thrown);
  } finally {
    signal.removeEventListener("abort", close);
  }
}

/** What the runtime said about a client's handshake, in words of ours. */
function clientFailure(thrown: unknown): FtError {
  if (thrown instanceof FtError) return thrown;
  const cause = { cause: thrown };
  if (!(thrown instanceof Deno.errors.InvalidData)) {
    return new FtError("lost", "The client left in the middle of the TLS handshake.", cause);
  }
  return /alert/.test(thrown.message)
    ? new FtError("identity", "The client does not trust this server's key.", cause)
    : new FtError("protocol", "The other side does not speak TLS.", cause);
}
