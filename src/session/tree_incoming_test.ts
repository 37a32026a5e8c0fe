import { deepEqual } from "node:assert/strict";
import { bytesOf } from "../../tests/fixtures/staged.ts";
import { sha256 } from "../protocol/digest.ts";
import { FRAME_BYTES } from "../protocol/limits.ts";
import type { Message, TreeEntry } from "../protocol/message.ts";
import { PackBuilder } from "../protocol/pack.ts";
import type { StagedTree, WholeFile } from "../storage/tree.ts";
import type { Channel } from "./channel.ts";
import { IncomingTree } from "./tree_incoming.ts";

/** A place that wants everything; what it is given waits until it has been given as much as `most`. */
class Place implements Partial<StagedTree> {
  readonly name = "t";
  readonly isOld = false;
  readonly stored: string[] = [];
  readonly #most: number;
  readonly #all = Promise.withResolvers<void>();

  constructor(most: number) {
    this.#most = most;
  }

  offer(entries: readonly TreeEntry[]): Promise<Array<"want">> {
    return Promise.resolve(entries.map(() => "want"));
  }

  async begin(): Promise<void> {}

  async store(files: readonly WholeFile[]): Promise<Array<"new">> {
    this.stored.push(...files.map(({ entry }) => entry.path));
    if (this.stored.length === this.#most) this.#all.resolve();
    await this.#all.promise;
    return files.map(() => "new");
  }

  async finish(): Promise<[]> {
    this.stored.push("end");
    return await Promise.resolve([]);
  }

  close(): void {}

  get tree(): StagedTree {
    return this as unknown as StagedTree;
  }
}

async function packOf(index: number, bytes: Uint8Array<ArrayBuffer>): Promise<Message> {
  const pack = new PackBuilder(new Uint8Array(FRAME_BYTES));
  pack.next(bytes.length)?.set(bytes);
  pack.add({ index, digest: await sha256(bytes), bytes });
  return { kind: "pack", id: 1, bytes: pack.payload };
}

Deno.test("small files are stored while others before them wait for the disk, and the end waits for all", async () => {
  const bytes = bytesOf(10, 7);
  const told: Message[] = [];
  const channel = {
    pipeline: () => undefined,
    send: (message: Message) => Promise.resolve(void told.push(message)),
  };
  const place = new Place(3);
  const incoming = new IncomingTree({ channel: channel as unknown as Channel, id: 1 });
  incoming.begin(place.tree);
  const entries = ["a", "b", "c"].map((path): TreeEntry => ({ path, kind: "file", size: 10 }));
  await incoming.handle({ kind: "manifest", id: 1, entries, last: true });
  for (const index of [0, 1, 2]) await incoming.handle(await packOf(index, bytes));
  await incoming.handle({ kind: "seal", id: 1 });
  const { files } = await incoming.outcome;
  deepEqual(place.stored, ["a", "b", "c", "end"]);
  deepEqual(files.new, 3);
  deepEqual(told.map(({ kind }) => kind), ["want", "result", "result", "result", "done"]);
});
