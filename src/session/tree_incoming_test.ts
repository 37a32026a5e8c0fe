import { deepEqual, rejects } from "node:assert/strict";
import { bytesOf } from "../../tests/fixtures/staged.ts";
import { FtError } from "../error.ts";
import { sha256 } from "../protocol/digest.ts";
import { FRAME_BYTES } from "../protocol/limits.ts";
import type { Message, TreeEntry } from "../protocol/message.ts";
import { PackBuilder } from "../protocol/pack.ts";
import type { StagedTree, WholeFile } from "../storage/tree.ts";
import type { Channel } from "./channel.ts";
import { IncomingTree } from "./tree_incoming.ts";

/** A place that wants everything. Each file waits there for what `wait` says. */
class Place implements Partial<StagedTree> {
  readonly name = "t";
  readonly isOld = false;
  readonly stored: string[] = [];
  readonly #wait: (path: string) => Promise<void>;

  constructor(wait: (path: string) => Promise<void>) {
    this.#wait = wait;
  }

  offer(entries: readonly TreeEntry[]): Promise<Array<"want">> {
    return Promise.resolve(entries.map(() => "want"));
  }

  async begin(): Promise<void> {}

  async store(files: readonly WholeFile[]): Promise<Array<"new">> {
    const paths = files.map(({ entry }) => entry.path);
    this.stored.push(...paths);
    await Promise.all(paths.map(this.#wait));
    return files.map(() => "new");
  }

  async finish(): Promise<[]> {
    this.stored.push("end");
    return await Promise.resolve([]);
  }

  close(): void {
    this.stored.push("closed");
  }

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

/** A tree of three files that wants all of them, and what it says. */
async function receiving(place: Place, send: (message: Message) => void): Promise<IncomingTree> {
  const channel = {
    pipeline: () => undefined,
    send: (message: Message) => Promise.try(send, message),
  };
  const incoming = new IncomingTree({ channel: channel as unknown as Channel, id: 1 });
  incoming.begin(place.tree);
  const entries = ["a", "b", "c"].map((path): TreeEntry => ({ path, kind: "file", size: 10 }));
  await incoming.handle({ kind: "manifest", id: 1, entries, last: true });
  for (const index of [0, 1, 2]) await incoming.handle(await packOf(index, bytesOf(10, 7)));
  return incoming;
}

Deno.test("small files are stored while others before them wait for the disk, and the end waits for all", async () => {
  const told: Message[] = [];
  const all = Promise.withResolvers<void>();
  const place = new Place((path) => {
    if (path === "c") all.resolve();
    return all.promise;
  });
  const incoming = await receiving(place, (message) => void told.push(message));
  await incoming.handle({ kind: "seal", id: 1 });
  const { files } = await incoming.outcome;
  deepEqual(place.stored, ["a", "b", "c", "end", "closed"]);
  deepEqual(files.new, 3);
  deepEqual(told.map(({ kind }) => kind), ["want", "result", "result", "result", "done"]);
});

Deno.test("a folder is given up when nothing of it is stored any more", async () => {
  const all = Promise.withResolvers<void>();
  const last = Promise.withResolvers<void>();
  const place = new Place((path) => {
    if (path !== "c") return all.promise;
    all.resolve();
    return last.promise;
  });
  const lost = new FtError("lost");
  const incoming = await receiving(place, ({ kind }) => {
    if (kind === "result") throw lost;
  });
  const outcome = rejects(incoming.outcome, lost).then(() => place.stored.push("told"));
  await new Promise<void>((turn) => setImmediate(turn));
  deepEqual(place.stored, ["a", "b", "c"]);
  last.resolve();
  await outcome;
  deepEqual(place.stored, ["a", "b", "c", "closed", "told"]);
});

Deno.test("a folder is over before its sender hears of its end", async () => {
  for (const isBroken of [false, true]) {
    const told: [string, boolean][] = [];
    const place = new Place(() => Promise.resolve());
    if (isBroken) place.finish = () => Promise.reject(new FtError("io"));
    const incoming: IncomingTree = await receiving(place, ({ kind }) => {
      if (kind === "done" || kind === "error") told.push([kind, incoming.settled]);
    });
    deepEqual(incoming.settled, false);
    await incoming.handle({ kind: "seal", id: 1 });
    await incoming.outcome.catch(() => {});
    deepEqual(told, [[isBroken ? "error" : "done", true]]);
  }
});

Deno.test("a folder that ends while its manifest is looked at does not begin any more", async () => {
  const place = new Place(() => Promise.resolve());
  place.begin = () => Promise.resolve(void place.stored.push("begun"));
  const offered = Promise.withResolvers<Array<"want">>();
  place.offer = () => offered.promise;
  const channel = { send: () => Promise.resolve() };
  const incoming = new IncomingTree({ channel: channel as unknown as Channel, id: 1 });
  incoming.begin(place.tree);
  const entries: TreeEntry[] = [{ path: "a", kind: "file", size: 10 }];
  const looked = incoming.handle({ kind: "manifest", id: 1, entries, last: true });
  await incoming.end(new FtError("lost"));
  offered.resolve(["want"]);
  await looked;
  deepEqual(place.stored, ["closed"]);
});
