import { read } from "./service.ts";

/** Bytes that are free where a folder lies. */
export function freeBytes(path: string): number {
  return Number(read("df", "-P", "-B1", path).split("\n")[1]?.split(/\s+/)[3]);
}

/** The kind of its file system, such as "tmpfs". */
export function fileSystem(path: string): string {
  return read("stat", "-f", "-c", "%T", path).trim();
}
