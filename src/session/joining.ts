import { FtError } from "../error.ts";
import { sha256 } from "../protocol/digest.ts";
import { SIDE_CONNECTIONS } from "../protocol/limits.ts";
import type { Grant } from "./access.ts";
import { isEqual } from "./constant_time.ts";
import type { Guest } from "./guest.ts";
import type { Joined, Sides } from "./sides.ts";

/** Bytes of a key: nobody guesses one. */
const KEY_BYTES = 32;

/** A conversation with a client that was let in. */
export interface Joinable extends Joined {
  readonly guest: Guest;
  readonly grant: Grant;
  readonly sides: Sides;
}

/** The conversations of a server that connections may join, by their keys. */
export class Joining {
  readonly #most: number;
  /** By the hash of the key: what looks it up takes no time that tells of the key itself. */
  readonly #open = new Map<string, Joinable>();
  /** How many have joined or are about to. */
  readonly #joined = new Map<Joinable, number>();
  #all = 0;

  /** `most` may join in all: each takes a descriptor of the system, as any connection does. */
  constructor(most = Infinity) {
    this.#most = most;
  }

  /** The key that connections join a conversation by, until `over` is aborted. */
  async offer(conversation: Joinable, over: AbortSignal): Promise<string> {
    const key = crypto.getRandomValues(new Uint8Array(KEY_BYTES))
      .toBase64({ alphabet: "base64url", omitPadding: true });
    const hash = await hashOf(key);
    if (over.aborted) throw over.reason;
    this.#open.set(hash, conversation);
    over.addEventListener("abort", () => this.#open.delete(hash), { once: true });
    return key;
  }

  /**
   * The conversation of the same party that a connection joins, until `over` is aborted.
   *
   * @throws FtError `denied` unless it is there, `busy` when it has its most.
   */
  async join(key: string, { guest, grant }: Joinable, over: AbortSignal): Promise<Joinable> {
    const found = this.#open.get(await hashOf(key));
    const isSame = found !== undefined &&
      isEqual(bytesOf(found.guest.owner), bytesOf(guest.owner)) &&
      found.grant.ended === grant.ended;
    if (!isSame) {
      throw new FtError("denied", "There is no conversation of yours that the key is of.");
    }
    if (over.aborted) throw over.reason;
    const joined = this.#joined.get(found) ?? 0;
    if (joined >= SIDE_CONNECTIONS) {
      throw new FtError("busy", `More than ${SIDE_CONNECTIONS} connections join one conversation.`);
    }
    if (this.#all >= this.#most) {
      throw new FtError("busy", "The server has as many connections as may join others.");
    }
    this.#joined.set(found, joined + 1);
    this.#all++;
    over.addEventListener("abort", () => this.#leave(found), { once: true });
    return found;
  }

  #leave(conversation: Joinable): void {
    this.#all--;
    const left = (this.#joined.get(conversation) ?? 1) - 1;
    if (left > 0) this.#joined.set(conversation, left);
    else this.#joined.delete(conversation);
  }
}

/**
 * What becomes of a conversation that has greeted, until `over` is aborted: it joins the one that its
 * client says the key of, or gets a key that others join it by.
 *
 * @throws FtError `denied` or `busy` when it cannot join.
 */
export async function enter(
  conversation: Joinable,
  key: string | undefined,
  joining: Joining | undefined,
  over: AbortSignal,
): Promise<{ readonly key?: string | undefined; readonly main?: Joinable }> {
  if (key === undefined) return { key: await joining?.offer(conversation, over) };
  return { main: await (joining ?? new Joining()).join(key, conversation, over) };
}

async function hashOf(key: string): Promise<string> {
  return (await sha256(bytesOf(key))).toHex();
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}
