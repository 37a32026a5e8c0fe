import { FtError, toFailure } from "../error.ts";
import { loadSha256 } from "../protocol/digest.ts";
import { MANIFEST_ENTRIES } from "../protocol/limits.ts";
import type { Message, MessageOf, TreeEntry } from "../protocol/message.ts";
import { decodePack, type PackedFile } from "../protocol/pack.ts";
import { encodeRuns } from "../protocol/runs.ts";
import type { Receipt } from "../storage/store.ts";
import type { StagedTree, Verdict, WholeFile } from "../storage/tree.ts";
import { peerFailure } from "./channel.ts";
import type { IncomingTreeOptions } from "./incoming_tree_options.ts";
import { sendFailure, type Transfer } from "./transfer.ts";
import { inLanes, LANES } from "./lanes.ts";
import { Manifest } from "./manifest.ts";
import { isPacked, verified } from "./small_file.ts";
import { inToldName } from "./told_name.ts";
import { type TreeReport, TreeTally } from "./tree_report.ts";
import { TreeResults } from "./tree_results.ts";

/** One folder on its way in. */
export class IncomingTree implements Transfer {
  readonly #options: IncomingTreeOptions;
  readonly #outcome = Promise.withResolvers<TreeReport>();
  readonly #tally = new TreeTally();
  readonly #entries: Manifest;
  /** Paths of what the sender cannot send. */
  readonly #absent: string[] = [];
  /** Folders and links by path, with their indexes: they are made at the end. */
  readonly #others = new Map<string, number>();
  /** Entries that are to come and have not, by index. */
  readonly #open = new Map<number, TreeEntry>();
  /** Ends when nothing that has come is worked on. */
  #working: Promise<unknown> = Promise.resolve();
  /** Ends when all that was asked for has come. What comes in packs must not wait for it. */
  #fetching: Promise<unknown> = Promise.resolve();
  #tree: StagedTree | undefined;
  #sha256: ReturnType<typeof loadSha256> | undefined;
  #isComplete = false;
  #isSealed = false;
  #settled = false;
  #received = 0;

  constructor(options: IncomingTreeOptions) {
    this.#options = options;
    this.#entries = new Manifest(options.manifest);
    this.#outcome.promise.catch(() => {});
  }

  /** Resolves once the sender has sent all that it can; rejects when the tree as a whole failed. */
  get outcome(): Promise<TreeReport> {
    return this.#outcome.promise;
  }

  /** Whether it is decided what becomes of it. */
  get settled(): boolean {
    return this.#settled;
  }

  /** Bytes of files that came in packs. */
  get received(): number {
    return this.#received;
  }

  /** Takes the place where the entries go to. */
  begin(tree: StagedTree): void {
    this.#tree = tree;
  }

  /** The large file that the sender begins to send: none before what is wanted has been said. */
  expected(index: number): { entry: TreeEntry; tree: StagedTree } {
    const entry = this.#isComplete ? this.#open.get(index) : undefined;
    if (this.#tree === undefined || entry === undefined || isPacked(entry)) {
      throw new FtError("protocol", "No large file of the folder is wanted by that index.");
    }
    return { entry, tree: this.#tree };
  }

  /** Why it did not come. */
  failed(index: number, failure: FtError): void {
    const entry = this.#open.get(index);
    if (entry === undefined) return;
    this.#open.delete(index);
    this.#tally.fail(entry.path, failure);
    this.#options.onOutcome?.(entry, failure);
  }

  /** What became of it. */
  settle(index: number, { outcome }: Pick<Receipt, "outcome">): void {
    const entry = this.#open.get(index);
    if (entry === undefined) return;
    this.#open.delete(index);
    this.#tally.count(outcome, entry.size ?? 0);
    this.#options.onOutcome?.(entry, outcome);
    this.#options.onVerified?.(this.#tally.bytes);
  }

  handle(message: Message): void | Promise<void> {
    switch (message.kind) {
      case "tree": {
        const { open } = this.#options;
        if (this.#tree !== undefined || open === undefined) break;
        return this.#settled ? undefined : this.#guard(() => this.begin(open(message)));
      }
      case "manifest":
        if (this.#isComplete) break;
        return this.#settled ? undefined : this.#guard(() => this.#manifest(message));
      case "pack":
        if (!this.#isComplete || this.#isSealed) break;
        return this.#settled ? undefined : this.#pack(message);
      case "result":
        if (!this.#isComplete || this.#isSealed) break;
        return this.#result(message);
      case "seal":
        if (!this.#isComplete || this.#isSealed) break;
        this.#isSealed = true;
        this.#fetching.then(() => this.#after(() => this.#finish()), () => {});
        return;
      case "error":
        return this.end(peerFailure(message));
    }
    throw new FtError("protocol", `A sender does not say '${message.kind}' now.`);
  }

  async #guard(work: () => void | Promise<void>): Promise<void> {
    try {
      await work();
    } catch (thrown) {
      await this.fail(toFailure(thrown));
    }
  }

  /** Does something when all that was begun has ended. */
  #after(work: () => Promise<void>): Promise<void> {
    return this.#begin(this.#working.then(() => this.#settled ? undefined : work()));
  }

  /** Does something beside what was begun before: while one waits for the disk, another is written. */
  #beside(work: () => Promise<void>): Promise<void> {
    return this.#begin(this.#settled ? Promise.resolve() : work());
  }

  /** Counts work as begun. When it fails, all that was begun ends before the tree is given up. */
  #begin(work: Promise<void>): Promise<void> {
    this.#working = Promise.allSettled([this.#working, work]);
    return this.#guard(() => work);
  }

  async #manifest({ entries, last }: MessageOf<"manifest">): Promise<void> {
    const tree = this.#tree;
    if (tree === undefined) throw new FtError("protocol", "A manifest came too early.");
    // Loaded while the sender looks through the folder.
    if (entries.length > 0) this.#sha256 ??= loadSha256();
    const first = this.#entries.entries;
    for (const entry of entries) this.#entries.count(entry);
    const faults = entries.map((entry) => this.#entries.fault(entry));
    const verdicts = await tree.offer(entries.filter((_, at) => faults[at] === undefined));
    const results = new TreeResults();
    let sound = 0;
    entries.forEach((entry, at) => {
      const verdict: Verdict = faults[at] ?? verdicts[sound++] ?? "skipped";
      const index = first + at;
      if (entry.kind === "absent" && verdict === "same") this.#absent.push(entry.path);
      else if (verdict === "want") this.#open.set(index, entry);
      else if (verdict instanceof FtError) {
        if (faults[at] === undefined) this.#absent.push(entry.path);
        this.#fail(entry, verdict, results, index);
      } else if (entry.kind !== "file") this.#others.set(entry.path, index);
      else {
        this.#tally.count(verdict, 0);
        this.#options.onOutcome?.(entry, verdict);
        results.add(index, verdict);
      }
    });
    await this.#tell(results);
    // What it was offered for may be over by now: nothing happens to it any more.
    if (!last || this.#settled) return;
    this.#isComplete = true;
    await this.#want(tree);
  }

  async #want(tree: StagedTree): Promise<void> {
    this.#entries.end();
    let bytes = 0;
    for (const { size = 0 } of this.#open.values()) bytes += size;
    await tree.begin(this.#open.values(), this.#absent);
    this.#options.onWanted?.([...this.#open.values()], bytes);
    const { channel, id, fetchFile, dry } = this.#options;
    // Who sends a folder dry knows that nothing is to follow; who is asked for one does not.
    const isAsked = this.#options.open !== undefined;
    const lists = dry && isAsked ? [] : encodeRuns(this.#open.keys(), MANIFEST_ENTRIES);
    for (const runs of lists.slice(0, -1)) {
      await channel.send({ kind: "want", id, runs, last: false });
    }
    await channel.send({ kind: "want", id, runs: lists.at(-1) ?? [], last: true });
    if (dry) {
      this.#open.clear();
      return;
    }
    const large = [...this.#open].filter(([, entry]) => !isPacked(entry));
    if (fetchFile === undefined || large.length === 0) return;
    this.#fetching = inLanes(large, LANES, ([index, entry]) => this.#fetch(index, entry, tree));
    this.#fetching.catch((thrown) => this.fail(toFailure(thrown)));
  }

  async #fetch(index: number, entry: TreeEntry, tree: StagedTree): Promise<void> {
    if (this.#settled) return;
    try {
      const receipt = await this.#options.fetchFile?.(entry, index, tree);
      if (receipt !== undefined) this.settle(index, receipt);
    } catch (thrown) {
      const failure = toFailure(thrown);
      if (failure.exit === 3 || failure.code === "interrupted") throw failure;
      const results = new TreeResults();
      this.failed(index, failure);
      results.fail(index, failure);
      await this.#tell(results);
    }
  }

  /** Takes small files; a few packs are worked on while the next ones come. */
  #pack({ bytes }: MessageOf<"pack">): void | Promise<void> {
    const files = decodePack(bytes);
    if (files === undefined) throw new FtError("protocol", "A pack is malformed.");
    const wanted = files.map((file) => {
      const entry = this.#open.get(file.index);
      if (entry === undefined || entry.kind !== "file" || entry.size !== file.bytes.length) {
        throw new FtError("protocol", "A pack holds what is not wanted.");
      }
      this.#open.delete(file.index);
      return { ...file, entry };
    });
    this.#received += bytes.length;
    return this.#options.channel.pipeline(this.#beside(() => this.#store(wanted)), bytes);
  }

  async #store(files: ReadonlyArray<PackedFile & { entry: TreeEntry }>): Promise<void> {
    const results = new TreeResults();
    const sound: Array<WholeFile & { index: number }> = [];
    const sha256 = await (this.#sha256 ??= loadSha256());
    for (const { index, entry, bytes, digest: claimed } of files) {
      const digest = verified(bytes, claimed, sha256);
      if (digest !== undefined) sound.push({ index, entry, bytes, digest });
      else {
        const error = new FtError("digest", `Bytes of '${entry.path}' changed on the way.`);
        this.#fail(entry, error, results, index);
      }
    }
    const outcomes = await this.#tree?.store(sound) ?? [];
    for (const [at, { index, entry }] of sound.entries()) {
      const outcome = outcomes[at] ?? new FtError("unexpected");
      if (outcome instanceof FtError) this.#fail(entry, outcome, results, index);
      else {
        this.#tally.count(outcome, entry.size ?? 0);
        this.#options.onOutcome?.(entry, outcome);
        results.add(index, outcome);
      }
    }
    this.#options.onVerified?.(this.#tally.bytes);
    await this.#tell(results);
  }

  #fail(entry: TreeEntry, error: FtError, results: TreeResults, index: number): void {
    this.#tally.fail(entry.path, error);
    this.#options.onOutcome?.(entry, error);
    results.fail(index, error);
  }

  /** What the sender says it cannot send. */
  #result({ failed = [] }: MessageOf<"result">): void {
    for (const { index, ...fault } of failed) this.failed(index, peerFailure(fault));
  }

  async #tell(results: TreeResults): Promise<void> {
    const { channel, id, toldName } = this.#options;
    for (const said of results.messages(this.#tree?.name, toldName)) {
      await channel.send({ kind: "result", id, ...said });
    }
  }

  async #finish(): Promise<void> {
    const tree = this.#tree;
    if (tree === undefined || this.#settled) return;
    for (const { path } of this.#open.values()) {
      this.#tally.fail(path, new FtError("lost", `'${path}' was not sent.`));
    }
    const results = new TreeResults();
    for (const { path, error } of await tree.finish()) {
      this.#tally.fail(path, error);
      const index = this.#others.get(path);
      if (index !== undefined) results.fail(index, error);
    }
    await this.#tell(results);
    const report = this.#tally.report(tree.name);
    this.#settled = true;
    tree.close();
    const { channel, id, toldName: name = tree.name } = this.#options;
    const outcome = tree.isOld ? "replaced" : "new";
    await channel.send({ kind: "done", id, name, digest: "", outcome }).catch(() => {});
    this.#outcome.resolve(report);
  }

  /** Gives up the tree when nothing is stored any more, and tells the sender. What has its place stays. */
  async fail(failure: FtError, kept = this.#tree?.name): Promise<void> {
    if (this.#settled) return;
    this.#settled = true;
    await this.#working;
    this.#tree?.close();
    const { channel, id, toldName } = this.#options;
    await sendFailure(channel, id, inToldName(failure, kept, toldName));
    this.#outcome.reject(failure);
  }

  /** The sender is gone, or called it off. */
  async end(failure: FtError): Promise<void> {
    await this.#working;
    if (this.#settled) return;
    this.#settled = true;
    this.#tree?.close();
    this.#outcome.reject(failure);
  }
}
