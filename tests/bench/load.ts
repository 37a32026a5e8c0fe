import { writeFile } from "../files.ts";
import type { Random } from "../random.ts";
import { formatBytes } from "../../src/cli/text.ts";

const MiB = 1024 * 1024;

/** What is copied: one file, or a folder with files in folders. Nothing in it shrinks. */
export interface Load {
  /** Bytes of each file. */
  readonly size: number;
  /** 1 is a file by itself. */
  readonly files: number;
  /** Folders that the files are spread over. */
  readonly folders: number;
}

/** "1.0 GiB", or "10000 x 4.0 KiB". */
export function describe({ size, files }: Load): string {
  return files === 1 ? formatBytes(size) : `${files} x ${formatBytes(size)}`;
}

/** The same, smaller: fewer files where there are many, else less of the one. */
export function scaled(load: Load, scale: number): Load {
  if (load.files > 1) return { ...load, files: Math.ceil(load.files / scale) };
  return { ...load, size: load.size <= MiB ? load.size : Math.ceil(load.size / scale) };
}

/** Writes it at a path. */
export function write(load: Load, path: string, random: Random): void {
  const { size, files, folders } = load;
  if (files === 1) return writeOne(path, size, random);
  for (let at = 0; at < files; at++) {
    writeOne(`${path}/folder ${at % folders}/file ${at}`, size, random);
  }
}

function writeOne(path: string, size: number, random: Random): void {
  writeFile(path, "");
  using out = Deno.openSync(path, { write: true });
  const block = random.bytes(Math.min(size, MiB));
  for (let at = 0; at < size; at += block.length) {
    // The same block throughout would be the same chunk throughout.
    if (at > 0) new DataView(block.buffer).setUint32(0, at / MiB);
    out.writeSync(block.subarray(0, size - at));
  }
}

/** Throws unless two files, or two folders with all below, are the same. */
export function compare(a: string, b: string): void {
  const args = ["-rq", a, b];
  const { success } = new Deno.Command("diff", { args, stdout: "null", stderr: "null" })
    .outputSync();
  if (!success) throw new Error(`'${b}' is not '${a}'`);
}

/** Removes a file or a folder that may be there. */
export function remove(path: string): void {
  try {
    Deno.removeSync(path, { recursive: true });
  } catch (thrown) {
    if (!(thrown instanceof Deno.errors.NotFound)) throw thrown;
  }
}
