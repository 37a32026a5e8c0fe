import { toFailure } from "../error.ts";
import type { ClientSession } from "../session/client_session.ts";
import { ListBound } from "../session/list_bound.ts";
import type { Conversation } from "./conversation.ts";

/** Whether text can stand for several names on a server. */
export function isRemotePattern(text: string): boolean {
  return /[*?]/.test(text);
}

/**
 * The names in a room that operands mean, in order: a name that is there is that name, and else `*`
 * is any run of characters and `?` any one. What matches nothing stays as it is, to fail as a name
 * that is not there.
 *
 * @throws FtError when the server cannot be reached.
 */
export async function remoteNames(
  conversation: Conversation,
  room: "public" | "shared",
  operands: readonly string[],
): Promise<string[]> {
  if (!operands.some(isRemotePattern)) return [...operands];
  return await conversation.once(async (session) => {
    const names: string[] = [];
    const bound = new ListBound();
    for (const operand of operands) {
      const isName = !isRemotePattern(operand) || await isThere(session, room, operand);
      names.push(...isName ? [operand] : await matches(session, room, operand, bound));
    }
    return [...new Set(names)];
  });
}

async function isThere(session: ClientSession, room: "public" | "shared", name: string) {
  try {
    await session.about(room, name);
    return true;
  } catch (thrown) {
    const failure = toFailure(thrown);
    if (failure.code === "not_found" || failure.code === "bad_name") return false;
    throw failure;
  }
}

async function matches(
  session: ClientSession,
  room: "public" | "shared",
  match: string,
  bound: ListBound,
): Promise<string[]> {
  const names: string[] = [];
  await session.list({ room, match }, (items) => {
    bound.count(items);
    for (const { name } of items) names.push(name);
  });
  return names.length === 0 ? [match] : names;
}
