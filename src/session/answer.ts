/**
 * A server's answers to questions about what there is. Who may not take out of a room learns
 * nothing of it; who may send into it learns what it sent itself.
 *
 * @module
 */
import { FtError } from "../error.ts";
import { acceptName } from "../name.ts";
import { FRAME_BYTES, LIST_ITEMS } from "../protocol/limits.ts";
import { matchesGlob } from "../protocol/glob.ts";
import type { MessageOf } from "../protocol/message.ts";
import { byAge } from "../storage/room_index.ts";
import type { Item, Room, Store, View } from "../storage/store.ts";
import type { Channel } from "./channel.ts";
import type { Guest } from "./guest.ts";
import { asNotFound, digestServed, openServed } from "./served_file.ts";

/** What is asked. */
export type Question = MessageOf<"list"> | MessageOf<"info"> | MessageOf<"unshare">;

/** Who asks whom. */
export interface AnswerOptions {
  readonly channel: Channel;
  readonly store: Store;
  readonly guest: Guest;
  /** Throws when the answer is wanted no more. */
  readonly check: () => void;
}

/** Most UTF-16 units times pattern that are compared before other work gets a turn. */
const TURN_UNITS = 1_000_000;
/** JSON has at most six bytes for a UTF-16 unit. */
const UNIT_BYTES = 6;
/** Bytes of an item beside its name and its note. */
const ITEM_BYTES = 1024;

/** Answers a question, or throws what is to be said instead. */
export async function answer(question: Question, options: AnswerOptions): Promise<void> {
  switch (question.kind) {
    case "list":
      return await sendItems(question, options);
    case "info":
      return await sendAbout(question, options);
    case "unshare":
      return await unshare(question, options);
  }
}

/** What a guest may see of a room, once it is known that it may look. */
function viewOf(guest: Guest, room: Room, mine: boolean): View {
  const { owner } = guest;
  if (mine) {
    if (room === "public") throw new FtError("denied", "Nobody sends files into the public room.");
    guest.require(room === "private" ? "put" : "share");
    return { owner, mine, blind: guest.isBlind(room) };
  }
  if (room === "private") throw new FtError("denied", "The private room is not listed.");
  guest.require(room === "public" ? "get" : "fetch");
  return { owner };
}

/** Sends a room's items, oldest first. */
async function sendItems(
  { id, room, mine = false, match }: MessageOf<"list">,
  { channel, store, guest, check }: AnswerOptions,
): Promise<void> {
  const view = viewOf(guest, room, mine);
  check();
  // What fits no more into a message, or may be the last one.
  let rest: Item[] = [];
  let compared = 0;
  for await (const kept of store.pages(room, view)) {
    const items: Item[] = [];
    for (const item of room === "private" ? toldItems(kept, guest) : kept) {
      if (match !== undefined) {
        compared += item.name.length * match.length;
        if (compared > TURN_UNITS) {
          compared = 0;
          await new Promise<void>((turn) => setImmediate(turn));
          check();
        }
        if (!matchesGlob(match, item.name)) continue;
      }
      items.push(item);
    }
    check();
    rest = rest.concat(items);
    for (;;) {
      const page = pageOf(rest);
      if (page.length === rest.length) break;
      rest = rest.slice(page.length);
      check();
      await channel.send({ kind: "items", id, items: page, last: false });
    }
  }
  check();
  await channel.send({ kind: "items", id, items: rest, last: true });
}

/** What a guest sent into the private room under the names it knows; all of that is one page. */
function toldItems(items: readonly Item[], guest: Guest): readonly Item[] {
  return items.map((item) => ({ ...item, name: guest.toldName(item.name) }))
    .sort(byAge);
}

/** The first of some items that fit into one message. */
function pageOf(items: readonly Item[]): Item[] {
  const page: Item[] = [];
  let bytes = 0;
  for (const item of items.slice(0, LIST_ITEMS)) {
    bytes += ITEM_BYTES + UNIT_BYTES * (item.name.length + (item.note?.length ?? 0));
    if (page.length > 0 && bytes > FRAME_BYTES) break;
    page.push(item);
  }
  return page;
}

/** Sends what is known of one file; its digest is found out where it is not known. */
async function sendAbout(
  { id, room, name }: MessageOf<"info">,
  { channel, store, guest, check }: AnswerOptions,
): Promise<void> {
  const view = viewOf(guest, room, false);
  try {
    const about = await store.about(room, acceptName(name), view);
    const isFolder = about.files !== undefined;
    if (isFolder || about.digest !== undefined || about.downloads !== undefined) {
      return await channel.send({ kind: "about", id, ...about });
    }
    const source = await openServed(store, { room, name, tag: about.tag });
    try {
      const digest = await digestServed(store, { room, name }, source, check);
      return await channel.send({ kind: "about", id, ...about, digest });
    } finally {
      source.close();
    }
  } catch (thrown) {
    throw asNotFound(thrown, name);
  }
}

/** Takes back what the guest shared; of what is another's it hears the same as of nothing. */
async function unshare(
  { id, name }: MessageOf<"unshare">,
  { channel, store, guest }: AnswerOptions,
): Promise<void> {
  guest.require("share");
  const { owner } = guest;
  try {
    const about = await store.unshare(acceptName(name), { owner, blind: guest.isBlind("shared") });
    await channel.send({ kind: "about", id, ...about });
  } catch (thrown) {
    const failure = asNotFound(thrown, name);
    if (failure.code !== "not_found") throw failure;
    throw new FtError("not_found", `You share nothing that is called '${name}'.`, {
      hint: "See what you share with: ft mine",
    });
  }
}
