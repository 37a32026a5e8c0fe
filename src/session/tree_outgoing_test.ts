import { deepEqual, rejects } from "node:assert/strict";
import { FtError } from "../error.ts";
import type { Message } from "../protocol/message.ts";
import type { TreeEntry, TreeSource } from "../storage/tree.ts";
import type { Channel } from "./channel.ts";
import { Compression } from "./compression.ts";
import { OutgoingTree } from "./tree_outgoing.ts";
import type { OutgoingTreeOptions } from "./outgoing_tree_options.ts";
import { Turn } from "./turn.ts";

/** A folder that is sent, and what is heard of its entries. */
function sending(
  send: (message: Message) => Promise<void>,
  entries: readonly unknown[],
  more: Partial<OutgoingTreeOptions> = {},
): { outgoing: OutgoingTree; heard: string[] } {
  const heard: string[] = [];
  const outgoing = new OutgoingTree({
    channel: { send } as unknown as Channel,
    id: 1,
    head: { name: "t" },
    source: { mtime: undefined, entries: () => entries } as unknown as TreeSource,
    turn: new Turn(),
    compression: new Compression(),
    onOutcome: ({ path }, outcome) =>
      void heard.push(`${path} ${outcome instanceof FtError ? outcome.code : outcome}`),
    ...more,
  });
  return { outgoing, heard };
}

Deno.test("what became of an entry is heard once, however often it is said", async () => {
  const isOffered = Promise.withResolvers<void>();
  const send = ({ kind }: Message) =>
    Promise.resolve(kind === "manifest" ? isOffered.resolve() : undefined);
  const entries = ["a", "b"].map((path): TreeEntry => ({ path, kind: "file", size: 1 }));
  const { outgoing, heard } = sending(send, entries);
  const sent = outgoing.run();
  await isOffered.promise;
  const failed = [{ index: 1, code: "io", message: "" }];
  for (let time = 0; time < 3; time++) {
    outgoing.handle({ kind: "result", id: 1, new: [0, 1], failed });
    outgoing.handle({ kind: "result", id: 1, same: [0, 2] });
  }
  outgoing.end(new FtError("lost"));
  await rejects(sent, { code: "lost" });
  deepEqual(heard, ["a new", "b io"]);
});

Deno.test("what cannot be sent is offered as absent, and heard of once", async () => {
  const offered: TreeEntry[] = [];
  const isOffered = Promise.withResolvers<void>();
  const send = (message: Message) => {
    if (message.kind === "manifest") {
      offered.push(...message.entries);
      isOffered.resolve();
    }
    return Promise.resolve();
  };
  const entries = ["a", "b"].map((path): TreeEntry => ({ path, kind: "file", size: 1 }));
  const { outgoing, heard } = sending(
    send,
    [...entries, { path: "c", error: new FtError("io") }],
    {
      digestOf: ({ path }) =>
        path === "a" ? Promise.resolve("") : Promise.reject(new FtError("io")),
    },
  );
  const sent = outgoing.run();
  await isOffered.promise;
  const failed = [0, 1, 2].map((index) => ({ index, code: "bad_name", message: "" }));
  outgoing.handle({ kind: "result", id: 1, failed });
  outgoing.end(new FtError("lost"));
  await rejects(sent, { code: "lost" });
  deepEqual(offered.map(({ path, kind }) => `${path} ${kind}`), ["a file", "b absent", "c absent"]);
  deepEqual(heard, ["b io", "c io", "a bad_name"]);
});

Deno.test("a folder that cannot be sent is over before its receiver hears of it", async () => {
  const told: [string, boolean][] = [];
  const send = ({ kind }: Message) => Promise.try(() => void told.push([kind, outgoing.settled]));
  const source: Pick<TreeSource, "mtime" | "entries"> = {
    mtime: undefined,
    entries: () => {
      throw new Error("gone");
    },
  };
  const outgoing = new OutgoingTree({
    channel: { send } as unknown as Channel,
    id: 1,
    head: { name: "t" },
    source: source as TreeSource,
    turn: new Turn(),
    compression: new Compression(),
  });
  await rejects(outgoing.run(), { code: "unexpected" });
  deepEqual(told, [["tree", false], ["error", true]]);
});
