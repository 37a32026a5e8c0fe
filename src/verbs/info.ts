import { FtError, toFailure } from "../error.ts";
import { listedName } from "../name.ts";
import type { About, Room } from "../storage/store.ts";
import { type ClientOptions, Conversation } from "./conversation.ts";

/** What is known of a file, and in which room it is. */
export interface RoomAbout {
  readonly room: Room;
  readonly about: About;
}

/**
 * What is known of the files of a name.
 *
 * @param shown its name; that of a folder may have a slash at its end.
 * @param room the room to look into; both that can be listed when it is not said.
 * @returns one for each room that has the name, and at least one.
 * @throws FtError `not_found` when no room has it, `denied` when none may be looked into.
 */
export async function info(
  shown: string,
  room: "public" | "shared" | undefined,
  options: ClientOptions,
): Promise<RoomAbout[]> {
  const name = listedName(shown);
  const rooms: Room[] = room === undefined ? ["shared", "public"] : [room];
  return await new Conversation(options).once(async (session) => {
    const found: RoomAbout[] = [];
    const failures: FtError[] = [];
    await Promise.all(rooms.map(async (room) => {
      try {
        found.push({ room, about: await session.about(room, name) });
      } catch (thrown) {
        failures.push(toFailure(thrown));
      }
    }));
    if (found.length > 0) {
      return found.sort((a, b) => rooms.indexOf(a.room) - rooms.indexOf(b.room));
    }
    throw failures.find(({ code }) => code !== "denied") ?? failures[0] ?? new FtError("not_found");
  });
}
