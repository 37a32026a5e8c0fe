import type { Item, Room } from "../storage/store.ts";
import { type ClientOptions, Conversation } from "./conversation.ts";

/** A room and what is in it, oldest first: the number of a file is its place, from 1 on. */
export interface RoomList {
  readonly room: Room;
  readonly items: readonly Item[];
}

/**
 * What can be had of the server. The lists are kept in the state folder, so that their numbers can
 * be used in place of names afterwards.
 *
 * @throws FtError when the server cannot be reached or refuses.
 */
export async function list(
  rooms: readonly ("public" | "shared")[],
  options: ClientOptions,
): Promise<RoomList[]> {
  const conversation = new Conversation(options);
  const lists = await conversation.once((session) =>
    Promise.all(rooms.map(async (room) => {
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
