import type { ClientSession } from "../session/client_session.ts";
import type { Item, Room } from "../storage/store.ts";
import { type ClientOptions, Conversation } from "./conversation.ts";

/** A room and what is in it, oldest first: the number of a file is its place, from 1 on. */
export interface RoomList {
  readonly room: Room;
  readonly items: readonly Item[];
}

/** What a client must be allowed to do to list a room. */
const VERBS = { public: "get", shared: "fetch" } as const;

/**
 * What can be had of the server. The lists are kept in the state folder, so that their numbers can
 * be used in place of names afterwards.
 *
 * @param rooms which rooms; both of them, as far as the server lets this client, when none is named.
 * @throws FtError when the server cannot be reached or refuses.
 */
export async function list(
  rooms: readonly ("public" | "shared")[] | undefined,
  options: ClientOptions,
): Promise<RoomList[]> {
  const conversation = new Conversation(options);
  const lists = await conversation.once(async (session) =>
    await Promise.all((rooms ?? await allowed(session)).map(async (room) => {
      const items: Item[] = [];
      await session.list(room, (page) => items.push(...page));
      return { room, items };
    }))
  );
  for (const { room, items } of lists) {
    conversation.state.keepList(conversation.server, room, items);
  }
  return lists;
}

/** The rooms that a client may list; both where it may list none, for the server to say so. */
async function allowed(session: ClientSession): Promise<readonly ("public" | "shared")[]> {
  const verbs = await session.verbs;
  const both = ["public", "shared"] as const;
  const some = both.filter((room) => verbs.includes(VERBS[room]));
  return some.length > 0 ? some : both;
}
