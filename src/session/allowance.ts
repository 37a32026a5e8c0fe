/**
 * What a server shares out among its clients beside space: transfers that are open at once, and
 * bandwidth. A client is the owner that its connections name.
 *
 * @module
 */
import { FtError } from "../error.ts";
import { OPEN_TRANSFERS } from "../protocol/limits.ts";
import type { Message } from "../protocol/message.ts";
import { OpenManifests } from "./open_manifests.ts";
import { type Lane, Pace, type PaceOptions } from "./pace.ts";

/** What begins a transfer that moves files. Those of a folder move beside it, in one connection. */
const MOVING: ReadonlySet<Message["kind"]> = new Set(["entry", "request", "tree", "browse"]);

/** What there is for all clients of a server, and for each. */
export interface AllowanceOptions extends PaceOptions {
  /** Transfers that one client may have open over all its connections. */
  readonly transfers: number;
}

/** What a server lets its clients have. */
export class Allowance {
  /** Room for the manifests of folders. */
  readonly manifests = new OpenManifests();
  readonly #transfers: number;
  readonly #pace: Pace | undefined;
  readonly #open = new Map<string, number>();

  constructor({ transfers, ...pace }: AllowanceOptions) {
    this.#transfers = transfers;
    const isPaced = pace.total !== undefined || pace.perClient !== undefined;
    this.#pace = isPaced ? new Pace(pace) : undefined;
  }

  /** Transfers that one connection may have open. */
  get transfers(): number {
    return Math.min(OPEN_TRANSFERS, this.#transfers);
  }

  /** The share of one connection of a client. */
  share(client: string): Share {
    return new Share(this, client, this.#pace?.lane(client));
  }

  /** @internal Counts one more transfer of a client, unless it has its most. */
  begin(client: string): void {
    const open = this.#open.get(client) ?? 0;
    if (open >= this.#transfers) throw tooMany(this.#transfers, "client");
    this.#open.set(client, open + 1);
  }

  /** @internal */
  end(client: string): void {
    const open = (this.#open.get(client) ?? 0) - 1;
    if (open > 0) this.#open.set(client, open);
    else this.#open.delete(client);
  }
}

function tooMany(most: number, of: string): FtError {
  return new FtError("busy", `More than ${most} transfers at once of one ${of}.`, {
    hint: "Try again once others have ended.",
  });
}

function tooManyShare(): FtError {
  return new FtError("busy", "Too many share the server's bandwidth just now.");
}

/** What one connection has of what its client may have. */
export class Share {
  readonly #allowance: Allowance;
  readonly #client: string;
  readonly #lane: Lane | undefined;
  /** The open transfers by id, and whether they move files. */
  readonly #open = new Map<number, boolean>();
  #hasJoined = false;

  constructor(allowance: Allowance, client: string, lane: Lane | undefined) {
    this.#allowance = allowance;
    this.#client = client;
    this.#lane = lane;
  }

  /**
   * Begins a transfer with a message of this kind.
   *
   * @throws FtError `busy` when the connection or its client has its most, or when the bandwidth is
   * shared by too many.
   */
  begin(id: number, kind: Message["kind"]): void {
    const { transfers } = this.#allowance;
    if (this.#open.size >= transfers) throw tooMany(transfers, "connection");
    this.#allowance.begin(this.#client);
    const moves = MOVING.has(kind);
    if (moves && this.#lane?.enter() === false) {
      this.#allowance.end(this.#client);
      throw tooManyShare();
    }
    this.#open.set(id, moves);
  }

  /** Ends a transfer that was begun. */
  end(id: number): void {
    if (this.#open.get(id)) this.#lane?.leave();
    if (this.#open.delete(id)) this.#allowance.end(this.#client);
  }

  /**
   * Moves files of a conversation that it has joined, until it is closed.
   *
   * @throws FtError `busy` when the bandwidth is shared by too many.
   */
  join(): void {
    if (this.#lane?.enter() === false) throw tooManyShare();
    this.#hasJoined = true;
  }

  /** Waits until so many bytes of files may move; not at all where they may now. */
  take(bytes: number): void | Promise<void> {
    return this.#lane?.take(bytes);
  }

  /** The conversation is over: nothing of it waits any more. */
  close(): void {
    if (this.#hasJoined) this.#lane?.leave();
    this.#hasJoined = false;
    this.#lane?.close();
  }
}
