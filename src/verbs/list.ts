import { FtError } from "../error.ts";
import type { ClientSession } from "../session/client_session.ts";
import { ListBound } from "../session/list_bound.ts";
import type { Item, Room } from "../storage/store.ts";
import { type ClientOptions, Conversation } from "./conversation.ts";

/** A room and what is in it, oldest first: the number of a file is its place, from 1 on. */
export interface RoomList {
  readonly room: Room;
  readonly items: readonly Item[];
}

/** How a list is made. */
export interface ListOptions extends ClientOptions {
  /** Only names that fit: `*` is any run of characters, `?` any one. */
  readonly match?: string | undefined;
  /** The order of each list and so of its numbers; oldest first when it is not said. */
  readonly order?: ((a: Item, b: Item) => number) | undefined;
  /**
   * Hears the items as they come, room by room, each once; after all of them where an order is
   * given. An empty page says that a room has nothing.
   */
  readonly onItems?: ((room: Room, items: readonly Item[]) => void) | undefined;
}

/** What a client must be allowed to do to list a room. */
const VERBS = { public: "get", shared: "fetch" } as const;
/** What it must be allowed to do to list what it sent itself. */
const OWN_VERBS = { private: "put", shared: "share" } as const;

/** A list that is coming in. */
class Incoming implements RoomList {
  readonly room: Room;
  readonly items: Item[] = [];
  isWhole = false;
  /** Over all connections together: each could bring as much as a list may have. */
  readonly #bound = new ListBound();
  /** What came before a connection was lost: it does not come twice. */
  #known: ReadonlySet<string> = new Set();

  constructor(room: Room) {
    this.room = room;
  }

  /** Begins, also for another time. */
  begin(): void {
    this.#known = new Set(this.items.map(keyOf));
  }

  add(page: readonly Item[]): void {
    const isKnown = this.#known.size > 0;
    const fresh = isKnown ? page.filter((item) => !this.#known.has(keyOf(item))) : page;
    this.#bound.count(fresh);
    for (const item of fresh) this.items.push(item);
  }
}

function keyOf({ tag, name }: Item): string {
  return `${tag} ${name}`;
}

/** Tells lists in their order, each from where it was told last. */
class Teller {
  readonly #lists: readonly Incoming[];
  readonly #onItems: ListOptions["onItems"];
  #at = 0;
  #told = 0;

  constructor(lists: readonly Incoming[], onItems: ListOptions["onItems"]) {
    this.#lists = lists;
    this.#onItems = onItems;
  }

  tell(): void {
    for (let list = this.#lists[this.#at]; list !== undefined; list = this.#lists[++this.#at]) {
      const { room, items, isWhole } = list;
      if (items.length > this.#told || isWhole && items.length === 0) {
        this.#onItems?.(room, items.slice(this.#told));
        this.#told = items.length;
      }
      if (!isWhole) return;
      this.#told = 0;
    }
  }
}

/**
 * What can be had of the server. The lists are kept in the state folder, so that their numbers can
 * be used in place of names afterwards.
 *
 * @param rooms which rooms; both of them, as far as the server lets this client, when none is named.
 * @throws FtError when the server cannot be reached or refuses.
 */
export async function list(
  rooms: readonly ("public" | "shared")[] | undefined,
  options: ListOptions,
): Promise<RoomList[]> {
  const lists = await listRooms(options, async (session) => rooms ?? await allowed(session, VERBS));
  const conversation = new Conversation(options);
  for (const { room, items } of lists) {
    conversation.state.keepList(conversation.server, room, items);
  }
  return lists;
}

/**
 * What this client sent into the private and the shared room, as far as it may send there, and what
 * is still there. Parameters and failures are those of {@linkcode list}.
 */
export async function mine(options: ListOptions): Promise<RoomList[]> {
  return await listRooms(options, (session) => allowed(session, OWN_VERBS), true);
}

async function listRooms(
  { match, order, onItems, ...options }: ListOptions,
  roomsOf: (session: ClientSession) => Promise<readonly Room[]>,
  mine = false,
): Promise<RoomList[]> {
  let lists: Incoming[] | undefined;
  let teller: Teller | undefined;
  // What the listener throws is its own affair, and no fault of the conversation.
  let thrown: { readonly value: unknown } | undefined;
  const tell = () => {
    try {
      teller?.tell();
    } catch (value) {
      thrown = { value };
      throw new FtError("interrupted");
    }
  };
  const work = async (session: ClientSession) => {
    const all = lists ??= (await roomsOf(session)).map((room) => new Incoming(room));
    teller ??= new Teller(all, onItems);
    await Promise.all(all.map(async (list) => {
      if (list.isWhole) return;
      list.begin();
      await session.list({ room: list.room, mine, match }, (page) => {
        list.add(page);
        if (order === undefined) tell();
      });
      if (order !== undefined) list.items.sort(order);
      list.isWhole = true;
      tell();
    }));
  };
  try {
    await new Conversation(options).once(work);
  } catch (failure) {
    throw thrown === undefined ? failure : thrown.value;
  }
  return (lists ?? []).map(({ room, items }) => ({ room, items }));
}

/** The rooms for which a client has the verb; all where it has none, for the server to say so. */
async function allowed<R extends Room>(
  session: ClientSession,
  needed: { readonly [room in R]: string },
): Promise<readonly R[]> {
  const verbs = await session.verbs;
  const rooms = Object.keys(needed) as R[];
  const some = rooms.filter((room) => verbs.includes(needed[room]));
  return some.length > 0 ? some : rooms;
}
