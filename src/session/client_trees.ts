import { FtError } from "../error.ts";
import { changed } from "../storage/local_tree.ts";
import type { Conflict, Room, Store } from "../storage/store.ts";
import type { Channel } from "./channel.ts";
import { digestSource } from "./chunk_reader.ts";
import type { ClientSession } from "./client_session.ts";
import type { IncomingTreeOptions } from "./incoming_tree_options.ts";
import { IncomingTree } from "./tree_incoming.ts";
import type { OutgoingTreeOptions } from "./outgoing_tree_options.ts";
import { OutgoingTree } from "./tree_outgoing.ts";

/** A folder to upload. */
export interface TreeUpload
  extends
    Pick<OutgoingTreeOptions, "source" | "digestOf" | "onWanted" | "onVerified" | "onOutcome"> {
  readonly head: OutgoingTreeOptions["head"] & { readonly room: Room };
}

/** A folder to download. */
export interface TreeDownload
  extends Pick<IncomingTreeOptions, "onWanted" | "onVerified" | "onOutcome"> {
  readonly room: Room;
  readonly name: string;
  readonly tag?: string;
  readonly store: Pick<Store, "open" | "stage" | "numbered" | "trees">;
  /** The name it gets in the store. */
  readonly target: string;
  readonly conflict: Conflict;
  readonly origin: string;
  readonly dry: boolean;
  /** Whether files are compared by their digests, not by size and time. */
  readonly checksum: boolean;
}

/** The session that a folder travels in, and its transfer. */
interface Within {
  readonly channel: Channel;
  readonly id: number;
  /** What large files of it travel through. */
  readonly session: Pick<ClientSession, "upload" | "download">;
}

/** The transfer of a folder to the server. */
export function outgoingTree(
  { head, source, ...heard }: TreeUpload,
  { channel, id, turn, pace, compression, session }:
    & Within
    & Required<Pick<OutgoingTreeOptions, "turn" | "pace" | "compression">>,
): OutgoingTree {
  return new OutgoingTree({
    channel,
    id,
    turn,
    pace,
    compression,
    head,
    source,
    ...heard,
    sendFile: async (entry, index) => {
      const file = source.open(entry.path);
      try {
        if (file.size !== entry.size || file.mtime !== entry.mtime) throw changed(entry.path);
        return await session.upload({
          source: file,
          room: head.room,
          name: `${head.name}/${entry.path}`,
          conflict: head.conflict ?? "rename",
          of: { tree: id, index },
        });
      } finally {
        file.close();
      }
    },
  });
}

/** The transfer of a folder from the server. */
export function incomingTree(
  { room, name, store, target, conflict, origin, dry, tag: _, checksum: __, ...heard }:
    TreeDownload,
  { channel, id, run, session }: Within & { readonly run: string },
): IncomingTree {
  const { trees } = store;
  if (trees === undefined) throw new FtError("denied", "No folders are kept here.");
  return new IncomingTree({
    channel,
    id,
    dry,
    ...heard,
    open: ({ mtime }) =>
      trees.stageTree({
        room,
        name: target,
        owner: origin,
        run,
        conflict,
        blind: false,
        mtime,
        digestOf: digestSource,
        part: false,
        dry,
      }),
    fetchFile: (entry, index, tree) =>
      session.download({
        room,
        name: `${name}/${entry.path}`,
        store,
        target: tree.place(entry).name,
        conflict: tree.place(entry).conflict,
        origin,
        of: { tree: id, index },
      }),
  });
}
