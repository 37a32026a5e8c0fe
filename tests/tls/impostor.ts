import type { Issued } from "./authority.ts";

/** Somebody who listens in a server's place and shakes hands with a certificate of their own. */
export class Impostor implements AsyncDisposable {
  /** Handshakes that were completed. */
  accepted = 0;
  /** Bytes that clients sent once they felt safe. */
  heard = 0;
  readonly #listener: Deno.TlsListener;
  readonly #talks = new Set<Promise<void>>();
  readonly #accepting: Promise<void>;

  constructor(port: number, { certificate, key }: Issued) {
    this.#listener = Deno.listenTls({
      hostname: "127.0.0.1",
      port,
      cert: certificate,
      key,
      alpnProtocols: ["ft/1"],
    });
    this.#accepting = this.#accept();
  }

  async #accept(): Promise<void> {
    for await (const conn of this.#listener) this.#talks.add(this.#talk(conn));
  }

  async #talk(conn: Deno.TlsConn): Promise<void> {
    try {
      await conn.handshake();
      this.accepted++;
      const block = new Uint8Array(64 * 1024);
      for (;;) {
        const count = await conn.read(block);
        if (count === null) break;
        this.heard += count;
      }
    } catch {
      // The client has left, as it should.
    }
    conn.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#accepting.catch(() => {});
    await Promise.all(this.#talks);
  }
}
