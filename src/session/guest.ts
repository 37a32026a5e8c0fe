import { FtError, toFailure } from "../error.ts";
import { acceptName, numberedName } from "../name.ts";
import { sha256 } from "../protocol/digest.ts";
import type { MessageOf } from "../protocol/message.ts";
import type { Claimant, Room, StageRequest } from "../storage/store.ts";
import { type Access, type Grant, type Verb, VERBS } from "./access.ts";
import type { Channel } from "./channel.ts";

/** Milliseconds in which a client whose grant was taken back may still hear why. */
const REVOKED_MS = 500;
/** What is said to a client whose token does not allow something. */
const REFUSALS: Record<Verb, string> = {
  put: "You may not send files into the private room.",
  get: "You may not list the public room or take files out of it.",
  share: "You may not send files into the shared room.",
  fetch: "You may not list the shared room or take files out of it.",
};

/** A client that was let in: who it is, and what it may do. */
export class Guest {
  /** The name of its token; undefined where that has none. */
  readonly who: string | undefined;
  /** What the server keeps of its secret: enough to know it again, not to claim to be it. */
  readonly owner: string;
  /** Its run of the program. */
  readonly run: string;
  readonly verbs: readonly Verb[];
  readonly #isName: Access["isName"];

  private constructor(
    { name, verbs }: Grant,
    access: Access,
    { owner, run }: { owner: string; run: string },
  ) {
    this.who = name;
    this.verbs = VERBS.filter((verb) => verbs.has(verb));
    this.owner = owner;
    this.run = run;
    this.#isName = (text) => access.isName(text);
  }

  /** The guest who said HELLO with this secret and run, and was given this grant. */
  static async of(
    grant: Grant,
    access: Access,
    hello: Pick<MessageOf<"hello">, "owner" | "run">,
  ): Promise<Guest> {
    const owner = await ownerOf(hello.owner, grant.name);
    return new Guest(grant, access, { owner, run: hello.run ?? "" });
  }

  /**
   * Before anything is looked up, so that the answer tells nothing of what there is.
   *
   * @throws FtError `denied` unless it may do this.
   */
  require(verb: Verb): void {
    if (this.verbs.includes(verb)) return;
    throw new FtError("denied", REFUSALS[verb], {
      hint: `Ask the server's owner for a token that allows: ${verb}`,
    });
  }

  /** Who downloads when it does: each connection has a guest of its own. */
  get claimant(): Claimant {
    return { owner: this.owner, run: this.run, connection: this };
  }

  /** Whether it may not learn what is in a room that it sends into. */
  isBlind(room: "private" | "shared"): boolean {
    return room === "private" || !this.verbs.includes("fetch");
  }

  /**
   * Where what it sends is kept, and as whose.
   *
   * @throws FtError `denied` or `bad_name`.
   */
  place(
    room: Room | undefined,
    name: string,
  ): Pick<StageRequest, "room" | "name" | "owner" | "blind" | "who"> {
    if (room !== "private" && room !== "shared") {
      throw new FtError("denied", "Files are sent into the private or the shared room.");
    }
    this.require(room === "private" ? "put" : "share");
    return {
      room,
      name: this.keptName(room, name),
      owner: this.owner,
      blind: this.isBlind(room),
      ...(this.who === undefined ? {} : { who: this.who }),
    };
  }

  /**
   * The name under which a file that it sends is kept. In the private room every named token has a
   * folder of its own, which nobody else gets a file into.
   *
   * @throws FtError `bad_name` when it is none, or there is no room for the folder.
   */
  keptName(room: "private" | "shared", name: string): string {
    acceptName(name);
    if (room === "shared") return name;
    const [first = "", ...rest] = name.split("/");
    try {
      if (this.who !== undefined) return acceptName(`${this.who}/${name}`);
      return this.#isName(first) ? acceptName([numberedName(first, 2), ...rest].join("/")) : name;
    } catch {
      // What stands in the way is not the sender's business.
      throw new FtError("bad_name", `The name '${name.slice(0, 300)}' is too long to be kept.`, {
        hint: "Choose a shorter name.",
      });
    }
  }

  /** The name that its sender knows what is kept in the private room by: {@linkcode keptName} undone. */
  toldName(kept: string): string {
    const slash = kept.indexOf("/");
    if (this.who !== undefined) return kept.slice(slash + 1);
    const first = slash < 0 ? kept : kept.slice(0, slash);
    const base = first.replace(" (2)", "");
    if (base === first || !this.#isName(base) || numberedName(base, 2) !== first) return kept;
    return base + kept.slice(first.length);
  }
}

/**
 * The hash of an owner's secret. With a named token it is another one, so that two tokens are two
 * owners whatever secrets their holders have.
 */
async function ownerOf(secret: string | undefined, name: string | undefined): Promise<string> {
  // Who names no secret owns what it sends for as long as the connection lasts.
  if (secret === undefined) return crypto.randomUUID();
  // No name has a line end, so no secret makes one of these texts the other.
  const of = name === undefined ? "ft owner" : `ft owner of ${name}`;
  return (await sha256(new TextEncoder().encode(`${of}\n${secret}`))).toHex();
}

/** Ends a guest's conversation when its grant is taken back; throws when it has been already. */
export function endWith({ ended }: Grant, channel: Channel): void {
  if (ended === undefined) return;
  ended.throwIfAborted();
  const revoke = () => void channel.end(toFailure(ended.reason), REVOKED_MS);
  ended.addEventListener("abort", revoke, { once: true, signal: channel.ending });
}
