import { FtError, toFailure } from "../error.ts";
import { nameFault } from "../name.ts";
import { loadSha256 } from "../protocol/digest.ts";
import { FRAME_BYTES, MANIFEST_ENTRIES } from "../protocol/limits.ts";
import type { Message, MessageOf } from "../protocol/message.ts";
import { PackBuilder } from "../protocol/pack.ts";
import { decodeRuns } from "../protocol/runs.ts";
import type { Receipt, Source } from "../storage/store.ts";
import type { TreeEntry } from "../storage/tree.ts";
import { peerFailure } from "./channel.ts";
import type { Body } from "./compression.ts";
import { inLanes, LANES } from "./lanes.ts";
import { Manifest } from "./manifest.ts";
import type { OutgoingTreeOptions } from "./outgoing_tree_options.ts";
import { isPacked } from "./small_file.ts";
import { sendFailure, toldFailure, type Transfer } from "./transfer.ts";
import { type TreeReport, TreeTally } from "./tree_report.ts";
import { endClaim } from "./withheld.ts";

/** Characters of paths after which a MANIFEST is sent whatever the number of its entries. */
const BATCH_CHARACTERS = 128 * 1024;

/** One folder on its way out. */
export class OutgoingTree implements Transfer {
  readonly #options: OutgoingTreeOptions;
  readonly #entries: TreeEntry[] = [];
  readonly #wanted: number[] = [];
  /** The same once it is complete, to look up. */
  #wants: ReadonlySet<number> = new Set();
  /** Ends when the download is counted, where that has to be: before any of its files is sent. */
  #counted: Promise<void> = Promise.resolve();
  readonly #tally = new TreeTally();
  /** Entries whose outcome is known: a receiver that says it again says nothing. */
  readonly #told = new Set<number>();
  readonly #allWanted = Promise.withResolvers<void>();
  readonly #done = Promise.withResolvers<string>();
  #isOffered = false;
  #isSealed = false;
  #settled = false;
  #sent = 0;

  constructor(options: OutgoingTreeOptions) {
    this.#options = options;
    this.#allWanted.promise.catch(() => {});
    this.#done.promise.catch(() => {});
  }

  /** Whether it is decided what becomes of it. */
  get settled(): boolean {
    return this.#settled;
  }

  /** Bytes of files that were sent in packs. */
  get sent(): number {
    return this.#sent;
  }

  /** Opens a large file that the other side asks for by its index, and by the name it has there. */
  async openLarge(index: number, name: string): Promise<Source> {
    const entry = this.#entries[index];
    if (entry?.kind !== "file" || isPacked(entry) || !this.#wants.has(index)) {
      throw new FtError("protocol", "No large file of the folder is wanted by that index.");
    }
    if (name !== `${this.#options.head.name}/${entry.path}`) {
      throw new FtError("protocol", "The large file of the folder has another name.");
    }
    await this.#counted;
    return this.#options.source.open(entry.path);
  }

  /** Bytes of a large file have arrived. */
  renew(): void {
    this.#options.source.claim?.renew();
  }

  handle(message: Message): void {
    if (this.#settled) return;
    switch (message.kind) {
      case "want":
        if (!this.#isOffered) break;
        return this.#want(message);
      case "result":
        return this.#result(message);
      case "done":
        if (!this.#isSealed) break;
        this.#options.source.claim?.done();
        return this.#settle(() => this.#done.resolve(message.name));
      case "error":
        return this.end(peerFailure(message));
    }
    throw new FtError("protocol", `A receiver does not say '${message.kind}' now.`);
  }

  #want({ runs, last }: MessageOf<"want">): void {
    const indexes = decodeRuns(runs, this.#entries.length);
    const before = this.#wanted.at(-1) ?? -1;
    if (indexes === undefined || (indexes[0] ?? before + 1) <= before) {
      throw new FtError("protocol", "The receiver wants what was not offered.");
    }
    for (const index of indexes) this.#wanted.push(index);
    if (!last) return;
    // Not before: what is wanted can be asked for, and by then the download has to be counted.
    this.#wants = new Set(this.#wanted);
    // Who has all of it already takes nothing.
    if (this.#wants.size > 0) this.#counted = this.#claim();
    this.#counted.catch(() => {});
    this.#allWanted.resolve();
  }

  #result({ failed = [], ...outcomes }: MessageOf<"result">): void {
    for (const outcome of ["new", "replaced", "same", "skipped"] as const) {
      const indexes = decodeRuns(outcomes[outcome] ?? [], this.#entries.length);
      if (indexes === undefined) throw new FtError("protocol", "A result is of no entry.");
      for (const index of indexes) this.#count(index, outcome);
    }
    for (const { index, ...fault } of failed) {
      if (index >= this.#entries.length) throw new FtError("protocol", "A result is of no entry.");
      this.#fail(index, peerFailure(fault));
    }
    this.renew();
    this.#options.onVerified?.(this.#tally.bytes);
  }

  async #claim(): Promise<void> {
    await this.#options.source.claim?.commit();
  }

  #count(index: number, outcome: Receipt["outcome"]): void {
    const entry = this.#entries[index] as TreeEntry;
    if (entry.kind !== "file" || !this.#isNews(index)) return;
    this.#tally.count(outcome, entry.size ?? 0);
    this.#options.onOutcome?.(entry, outcome);
  }

  #fail(index: number, error: FtError): void {
    if (!this.#isNews(index)) return;
    const entry = this.#entries[index] as TreeEntry;
    this.#tally.fail(entry.path, error);
    this.#options.onOutcome?.(entry, error);
  }

  #isNews(index: number): boolean {
    if (this.#told.has(index)) return false;
    this.#told.add(index);
    return true;
  }

  end(failure: FtError): void {
    if (!this.#settled) endClaim(this.#options.source.claim, failure);
    this.#settle(() => this.#done.reject(failure));
  }

  #settle(settle: () => void): void {
    if (this.#settled) return;
    this.#settled = true;
    settle();
    this.#allWanted.resolve();
  }

  /** Sends the folder and resolves with what became of it. */
  async run(): Promise<TreeReport> {
    const { channel, id, head } = this.#options;
    try {
      await channel.send({ kind: "tree", id, ...head });
      await this.#offer();
      // Loaded while the other side looks at what it wants.
      await Promise.all([this.#allWanted.promise, loadSha256()]);
      if (!this.#settled) await this.#sendWanted();
      if (!this.#settled) {
        this.#isSealed = true;
        await channel.send({ kind: "seal", id });
      }
      return this.#tally.report(await this.#done.promise);
    } catch (thrown) {
      const failure = toFailure(thrown);
      const isNews = !this.#settled;
      // First: who hears of it may ask for the next folder.
      this.end(failure);
      if (isNews) await sendFailure(channel, id, failure);
      throw failure;
    }
  }

  /** Says all that is in it while it is looked through. */
  async #offer(): Promise<void> {
    const { channel, id, source, digestOf, manifest: open } = this.#options;
    let batch: TreeEntry[] = [];
    let characters = 0;
    const manifest = new Manifest(open);
    const send = async (last: boolean) => {
      for (const entry of batch) this.#entries.push(entry);
      this.#isOffered = last;
      await channel.send({ kind: "manifest", id, entries: batch, last });
      batch = [];
      characters = 0;
    };
    for await (const found of source.entries()) {
      if (this.#settled) return;
      if ("error" in found) {
        this.#tally.fail(found.path, found.error);
        this.#options.onOutcome?.({ path: found.path, kind: "file" }, found.error);
        if (nameFault(`${this.#options.head.name}/${found.path}`) !== undefined) continue;
      }
      const entry = "error" in found
        ? { path: found.path, kind: "absent" as const }
        : await this.#described(found, digestOf);
      // Why it cannot be sent has been said, whatever the receiver says of it.
      if (entry.kind === "absent") this.#told.add(this.#entries.length + batch.length);
      batch.push(entry);
      const length = entry.path.length + (entry.target?.length ?? 0);
      characters += length;
      manifest.count(entry);
      if (batch.length === MANIFEST_ENTRIES || characters > BATCH_CHARACTERS) await send(false);
    }
    await send(true);
  }

  async #described(
    entry: TreeEntry,
    digestOf: OutgoingTreeOptions["digestOf"],
  ): Promise<TreeEntry> {
    if (digestOf === undefined || entry.kind !== "file") return entry;
    try {
      return { ...entry, digest: await digestOf(entry) };
    } catch (thrown) {
      const error = toFailure(thrown);
      this.#tally.fail(entry.path, error);
      this.#options.onOutcome?.(entry, error);
      return { path: entry.path, kind: "absent" };
    }
  }

  /** Small files in packs, beside the large ones. */
  async #sendWanted(): Promise<void> {
    const small: number[] = [];
    const large: number[] = [];
    let bytes = 0;
    for (const index of this.#wanted) {
      const entry = this.#entries[index] as TreeEntry;
      if (entry.kind !== "file") throw new FtError("protocol", "Only files are sent.");
      bytes += entry.size ?? 0;
      (isPacked(entry) ? small : large).push(index);
    }
    this.#options.onWanted?.(this.#wanted.map((index) => this.#entries[index] as TreeEntry), bytes);
    if (this.#options.head.dry) return;
    const width = this.#options.sendFile === undefined ? 0 : LANES;
    await this.#counted;
    await Promise.all([
      this.#options.compression.body(false, (body) => this.#sendSmall(small, body)),
      inLanes(large, width, (index) => this.#sendLarge(index)),
    ]);
  }

  async #sendLarge(index: number): Promise<void> {
    if (this.#settled) return;
    const entry = this.#entries[index] as TreeEntry;
    try {
      const { outcome } = await this.#options.sendFile?.(entry, index) ?? { outcome: "skipped" };
      this.#count(index, outcome);
    } catch (thrown) {
      await this.#cannot(index, toFailure(thrown));
    }
  }

  /** A file cannot be sent, which fails alone; the end of the connection ends it all. */
  async #cannot(index: number, failure: FtError): Promise<void> {
    if (failure.exit === 3 || failure.code === "interrupted") throw failure;
    this.#fail(index, failure);
    if (failure.side === "there") return;
    const { channel, id } = this.#options;
    await channel.send({ kind: "result", id, failed: [{ index, ...toldFailure(failure) }] });
  }

  async #sendSmall(indexes: readonly number[], body: Body): Promise<void> {
    if (indexes.length === 0) return;
    const { channel } = this.#options;
    const sha256 = await loadSha256();
    let pack = new PackBuilder(channel.allocate(FRAME_BYTES));
    for (const index of indexes) {
      if (this.#settled) return;
      const entry = this.#entries[index] as TreeEntry;
      let bytes = pack.next(entry.size ?? 0);
      if (bytes === undefined) {
        await this.#sendPack(pack.payload, body);
        pack = new PackBuilder(channel.allocate(FRAME_BYTES));
        bytes = pack.next(entry.size ?? 0) ?? new Uint8Array();
      }
      try {
        this.#options.source.read(entry.path, bytes);
        pack.add({ index, digest: Uint8Array.fromHex(sha256(bytes)), bytes });
        this.#sent += bytes.length;
      } catch (thrown) {
        await this.#cannot(index, toFailure(thrown));
      }
    }
    await this.#sendPack(pack.payload, body);
  }

  async #sendPack(bytes: Uint8Array<ArrayBuffer>, body: Body): Promise<void> {
    if (bytes.length === 0) return;
    const { channel, id, turn, pace } = this.#options;
    const message = await body.packed({ kind: "pack", id, bytes });
    if (message.bytes !== bytes) channel.giveBack(bytes);
    await turn.take(() =>
      body.sent(message, async () => {
        await pace?.(message.bytes.length);
        if (!this.#settled) await channel.send(message);
      })
    );
  }
}
