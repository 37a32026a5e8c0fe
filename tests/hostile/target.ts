/**
 * A real server on a free port with something to steal and something to break, and what must hold
 * of it whatever is said to it.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { FtError } from "../../src/error.ts";
import type { TransferReport } from "../../src/session/server_session.ts";
import { dial } from "../../src/transport/dial.ts";
import { parseEndpoint } from "../../src/transport/endpoint.ts";
import { fetch } from "../../src/verbs/download.ts";
import { serve, type Server } from "../../src/verbs/serve.ts";
import type { ServeLimits } from "../../src/verbs/serve_limits.ts";
import { share } from "../../src/verbs/upload.ts";
import { Random } from "../random.ts";
import { RawPeer } from "./raw_peer.ts";

/** Milliseconds in which a server stops once its clients are gone: no session is left behind. */
const STOP_MS = 5_000;

/** Milliseconds in which a valid token lets in; failures from its address are not to slow it. */
const PROMPT_MS = 2_000;

/** What a target is like. */
export interface TargetOptions {
  /** Whether a token is needed: then an honest client is one that has the invite's. */
  readonly requireToken?: boolean;
  /** What its clients may use, where it differs from the defaults. */
  readonly limits?: Partial<ServeLimits>;
}

/** What a client says of itself. */
export type Greeting = { readonly owner?: string; readonly run?: string; readonly token?: string };

/** A file of the public room: three chunks. */
export const PUBLIC_BYTES: Uint8Array<ArrayBuffer> = new Random(7).bytes(2 * 1024 * 1024 + 5);

/** A server that is going to be treated badly. */
export class Target {
  readonly #base: string;
  readonly root: string;
  readonly server: Server;
  readonly reports: readonly TransferReport[];
  readonly troubles: readonly FtError[];
  readonly #before: readonly string[];
  #stopped = false;

  static async start({ requireToken = false, limits = {} }: TargetOptions = {}): Promise<Target> {
    const base = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "ft-hostile-" }));
    const reports: TransferReport[] = [];
    const troubles: FtError[] = [];
    const server = await serve({
      hostname: "127.0.0.1",
      port: 0,
      root: `${base}/root`,
      security: { kind: "plain" },
      requireToken,
      limits,
      onReport: (report) => reports.push(report),
      onTrouble: (_, failure) => troubles.push(failure),
    });
    return new Target(base, server, reports, troubles);
  }

  private constructor(
    base: string,
    server: Server,
    reports: readonly TransferReport[],
    troubles: readonly FtError[],
  ) {
    this.#base = base;
    this.root = `${base}/root`;
    this.server = server;
    this.reports = reports;
    this.troubles = troubles;
    Deno.writeTextFileSync(`${this.#base}/secret.txt`, "nobody's business");
    Deno.mkdirSync(`${this.root}/shared_uploads-plus`);
    Deno.writeFileSync(`${this.root}/shared_files/public.bin`, PUBLIC_BYTES);
    Deno.writeTextFileSync(`${this.root}/shared_files/small.txt`, "small");
    Deno.writeTextFileSync(`${this.root}/shared_uploads/theirs.txt`, "theirs");
    Deno.writeTextFileSync(`${this.root}/uploads/private.txt`, "private");
    this.#before = this.#files();
  }

  /** Everything there is but the server's own records and staging. */
  #files(): string[] {
    const found: string[] = [];
    const look = (folder: string) => {
      for (const { name, isDirectory } of Deno.readDirSync(folder)) {
        const path = `${folder}/${name}`;
        if (path === `${this.root}/.ft`) continue;
        if (isDirectory) look(path);
        const { size, mtime } = Deno.lstatSync(path);
        found.push(isDirectory ? `${path}/` : `${path} ${size} ${mtime?.getTime()}`);
      }
    };
    look(this.#base);
    return found.sort();
  }

  /** A place beside the root, where nothing of the server may ever lead. */
  outside(name: string): string {
    return `${this.#base}/${name}`;
  }

  /** A connection on which nothing has been said. */
  async raw(): Promise<RawPeer> {
    return new RawPeer(await dial(parseEndpoint(this.server.address), { kind: "plain" }));
  }

  /** A connection that has greeted. */
  async greeted(fields: Greeting = {}): Promise<RawPeer> {
    const peer = await this.raw();
    const { token } = this.server;
    const welcome = await peer.greet({ ...(token === undefined ? {} : { token }), ...fields });
    assert.equal(welcome?.kind, "welcome");
    return peer;
  }

  /** Nothing has appeared, gone or changed in the rooms or around them. */
  assertUntouched(): void {
    assert.deepEqual(this.#files(), this.#before);
  }

  /** An honest client is served as if nothing had been. */
  async assertServing(): Promise<void> {
    if (this.server.token !== undefined) return await this.#assertAdmitting();
    const mine = this.outside("honest");
    Deno.mkdirSync(mine);
    try {
      const options = {
        server: this.server.address,
        plain: true,
        state: `${mine}/state`,
        retries: 0,
      };
      Deno.writeTextFileSync(`${mine}/honest.txt`, "honest");
      const [shared] = await share([`${mine}/honest.txt`], options);
      assert(shared !== undefined && "receipt" in shared, "an honest client is refused");
      const [fetched] = await fetch(["honest.txt"], { ...options, output: `${mine}/back.txt` });
      assert(fetched !== undefined && "receipt" in fetched);
      assert.equal(Deno.readTextFileSync(`${mine}/back.txt`), "honest");
      Deno.removeSync(`${this.root}/shared_uploads/honest.txt`);
    } finally {
      Deno.removeSync(mine, { recursive: true });
    }
  }

  /** The same where a token is needed. */
  async #assertAdmitting(): Promise<void> {
    const began = performance.now();
    const peer = await this.greeted();
    const took = performance.now() - began;
    assert(took < PROMPT_MS, `an honest client was let in after ${took} ms`);
    await peer.say({ kind: "list", id: 1, room: "shared" });
    const { items } = await peer.expect("items");
    assert.deepEqual(items.map(({ name }) => name), ["theirs.txt"]);
    await peer.say({ kind: "request", id: 2, room: "public", name: "small.txt" });
    assert.equal((await peer.expect("entry")).size, 5);
    peer.abort();
  }

  /** Stops the server, which takes long if a session of a peer that is gone lives on. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    const began = performance.now();
    await this.server.stop();
    const took = performance.now() - began;
    assert(took < STOP_MS, `a session was left behind: stopping took ${took} ms`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.stop();
    } finally {
      Deno.removeSync(this.#base, { recursive: true });
    }
  }
}

/**
 * A test of one kind of bad behaviour. `act` says what the peer does and asserts what it hears; it
 * gets a connection on which nothing was said, or one that has greeted. What it returns are the
 * codes of the failures the server speaks of to its owner.
 */
export function hostile(
  name: string,
  start: "raw" | "greeted",
  act: (peer: RawPeer, target: Target) => Promise<void | string[]>,
  options: TargetOptions = {},
): void {
  Deno.test(`hostile client: ${name}`, async () => {
    await using target = await Target.start(options);
    const peer = await target[start]();
    let troubles: void | string[];
    try {
      troubles = await act(peer, target);
      target.assertUntouched();
      await target.assertServing();
    } finally {
      peer.abort();
    }
    await target.stop();
    target.assertUntouched();
    if (troubles !== undefined) assert.deepEqual(target.troubles.map(({ code }) => code), troubles);
  });
}
