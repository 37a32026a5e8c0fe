/**
 * A server's rooms and a client's downloads in a temporary folder, and conversations in memory
 * between the two.
 *
 * @module
 */
import type { FtError } from "../../src/error.ts";
import type { Access } from "../../src/session/access.ts";
import type { Allowance } from "../../src/session/allowance.ts";
import { ClientSession } from "../../src/session/client_session.ts";
import type { Compress } from "../../src/session/compression.ts";
import type { Deadlines } from "../../src/session/deadlines.ts";
import type { DownloadRequest } from "../../src/session/download.ts";
import { Joining } from "../../src/session/joining.ts";
import type { Lane } from "../../src/session/pace.ts";
import { ServerSession, type TransferReport } from "../../src/session/server_session.ts";
import type { ClaimsOptions } from "../../src/storage/claims.ts";
import { FolderStore } from "../../src/storage/folder_store.ts";
import { Records } from "../../src/storage/records.ts";
import { Space, type SpaceLimits } from "../../src/storage/space.ts";
import type { KnownChunks, Receipt, Room, Source, Store } from "../../src/storage/store.ts";
import { Link, type LinkOptions } from "../memory_connection.ts";

const FOLDERS = { private: "uploads", public: "shared_files", shared: "shared_uploads" } as const;

/** How one conversation differs from the plain one. */
export interface TalkOptions extends LinkOptions {
  readonly owner?: string;
  readonly run?: string;
  readonly store?: Store;
  readonly deadlines?: Deadlines;
  readonly access?: Access;
  readonly allowance?: Allowance;
  readonly compress?: Compress;
  readonly lane?: Lane;
  /** Lets the client make side connections, over the links that this makes. */
  readonly join?: () => Link | Promise<Link>;
}

/** One conversation: both its sessions and what lies between them. */
export interface Talk {
  readonly link: Link;
  readonly client: ClientSession;
  readonly server: ServerSession;
  /** What the server's session ended with. */
  readonly served: Promise<FtError | undefined>;
}

/** A server and a client on one file system. */
export class World {
  readonly root: string = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "ft-world-" }));
  readonly records: Records;
  readonly store: FolderStore;
  readonly downloads: FolderStore;
  readonly reports: TransferReport[] = [];
  /** Where the conversations of this world are joined. */
  readonly joining: Joining = new Joining();
  /** What the sessions of side connections end with. */
  readonly sides: Promise<FtError | undefined>[] = [];
  readonly #talks: Talk[] = [];

  /** With `limits` the server's space is limited; `free` is what its disk has left. */
  constructor(limits?: Partial<SpaceLimits & { free: number }>, claims: ClaimsOptions = {}) {
    for (const folder of [...Object.values(FOLDERS), ".ft", "downloads"]) {
      Deno.mkdirSync(`${this.root}/${folder}`);
    }
    this.records = Records.open(`${this.root}/.ft/records.db`, () => {}, claims);
    const rooms = {
      private: `${this.root}/${FOLDERS.private}`,
      public: `${this.root}/${FOLDERS.public}`,
      shared: `${this.root}/${FOLDERS.shared}`,
    };
    const staging = `${this.root}/.ft/staging`;
    const { maxFile = 2 ** 44, quota, minFree = 0, free = 1e15 } = limits ?? {};
    const probe = Promise.resolve(() => ({ free, total: 1e15 }));
    const recorded = (room: Room) => this.records.trees.costs(room);
    const space = limits &&
      new Space({ maxFile, quota, minFree, rooms, staging, recorded, probe });
    this.store = new FolderStore({
      rooms,
      staging,
      records: this.records,
      ...(space === undefined ? {} : { space }),
    });
    const downloads = `${this.root}/downloads`;
    this.downloads = new FolderStore({
      rooms: { public: downloads, shared: downloads },
      staging: `${downloads}/.ft`,
    });
  }

  /** A conversation that has begun. */
  talk(options: TalkOptions = {}): Talk {
    const { owner = "ana", run = "run 1", deadlines, access, allowance, compress, lane } = options;
    const link = new Link(options);
    const timing = deadlines === undefined ? {} : { deadlines };
    const serve = (link: Link) =>
      new ServerSession(link.server, {
        store: options.store ?? this.store,
        agent: "server",
        onReport: (report) => this.reports.push(report),
        joining: this.joining,
        ...(access === undefined ? {} : { access }),
        ...(allowance === undefined ? {} : { allowance }),
        ...timing,
      });
    const server = serve(link);
    const served = server.serve();
    const { join } = options;
    const dial = async () => {
      const side = await join?.() ?? new Link(options);
      this.sides.push(serve(side).serve());
      return side.client;
    };
    const client = new ClientSession(link.client, {
      agent: "client",
      owner,
      run,
      compress,
      lane,
      ...(join === undefined ? {} : { join: { dial, always: true } }),
      ...timing,
    });
    const talk = { link, client, server, served };
    this.#talks.push(talk);
    return talk;
  }

  /** Gets the file `a`, from the public room if nothing else is said. */
  download(
    { client }: Pick<Talk, "client">,
    about: Partial<Pick<DownloadRequest, "room" | "store" | "onReady" | "onVerified">> = {},
  ): Promise<Receipt> {
    const to = {
      target: "a",
      store: this.downloads,
      conflict: "rename",
      origin: "server",
    } as const;
    return client.download({ room: "public", name: "a", ...to, ...about });
  }

  /** The path of a file of a room or of the downloads. */
  path(place: Room | "downloads", name: string): string {
    return `${this.root}/${place === "downloads" ? place : FOLDERS[place]}/${name}`;
  }

  read(place: Room | "downloads", name: string): Uint8Array<ArrayBuffer> {
    return Deno.readFileSync(this.path(place, name));
  }

  /** Puts a file into a room by hand. */
  lay(place: Room | "downloads", name: string, bytes: Uint8Array): void {
    Deno.writeFileSync(this.path(place, name), bytes);
  }

  /** The names in a place, sorted. */
  names(place: Room | "downloads"): string[] {
    return [...Deno.readDirSync(this.path(place, ""))]
      .map(({ name }) => name)
      .filter((name) => name !== ".ft")
      .sort();
  }

  /** Ends what still talks and removes everything. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const { link } of this.#talks) link.cut();
    for (const { client, served } of this.#talks) {
      await client.close();
      await served;
    }
    await Promise.all(this.sides);
    this.records.close();
    Deno.removeSync(this.root, { recursive: true });
  }
}

/** A source that is some bytes. */
export class MemorySource implements Source {
  readonly size: number | undefined;
  readonly mtime: number | undefined = 1_700_000_000_000;
  readonly version: string | undefined;
  readonly digest: undefined;
  /** What is said to be known of its chunks. */
  chunks: KnownChunks | undefined;
  /** What is read; a test may change it. */
  bytes: Uint8Array<ArrayBuffer>;
  /** Bytes that were read of it. */
  taken = 0;
  /** Called before each read. */
  onRead: (offset: number) => void = () => {};
  #changed = false;
  #open = true;

  constructor(
    bytes: Uint8Array<ArrayBuffer>,
    { version = "v1", stream = false }: { version?: string | undefined; stream?: boolean } = {},
  ) {
    this.bytes = bytes;
    this.size = stream ? undefined : bytes.length;
    this.version = stream ? undefined : version;
  }

  read(offset: number, into: Uint8Array): number {
    if (!this.#open) throw new Error("read after close");
    this.onRead(offset);
    const bytes = this.bytes.subarray(offset, offset + into.length);
    into.set(bytes);
    this.taken += bytes.length;
    return bytes.length;
  }

  /** Other bytes from now on, which the platform can tell. */
  change(bytes: Uint8Array<ArrayBuffer>): void {
    this.bytes = bytes;
    this.#changed = true;
  }

  isUnchanged(): boolean {
    return !this.#changed;
  }

  close(): void {
    this.#open = false;
  }
}
