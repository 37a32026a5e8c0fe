/**
 * Whether a stream has come to its end, or whoever wrote it was cut off. A pipe does not tell one
 * from the other: it ends when nobody writes to it any more, also when its writer was killed.
 *
 * @module
 */
import { FtError } from "../error.ts";
import { type EndMark, FormatWalk } from "./format_walk.ts";
import { PackedMark } from "./packed_mark.ts";
import { xzMark, zipMark } from "./tail_mark.ts";
import { tarFormat } from "./tar_format.ts";
import { zstdFormat } from "./zstd_format.ts";

/** Bytes from which a format is told. */
const HEAD_BYTES = 512;
/** What is inside of what is inside is looked at, and no further. */
const DEPTH = 2;

/** A format that ends with a mark. */
interface Known {
  readonly name: string;
  /** Its first bytes, and where they are. */
  readonly magic: { readonly at: number; readonly bytes: readonly number[] };
  readonly mark: (depth: number) => EndMark;
}

const KNOWN: readonly Known[] = [
  {
    name: "tar",
    magic: { at: 257, bytes: [0x75, 0x73, 0x74, 0x61, 0x72] },
    mark: () => new FormatWalk(tarFormat()),
  },
  {
    name: "gzip",
    magic: { at: 0, bytes: [0x1f, 0x8b, 0x08] },
    mark: (depth) => new PackedMark("gzip", new FoundMark(depth)),
  },
  {
    name: "zstd",
    magic: { at: 0, bytes: [0x28, 0xb5, 0x2f, 0xfd] },
    mark: (depth) => new PackedMark("zstd", new FoundMark(depth), new FormatWalk(zstdFormat())),
  },
  {
    name: "xz",
    magic: { at: 0, bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00] },
    mark: xzMark,
  },
  { name: "zip", magic: { at: 0, bytes: [0x50, 0x4b, 0x03, 0x04] }, mark: zipMark },
];
/** Names of what is never empty, and so was cut off before it began. */
const NEVER_EMPTY = /\.(tar|tgz|gz|zst|tzst|xz|txz|zip)$/i;

/** The mark of whatever format the first bytes tell. */
class FoundMark implements EndMark {
  /** Name of the format, once it is told. */
  format: string | undefined;
  readonly #depth: number;
  #head: Uint8Array | undefined = new Uint8Array();
  #mark: EndMark | undefined;

  constructor(depth: number) {
    this.#depth = depth;
  }

  pass(bytes: Uint8Array): void | Promise<void> {
    if (this.#head === undefined) return this.#mark?.pass(bytes);
    const head = new Uint8Array(this.#head.length + bytes.length);
    head.set(this.#head);
    head.set(bytes, this.#head.length);
    this.#head = head;
    if (head.length >= HEAD_BYTES) return this.#find(head);
  }

  async isWhole(): Promise<boolean | undefined> {
    if (this.#head !== undefined) await this.#find(this.#head);
    return await this.#mark?.isWhole();
  }

  #find(head: Uint8Array): void | Promise<void> {
    this.#head = undefined;
    const known = KNOWN.find(({ magic: { at, bytes } }) =>
      bytes.every((byte, index) => head[at + index] === byte)
    );
    if (known === undefined || this.#depth === DEPTH) return;
    this.format = known.name;
    this.#mark = known.mark(this.#depth + 1);
    return this.#mark.pass(head);
  }
}

/** Judges whether a stream may end where it does. */
export interface StreamEnd {
  /** Hears all of its bytes, in order. */
  pass(bytes: Uint8Array): void | Promise<void>;
  /** Called at its end; throws FtError `changed` when that is too early or too late. */
  check(): void | Promise<void>;
}

/**
 * The end of a stream that will be called `name`: after `size` bytes, where they are known; else
 * with the mark of its format, where it has one; else wherever it is.
 */
export function streamEnd(name: string, size: number | undefined): StreamEnd {
  return size === undefined ? new MarkedEnd(name) : new SizedEnd(name, size);
}

class SizedEnd implements StreamEnd {
  #passed = 0;

  readonly #name: string;
  readonly #size: number;

  constructor(name: string, size: number) {
    this.#name = name;
    this.#size = size;
  }

  pass(bytes: Uint8Array): void {
    this.#passed += bytes.length;
    if (this.#passed > this.#size) this.#fail(`more than ${this.#size}`);
  }

  check(): void {
    if (this.#passed < this.#size) this.#fail(`only ${this.#passed} of ${this.#size}`);
  }

  #fail(count: string): never {
    throw new FtError("changed", `'${this.#name}' has ${count} bytes, so it was not published.`, {
      hint: "See whether what writes it failed, and run all of it again.",
    });
  }
}

class MarkedEnd implements StreamEnd {
  readonly #name: string;
  readonly #mark = new FoundMark(0);
  #isEmpty = true;

  constructor(name: string) {
    this.#name = name;
  }

  pass(bytes: Uint8Array): void | Promise<void> {
    this.#isEmpty = false;
    return this.#mark.pass(bytes);
  }

  async check(): Promise<void> {
    const isCut = this.#isEmpty
      ? NEVER_EMPTY.test(this.#name)
      : await this.#mark.isWhole() === false;
    if (!isCut) return;
    const what = this.#mark.format === undefined ? "it" : `its ${this.#mark.format} data`;
    throw new FtError(
      "changed",
      `'${this.#name}' ended before ${what} was complete, so it was not published.`,
      { hint: "Whatever writes it seems to have failed or been killed: run all of it again." },
    );
  }
}
