import type { MessageOf } from "../../src/protocol/message.ts";
import { socketConnection } from "../../src/transport/connection.ts";
import { RawPeer } from "./raw_peer.ts";

/** What a server says on each connection. What it throws once the client is gone is dropped. */
export type Script = (peer: RawPeer) => Promise<void>;

/** A server that keeps to no rule: it says what a script says. */
export class FakeServer implements AsyncDisposable {
  /** `HOST:PORT`. */
  readonly address: string;
  readonly #listener: Deno.TcpListener;
  readonly #accepting: Promise<void>;
  readonly #talks = new Set<Promise<void>>();

  constructor(script: Script) {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.address = `127.0.0.1:${this.#listener.addr.port}`;
    this.#accepting = this.#accept(script);
  }

  async #accept(script: Script): Promise<void> {
    for await (const conn of this.#listener) this.#talks.add(this.#talk(conn, script));
  }

  async #talk(conn: Deno.Conn, script: Script): Promise<void> {
    const connection = socketConnection(conn, "client");
    const peer = new RawPeer(connection);
    try {
      await script(peer);
      await peer.end();
      while (await peer.hear() !== undefined);
    } catch {
      // The client has left.
    }
    peer.abort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#accepting.catch(() => {});
    await Promise.all(this.#talks);
  }
}

/** A WELCOME that allows everything. */
export const WELCOME: MessageOf<"welcome"> = {
  kind: "welcome",
  id: 0,
  agent: "fake",
  features: [],
  verbs: ["put", "get", "share", "fetch"],
  transfers: 64,
};

/** Preamble, HELLO heard, WELCOME said. */
export async function welcome(peer: RawPeer): Promise<void> {
  await peer.preamble();
  await peer.expect("hello");
  await peer.say(WELCOME);
}
