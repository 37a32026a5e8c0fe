import { FtError, toFailure } from "../error.ts";
import type { Entry, MessageOf } from "../protocol/message.ts";
import type { Receipt, Room, Source, Store } from "../storage/store.ts";
import type { EntryPlace } from "../storage/tree.ts";
import type { Channel } from "./channel.ts";
import type { Compression } from "./compression.ts";
import { digestSource } from "./chunk_reader.ts";
import type { Guest } from "./guest.ts";
import type { OpenManifests } from "./open_manifests.ts";
import type { Incoming } from "./receive.ts";
import { openServedTree, requireOut } from "./served_file.ts";
import { termsOf } from "./terms.ts";
import { Asked, sendFailure, type Transfer } from "./transfer.ts";
import type { TransferReport } from "./transfer_report.ts";
import { IncomingTree } from "./tree_incoming.ts";
import { digestIn } from "./small_file.ts";
import { OutgoingTree } from "./tree_outgoing.ts";
import type { TreeReport } from "./tree_report.ts";
import type { Turn } from "./turn.ts";

/** What the folders of a conversation share with its files. */
export interface ServedTreesOptions {
  readonly channel: Channel;
  readonly store: Store;
  readonly turn: Turn;
  /** Waits until so many bytes may be sent. */
  readonly pace: (bytes: number) => void | Promise<void>;
  readonly compression: Compression;
  readonly manifests: OpenManifests;
  /** Keeps a transfer until `outcome` settles, then reports it. */
  readonly track: (
    id: number,
    transfer: Transfer,
    outcome: Promise<Receipt | TreeReport | undefined>,
    about: Pick<TransferReport, "action" | "room" | "name" | "isFolder">,
    bytes: () => number,
  ) => void;
}

/** Where what a guest sends is kept, and as whose. */
type Place = ReturnType<Guest["place"]>;

/** The folders of one conversation, on the server's side. */
export class ServedTrees {
  readonly #options: ServedTreesOptions;
  readonly #incoming = new Map<number, { readonly place: Place; readonly tree: IncomingTree }>();
  readonly #outgoing = new Map<number, { readonly room: Room; readonly tree?: OutgoingTree }>();

  constructor(options: ServedTreesOptions) {
    this.#options = options;
  }

  /** Takes a folder that a client sends. */
  receive(guest: Guest, head: MessageOf<"tree">): void | Promise<void> {
    const { channel, store: { trees }, manifests, track } = this.#options;
    const { id, room, name, dry = false } = head;
    const action = room === "private" ? "put" : "share";
    // Who may not look into a room does not learn what a folder is called that had to give way.
    const isBlind = room === "private" || room === "shared" && guest.isBlind(room);
    const told = isBlind ? { toldName: name } : {};
    const manifest = manifests.open(guest.owner);
    const incoming = new IncomingTree({ channel, id, manifest, dry, ...told });
    const outcome = incoming.outcome.finally(() => {
      this.#incoming.delete(id);
      manifest.close();
    });
    const about = { action, room: room ?? "private", name } as const;
    track(id, incoming, outcome, about, () => incoming.received);
    let kept: string | undefined;
    try {
      requireOne(this.#incoming);
      const place = guest.place(room, name);
      kept = place.name;
      if (trees === undefined) throw new FtError("denied", "No folders are kept here.");
      incoming.begin(trees.stageTree({
        ...place,
        run: guest.run,
        conflict: head.conflict ?? "rename",
        mtime: head.mtime,
        digestOf: digestSource,
        part: head.part ?? false,
        dry,
        ...(room === "shared" ? { terms: termsOf(head) } : {}),
      }));
      this.#incoming.set(id, { place, tree: incoming });
    } catch (thrown) {
      return incoming.fail(toFailure(thrown), kept);
    }
  }

  /** Where a large file of a folder goes to, which hears what becomes of it; else nothing. */
  place(
    { room, tree: id, index = 0, size }: Entry,
    incoming: Incoming,
  ): Place & EntryPlace | undefined {
    if (id === undefined) return undefined;
    const folder = this.#incoming.get(id);
    if (folder === undefined) {
      throw new FtError("denied", "The folder that it belongs to is not being sent.");
    }
    const { place, tree } = folder;
    if (room !== place.room) throw new FtError("protocol", "The folder goes to another room.");
    const { entry, tree: staged } = tree.expected(index);
    if (entry.size !== size) throw new FtError("changed", `'${entry.path}' has another size now.`);
    incoming.outcome.then(
      (receipt) => tree.settle(index, receipt),
      (thrown) => tree.failed(index, toFailure(thrown)),
    );
    return { ...place, ...staged.place(entry) };
  }

  /** Gives a client the folder it asks for. */
  send(guest: Guest, { id, room, name, tag, checksum }: MessageOf<"browse">): void {
    const { channel, store: { trees }, turn, pace, compression, manifests, track } = this.#options;
    const action = room === "public" ? "get" : "fetch";
    const asked = new Asked();
    const manifest = manifests.open(guest.owner);
    let outgoing: OutgoingTree | undefined;
    const outcome = (async () => {
      try {
        requireOut(room);
        guest.require(action);
        requireOne(this.#outgoing);
        // Before it is looked for: what comes meanwhile is another one.
        this.#outgoing.set(id, { room });
        if (trees === undefined) throw new FtError("denied", "No folders are kept here.");
        const source = await openServedTree(trees, { room, name, tag }, guest.claimant);
        outgoing = new OutgoingTree({
          channel,
          id,
          manifest,
          source,
          turn,
          pace,
          compression,
          ...(checksum ? { digestOf: (entry) => digestIn(source, entry.path) } : {}),
          head: { name, ...(source.mtime === undefined ? {} : { mtime: source.mtime }) },
        });
        asked.answer(outgoing);
        this.#outgoing.set(id, { room, tree: outgoing });
        return { ...await outgoing.run(), name };
      } catch (thrown) {
        const failure = toFailure(thrown);
        if (outgoing === undefined) await sendFailure(channel, id, failure);
        throw failure;
      } finally {
        this.#outgoing.delete(id);
        manifest.close();
      }
    })();
    const about = { action, room, name, isFolder: true } as const;
    track(id, asked, outcome, about, () => outgoing?.sent ?? 0);
  }

  /** Whether what a client asks for as a file is a folder. */
  async has({ room, name }: MessageOf<"request">): Promise<boolean> {
    return await this.#options.store.trees?.has(room, name) === true;
  }

  /** Opens a large file of a folder that a client is fetching; undefined for any other file. */
  async open(
    { room, name, tree: id, index = 0 }: MessageOf<"request">,
  ): Promise<Source | undefined> {
    if (id === undefined) return undefined;
    const folder = this.#outgoing.get(id);
    if (folder?.tree === undefined) {
      throw new FtError("denied", "The folder that it belongs to is not being fetched.");
    }
    // What is learnt of the file is noted under this name in this room.
    if (room !== folder.room) throw new FtError("protocol", "The folder is in another room.");
    return await folder.tree.openLarge(index, name);
  }

  /** Bytes of a file that a client asked for have arrived: the folder is still being fetched. */
  moved({ tree: id }: MessageOf<"request">): void {
    if (id !== undefined) this.#outgoing.get(id)?.tree?.renew();
  }
}

/**
 * One folder at a time is sent in each direction: each is held in memory while it is.
 *
 * @throws FtError `busy` while another one is; not for one whose end its sender has been told.
 */
function requireOne(
  open: ReadonlyMap<number, { readonly tree?: Pick<IncomingTree, "settled"> }>,
): void {
  if ([...open.values()].every(({ tree }) => tree?.settled === true)) return;
  throw new FtError("busy", "Another folder is under way on this connection.", {
    hint: "Try again once it is done.",
  });
}
