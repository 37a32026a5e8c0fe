import { basename } from "node:path/posix";
import type { Client, Place, Server } from "../process.ts";
import type { Contestant } from "./rounds.ts";
import { compare, remove } from "./load.ts";
import { run } from "./service.ts";

/** ft as its users run it, with its server: verified, and synced before it is published. */
export class Ft {
  readonly name: "ft" | "ft --plain";
  /** As a peer says it. */
  readonly promises: string;
  readonly server: Server;
  readonly client: Client;
  readonly #isPlain: boolean;

  private constructor(name: "ft" | "ft --plain", server: Server, client: Client) {
    this.name = name;
    this.promises = `${name === "ft" ? "encrypted, " : ""}verified, synced, whole or not there`;
    this.server = server;
    this.client = client;
    this.#isPlain = name === "ft --plain";
  }

  /** Starts a server and makes it known to a client. */
  static async start(place: Place, name: "ft" | "ft --plain" = "ft"): Promise<Ft> {
    const isPlain = name === "ft --plain";
    const server = await place.serve({ root: name, args: isPlain ? ["--plain"] : [] });
    const ft = new Ft(name, server, place.client(`client of ${name}`, server.address));
    await ft.run("list");
    return ft;
  }

  /** Where the server offers a name. */
  offered(name: string): string {
    return this.server.path(`shared_files/${name}`);
  }

  /** Offers what lies elsewhere, without a copy. */
  async offer(path: string): Promise<void> {
    await run("cp", "-rl", path, this.offered(basename(path)));
  }

  /** Runs a command that has to succeed. */
  async run(command: string, ...args: readonly string[]): Promise<void> {
    const plain = this.#isPlain ? ["--plain"] : [];
    const { code, stderr } = await this.client.ft(command, "-q", ...plain, ...args);
    if (code !== 0) throw new Error(stderr.trim());
  }

  /** Moves what is offered under a name, or sends it from there as if it were the client's. */
  contestant(way: "put" | "get", source: string): Contestant {
    const name = basename(source);
    const there = way === "put"
      ? this.server.path(`uploads/${name}`)
      : this.client.path(`downloads/${name}`);
    return {
      name: this.name,
      prepare: () => remove(there),
      move: () => this.run(way, way === "put" ? source : name),
      check: () => {
        compare(source, there);
        // Room in memory is short.
        remove(there);
      },
    };
  }
}
