/**
 * A file on its way through a relay: what is staged of it, what shows of it, and whether it is whole.
 *
 * @module
 */
import assert from "node:assert/strict";
import { assertBytes, exists, journaled, namesIn, until, writeFile } from "./files.ts";
import { type Client, Place, type Running, type Server } from "./process.ts";
import { Random, seed } from "./random.ts";
import { Relay, type Way } from "./relay.ts";

const MiB = 1024 * 1024;
/** Bytes of one chunk. */
export const CHUNK: number = MiB;
/** Bytes of the file that is moved; its journal is written about three times. */
export const SIZE: number = 48 * MiB + 12_345;
/** Bytes a second, so that the journal has time to be written before all has come. */
export const RATE: number = 300 * MiB;
/** What frames and the records of TLS (22 bytes to 16 KiB) add, and what is said beside them. */
export const OVERHEAD: number = 64 * 1024 + SIZE / 600;
/** These tests kill and stop programs by signals. */
export const ignore: boolean = Deno.build.os === "windows";

const random = new Random(seed);

/** Where the bytes of one direction come from and go to, in one place with one server. */
export class Line {
  readonly place: Place;
  readonly relay: Relay;
  readonly client: Client;
  server: Server;
  readonly command: "share" | "get";
  readonly way: Way;
  readonly source: string;
  readonly result: string;
  /** The folder in which nothing may show before it is whole. */
  readonly folder: string;
  readonly staging: string;

  constructor(place: Place, relay: Relay, server: Server, command: "share" | "get") {
    this.place = place;
    this.relay = relay;
    this.server = server;
    this.command = command;
    this.client = place.client("ana", relay.address);
    this.way = command === "share" ? "up" : "down";
    this.source = command === "share"
      ? this.client.path("big.bin")
      : server.path("shared_files/big.bin");
    this.folder = command === "share"
      ? server.path("shared_uploads")
      : this.client.path("downloads");
    this.result = `${this.folder}/big.bin`;
    this.staging = command === "share" ? server.path(".ft/staging") : `${this.folder}/.ft`;
  }

  /** Waits until the source's times say that it has been left alone: only then they name it. */
  settled(): Promise<true> {
    return until("source left alone", () => {
      const changed = Deno.statSync(this.source).ctime?.getTime() ?? 0;
      return Date.now() - changed > 2_100;
    });
  }

  start(...more: string[]): Running {
    return this.client.start(this.command, this.source.replace(/.*\//, ""), ...more);
  }

  async restart(): Promise<void> {
    this.server = await this.place.serve({ port: this.server.port });
  }

  /** Chunks in the journal of what is staged. */
  held(): Set<number> {
    return journaled(this.staging);
  }

  heldBytes(): number {
    let sum = 0;
    for (const chunk of this.held()) sum += Math.min(CHUNK, SIZE - chunk * CHUNK);
    return sum;
  }

  /** What shows where only whole files may. */
  visible(): string[] {
    return namesIn(this.folder).filter((name) => name !== ".ft");
  }

  /** Nothing is left but the file. */
  assertDone(bytes: Uint8Array): void {
    assert.deepEqual(this.visible(), ["big.bin"]);
    assertBytes(this.result, bytes);
    if (this.command === "get") assert.ok(!exists(this.staging));
    else assert.deepEqual(namesIn(this.staging), []);
  }
}

/** Runs a test with a line of its own that has not moved anything yet. */
export function test(
  name: string,
  command: "share" | "get",
  body: (line: Line, bytes: Uint8Array) => Promise<void>,
): void {
  Deno.test({ name: `${name} (seed ${seed})`, ignore }, async () => {
    await using place = new Place();
    const server = await place.serve();
    await using relay = new Relay({ port: server.port, rate: RATE });
    const line = new Line(place, relay, server, command);
    const bytes = random.bytes(SIZE);
    writeFile(line.source, bytes);
    await body(line, bytes);
  });
}
