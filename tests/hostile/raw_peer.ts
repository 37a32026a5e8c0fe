import { toFrame, toMessage } from "../../src/protocol/codec.ts";
import { encodeFrame, FrameDecoder, type ReadFrame } from "../../src/protocol/frame.ts";
import type { Kind, Message, MessageOf } from "../../src/protocol/message.ts";
import { encodePreamble, PreambleDecoder } from "../../src/protocol/preamble.ts";
import type { Connection } from "../../src/transport/connection.ts";
import { dial } from "../../src/transport/dial.ts";
import { parseEndpoint } from "../../src/transport/endpoint.ts";
import { probe } from "../../src/transport/probe.ts";

const encoder = new TextEncoder();

/** The bytes of a frame, whether or not they make sense. */
export function rawFrame(
  type: number,
  id: number,
  payload: Uint8Array<ArrayBuffer> | string,
  length?: number,
): Uint8Array<ArrayBuffer> {
  const body = typeof payload === "string" ? encoder.encode(payload) : payload;
  const bytes = new Uint8Array(9 + body.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, length ?? body.length);
  view.setUint8(4, type);
  view.setUint32(5, id);
  bytes.set(body, 9);
  return bytes;
}

/** A peer of the server at `HOST:PORT`, whatever key that shows, on which nothing has been said. */
export async function rawPeer(address: string): Promise<RawPeer> {
  const endpoint = parseEndpoint(address);
  return new RawPeer(await dial(endpoint, { kind: "pinned", ...await probe(endpoint) }));
}

/** A peer that says whatever it likes. Writing to a peer that is gone is no error of the test. */
export class RawPeer {
  readonly #connection: Connection;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #frames: ReadableStreamDefaultReader<ReadFrame>;
  /** The version the other side stated. */
  version: number | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#writer = connection.writable.getWriter();
    this.#writer.closed.catch(() => {});
    this.#frames = connection.readable
      .pipeThrough(new PreambleDecoder((version) => this.version = version))
      .pipeThrough(new FrameDecoder())
      .getReader();
    this.#frames.closed.catch(() => {});
  }

  async write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    await this.#writer.write(bytes).catch(() => {});
  }

  async preamble(version = 1): Promise<void> {
    await this.write(encodePreamble(version));
  }

  /** Says messages in one write, so that what is said at once is heard at once. */
  async say(...messages: Message[]): Promise<void> {
    const pieces = messages.flatMap((message) => encodeFrame(toFrame(message)));
    await this.write(new Uint8Array(await new Blob(pieces).arrayBuffer()));
  }

  async frame(type: number, id: number, payload: Uint8Array<ArrayBuffer> | string): Promise<void> {
    await this.write(rawFrame(type, id, payload));
  }

  /** Preamble and HELLO, and the WELCOME that answers them. */
  async greet(fields: Partial<MessageOf<"hello">> = {}): Promise<Message | undefined> {
    await this.preamble();
    await this.say({ kind: "hello", id: 0, agent: "raw", features: [], require: [], ...fields });
    return await this.hear();
  }

  /** The next message other than PING; undefined once the other side has no more to say. */
  async hear(): Promise<Message | undefined> {
    for (;;) {
      let frame: ReadFrame | undefined;
      try {
        frame = (await this.#frames.read()).value;
      } catch {
        return undefined;
      }
      if (frame === undefined) return undefined;
      const message = toMessage(frame);
      if (message !== undefined && message.kind !== "ping") return message;
    }
  }

  /** The next message of a kind. */
  async expect<K extends Kind>(kind: K): Promise<MessageOf<K>> {
    const message = await this.hear();
    if (message?.kind === kind) return message as MessageOf<K>;
    throw new Error(`heard ${JSON.stringify(message)} in place of ${kind}`);
  }

  /** The code of the ERROR about the connection that ends the conversation. */
  async ending(): Promise<string> {
    for (;;) {
      const message = await this.hear();
      if (message === undefined) return "silence";
      if (message.kind === "error" && message.id === 0) return message.code;
    }
  }

  /** Says that nothing more comes. */
  async end(): Promise<void> {
    await this.#writer.close().catch(() => {});
  }

  abort(): void {
    this.#connection.abort();
  }
}
